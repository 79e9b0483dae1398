//! By people, and by agents that nobody runs.

use super::{task, times, trial};
use crate::project::{PlanText, TestProject};

#[test]
fn a_task_is_blocked_with_a_reason_once() {
    let project = trial("");
    task(&project, &["block", "a", "--reason", "no key"], 0, &["a is now blocked"]);
    let plan = project.read("genesis.xml");
    task(&project, &["block", "a", "--reason", "no key"], 0, &["already blocked"]);
    assert_eq!(project.read("genesis.xml"), plan);
    project.assert_statuses(&[("a", "blocked")]);
    assert!(project.section_of("a").contains("<description>blocked: no key</description>"));
}

#[test]
fn a_question_blocks_its_task_and_stands_in_its_history() {
    let project = trial("");
    task(&project, &["start", "--task", "a"], 0, &[]);
    task(&project, &["ask", "--task", "a", "Which & why?"], 0, &["a is now blocked"]);
    assert!(project.section_of("a").contains("waits for an answer: Which &amp; why?"));
    assert_eq!(project.task("a")["question"], "Which & why?");
    project.run(&[]).assert(4, &["`a` is blocked"]);
}

#[test]
fn a_question_about_a_task_that_is_blocked_already_is_not_lost() {
    let project = trial("");
    task(&project, &["block", "a", "--reason", "no key"], 0, &[]);
    task(&project, &["ask", "--task", "a", "Whose key?"], 0, &[]);
    task(&project, &["ask", "--task", "a", "Whose key?"], 0, &[]);
    assert_eq!(times(&project, "a: waits for an answer: Whose key?"), 1);
    assert_eq!(project.events_in_plan("a", "blocked"), 1);
}

#[test]
fn a_note_goes_into_the_audit_log_once_and_changes_no_status() {
    let project = trial("");
    task(&project, &["note", "--task", "a", "mind the gap"], 0, &["noted"]);
    task(&project, &["note", "--task", "a", "mind the gap"], 0, &["already"]);
    assert_eq!(times(&project, "<type>note</type>"), 1);
    assert_eq!(times(&project, "<description>a: mind the gap</description>"), 1);
    project.assert_statuses(&[("a", "pending")]);
    task(&project, &["show", "a"], 0, &[]);
}

#[test]
fn learnings_and_decisions_go_into_the_knowledge_base_once() {
    let project = trial("");
    let learning = ["note", "--task", "a", "--learning", "Rows are wide", "4 kB each"];
    let decision = [
        "note",
        "--task",
        "a",
        "--decision",
        "Postgres",
        "--context",
        "a store",
        "--rationale",
        "it is there",
        "We use it",
    ];
    for arguments in [&learning[..], &decision] {
        task(&project, arguments, 0, &["noted"]);
        task(&project, arguments, 0, &["already"]);
    }
    assert_eq!((times(&project, "<learning>"), times(&project, "<decision>\n")), (1, 1));
    assert_eq!(times(&project, "<knowledgeBase>"), 1);
    assert_eq!(times(&project, "<decision>We use it</decision>"), 1);
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_way_out() {
    let plan = PlanText::of(&["done", "lost", "bad"])
        .already("done", "completed", "ada")
        .already("lost", "cancelled", "ada")
        .already("bad", "failed", "ada");
    let project = TestProject::new(&plan, "");
    let before = project.read("genesis.xml");
    for (arguments, says) in [
        (&["fail", "done", "--reason", "x"][..], "blueprint task note"),
        (&["block", "done", "--reason", "x"], "a completed task can't become blocked"),
        (&["start", "lost"], "it was cancelled"),
        (&["ask", "--task", "bad", "x"], "blueprint task start bad"),
        (&["start", "dune"], "did you mean `done`?"),
        (&["start"], "which task?"),
        (&["start", "done", "--task", "bad"], "which task, `done` or `bad`?"),
        (&["note", "--task", "bad"], "TEXT"),
        (&["note", "--task", "bad", "--decision", "D", "x"], "--context"),
        (&["note", "--task", "bad", "--context", "c", "x"], "--decision"),
        (&["block", "bad", "--reason", "  "], "something"),
    ] {
        task(&project, arguments, 2, &[says]);
    }
    assert_eq!(project.read("genesis.xml"), before);
}

#[test]
fn eight_processes_at_once_lose_nothing() {
    let ids: Vec<String> = (0..8).map(|number| format!("t{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let project = TestProject::new(&PlanText::of(&ids), "");
    std::thread::scope(|scope| {
        for id in &ids {
            let project = &project;
            scope.spawn(move || {
                task(project, &["start", id], 0, &[]);
                for number in 0..3 {
                    task(project, &["note", "--task", id, &format!("note {number}")], 0, &[]);
                }
                task(project, &["note", "--task", id, "--learning", id, "x"], 0, &[]);
                task(project, &["done", id, "--summary", "done"], 0, &[]);
            });
        }
    });
    let all: Vec<_> = ids.iter().map(|id| (*id, "completed")).collect();
    project.assert_statuses(&all);
    assert_eq!((times(&project, "<type>note</type>"), times(&project, "<learning>")), (24, 8));
    project.blueprint(&["validate", "--strict"]).assert(0, &[]);
}
