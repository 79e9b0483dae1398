//! `ask-command`: a program that answers tasks' questions in a person's place.

use std::fs;

use rustix::process::Signal;

use crate::project::{PlanText, TestProject};

const ASKS: &str =
    "== a #1\nprint CLARIFICATION: Postgres or SQLite?\n== *\nrecord seen-{task}\nwrite {task}.txt x";

fn asking() -> TestProject {
    TestProject::new(&PlanText::chain(&["a", "b"]), ASKS)
}

#[track_caller]
fn assert_answered(project: &TestProject, answer: &str) {
    let prompt = fs::read_to_string(project.control.join("seen-a/stdin")).unwrap();
    assert!(prompt.contains(&format!("> {answer}")), "{prompt}");
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    project.assert_no_process_left();
}

#[test]
fn the_command_finds_the_question_on_its_input_and_as_a_variable_and_its_output_is_the_answer() {
    let project = asking();
    let command =
        "read -r line; echo noise >&2; echo \"$TASK_ID/$BLUEPRINT_AGENT: $line = $BLUEPRINT_QUESTION\"";
    let ended = project.complete(&["--ask-command", command]);
    ended.assert(0, &["a asks; `", "the question of a is answered by ask-command"]);
    assert_answered(&project, "a/worker: Postgres or SQLite? = Postgres or SQLite?");
    let answered = &project.facts("answered", "a")[0];
    assert_eq!((&answered["by"], &answered["attempt"]), (&"ask-command".into(), &1.into()));
    assert!(project.section_of("a").contains("answered by ask-command: a/worker"));
}

#[test]
fn the_configuration_can_name_it_and_the_flag_wins() {
    let project = asking();
    project.configure("ask-command = { run = [\"echo\", \"SQLite\"], timeout = \"1m\" }");
    project.complete(&[]);
    assert_answered(&project, "SQLite");
    let project = asking();
    project.configure("ask-command = \"exit 1\"");
    project.complete(&["--ask-command", "echo Postgres"]);
    assert_answered(&project, "Postgres");
}

#[test]
fn without_an_answer_the_task_stays_blocked_and_that_is_said_once() {
    for (command, why) in [
        ("echo no idea >&2; exit 3", "ended with exit code 3: no idea"),
        ("echo", "the answer is empty"),
        ("kill -9 $$", "was killed by signal 9"),
    ] {
        let project = asking();
        let ended = project.run(&["--ask-command", command]);
        ended.assert(4, &["gets no answer from ask-command, and stays blocked", why]);
        assert_eq!(ended.stderr.matches("a asks;").count(), 1, "{ended}");
        assert_eq!(project.task("a")["question"], "Postgres or SQLite?");
    }
}

#[test]
fn a_question_of_an_earlier_run_is_asked_when_the_next_one_begins() {
    let project = asking();
    assert_eq!(project.run(&[]).code, Some(4));
    project.complete(&["--ask-command", "echo SQLite"]);
    assert_answered(&project, "SQLite");
}

#[test]
fn a_person_may_be_faster_than_the_command() {
    let project = asking();
    let run = project.start(&["run", "--ask-command", "exec sleep 1000"]);
    run.wait_for("a asks;");
    assert_eq!(project.blueprint(&["answer", "a", "SQLite"]).code, Some(0));
    run.wait().assert(0, &["2 of 2 tasks completed"]);
    assert_answered(&project, "SQLite");
    assert_eq!(project.facts("answered", "a").len(), 1);
}

#[test]
fn a_run_that_ends_waits_for_no_answer_and_the_question_stays() {
    let project = asking();
    let run = project.start(&["run", "--ask-command", "exec sleep 1000"]);
    run.wait_for("a asks;");
    run.signal(Signal::INT);
    let ended = run.wait();
    assert!(matches!(ended.code, Some(4 | 130)), "{ended}");
    project.assert_no_process_left();
    project.complete(&["--ask-command", "echo SQLite"]);
    assert_answered(&project, "SQLite");
}

#[test]
fn an_agent_and_a_command_do_not_go_on_for_ever() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nprint CLARIFICATION: And now?");
    let ended = project.run(&["--ask-command", "echo Go on"]);
    ended.assert(4, &["has answered 20 questions of this task already"]);
    assert_eq!(project.log().starts_of("a"), 21);
}

#[test]
fn what_waits_is_said_not_to_be_run_only_when_no_answer_comes() {
    let said = "not run 1 task, because `a` waits for an answer: b";
    let answered = asking().complete(&["--ask-command", "echo SQLite"]);
    assert!(!answered.stderr.contains("not run"), "{answered}");
    asking().run(&["--ask-command", "exit 1"]).assert(4, &[said]);
}
