//! A person decides about a task that a live run works on.

use std::path::Path;

use super::{task, times, trial};
use crate::project::{BLUEPRINT, INTEGRATION, PlanText, Running, Terminal, TestProject};

#[track_caller]
fn at_a_terminal(project: &TestProject, arguments: &[&str], code: i32) -> String {
    let (status, screen) = Terminal::run(project, &[&["task"], arguments].concat()).wait();
    assert_eq!(status.code(), Some(code), "{screen}");
    screen
}

#[test]
fn without_a_terminal_it_is_refused() {
    let project = trial("== *\nwait-for go\nprint well");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    task(&project, &["done", "a", "--summary", "x", "--force"], 77, &["terminal"]);
    at_a_terminal(&project, &["done", "a", "--summary", "x"], 77);
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.task("a")["summary"], "well");
}

#[test]
fn what_a_person_has_decided_stays_whatever_the_agent_makes_of_its_task() {
    for (decision, status, ends, code) in [
        (&["done", "a", "--summary", "mine"][..], "completed", "exit 1", 0),
        (&["fail", "a", "--reason", "mine"], "failed", "blueprint task|done|--summary|agents", 1),
        (&["block", "a", "--reason", "mine"], "blocked", "print agents", 4),
    ] {
        let script = format!("== *\nwrite a.txt x\nblueprint task|note|heard\nwait-for go\n{ends}");
        let project = trial(&script);
        let run = project.start(&["run"]);
        run.wait_for("note: heard");
        at_a_terminal(&project, &[decision, &["--force"]].concat(), 0);
        // It is ended for that, or ends by itself before.
        project.touch("go");
        run.wait().assert(code, &["decided by"]);
        project.assert_statuses(&[("a", status)]);
        assert!(project.section_of("a").contains("mine"), "{}", project.section_of("a"));
        assert_eq!((times(&project, "agents"), times(&project, "a: heard")), (0, 1), "{status}");
        assert!(!project.refs().contains(INTEGRATION), "{status}: its work is not merged");
        let plan = project.read("genesis.xml");
        project.run(&[]);
        assert_eq!(project.read("genesis.xml"), plan, "{status}");
        assert_eq!(project.log().starts(), ["a"]);
    }
}

#[test]
fn a_decision_ends_the_attempt_and_lets_run_what_depends_on_it() {
    let script = "== a\nwrite half.txt half\nhang\n== *\nprint well";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    crate::project::wait_until(
        "half",
        || Path::new(&project.worktree("a")).join("half.txt").exists(),
        String::new,
    );
    at_a_terminal(&project, &["done", "a", "--summary", "mine", "--force"], 0);
    run.wait().assert(0, &["its attempt is ended"]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    assert_eq!(project.files("blueprint/trial/a").iter().filter(|file| *file == "half.txt").count(), 1);
}

#[test]
fn after_a_decision_the_agent_is_not_believed_any_more() {
    let project = trial("== *\nrecord seen\nignore-term\nhang");
    project.configure("kill-grace = \"1m\"");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    let recorded = project.control.join("seen/stdin");
    crate::project::wait_until("the record", || recorded.exists(), String::new);
    at_a_terminal(&project, &["done", "a", "--summary", "mine", "--force"], 0);
    let env = std::fs::read_to_string(project.control.join("seen/env")).unwrap();
    let vars = env.split('\0').filter_map(|variable| variable.split_once('='));
    let mut agent = project.command(BLUEPRINT);
    agent.args(["task", "fail", "--reason", "sabotage"]).envs(vars);
    Running::start(&mut agent).wait().assert(77, &["token"]);
    run.kill();
    assert_eq!(project.task("a")["summary"], "mine");
}

#[test]
fn a_decision_survives_a_run_that_is_killed_and_its_agent_is_ended() {
    let project = trial("== *\nhang");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    at_a_terminal(&project, &["done", "a", "--summary", "mine", "--force"], 0);
    run.kill();
    project.complete(&[]);
    project.assert_no_process_left();
    assert_eq!(project.task("a")["summary"], "mine");
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn it_does_no_harm_where_it_is_not_needed() {
    let project = trial("");
    at_a_terminal(&project, &["done", "a", "--summary", "mine", "--force"], 0);
    project.assert_statuses(&[("a", "completed")]);
}
