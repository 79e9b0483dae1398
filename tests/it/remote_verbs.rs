//! `--remote`: answers, tasks set back and a look at the plan from clones that have not run it.

use crate::project::{Fleet, INTEGRATION, PlanText};

const ASKS: &str = "== a #1\nwrite half.txt x\nprint CLARIFICATION: Postgres or SQLite?\n\
                    == a #2\nrecord two\nwrite whole.txt x\nprint took it\n== *\nwrite {task}.txt x";
const LEASE: &str = "refs/blueprint/trial/lease";

fn two() -> PlanText {
    PlanText::chain(&["a", "b"])
}

#[test]
fn a_question_of_one_job_is_answered_from_a_laptop_and_taken_up_by_the_next_job() {
    let fleet = Fleet::new(&two(), ASKS);
    fleet.clone("first").run(&["--ci"]).assert(4, &["Postgres or SQLite?"]);
    let laptop = &fleet.home;
    let said = laptop.blueprint(&["answer", "a", "SQLite, it is one file", "--remote"]);
    said.assert(0, &["has its answer", "saved in remote `origin`", "run --ci"]);
    laptop.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    let second = fleet.clone("second");
    second.run(&["--ci"]).assert(0, &[]);
    second.assert_journal();
    let prompt = std::fs::read_to_string(second.control.join("two/stdin")).unwrap();
    assert!(
        prompt.contains("> SQLite, it is one file") && prompt.contains("What attempt 1 made"),
        "{prompt}"
    );
    let files = fleet.git(&["ls-tree", "--name-only", INTEGRATION]);
    assert!(["half.txt", "whole.txt", "b.txt"].iter().all(|file| files.contains(file)), "{files}");
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
}

#[test]
fn a_task_is_set_back_from_another_clone_and_its_merges_leave_the_remote() {
    let fleet = Fleet::new(&two(), "== *\nwrite {task}.txt x");
    fleet.clone("first").run(&["--ci"]).assert(0, &[]);
    let other = fleet.clone("other");
    other.blueprint(&["retry", "--remote", "b", "--note", "once more"]).assert(0, &["saved in remote"]);
    let files = fleet.git(&["ls-tree", "--name-only", INTEGRATION]);
    assert!(files.contains("a.txt") && !files.contains("b.txt"), "{files}");
    assert!(fleet.refs("refs").contains(&"refs/blueprint/trial/replaced/1".to_owned()));
    let second = fleet.clone("second");
    second.run(&["--ci"]).assert(0, &[]);
    assert_eq!(second.log().starts(), ["a", "b", "b"]);
    assert_eq!(second.merges().values().copied().collect::<Vec<_>>(), [1, 1]);
    assert_eq!(second.task("b")["attempts"], 2);
    let files = fleet.git(&["ls-tree", "--name-only", INTEGRATION]);
    assert!(files.contains("b.txt"), "{files}");
}

#[test]
fn a_plan_is_looked_at_in_the_remote_and_nothing_changes_here() {
    let fleet = Fleet::new(&two(), "== b\nwait-for go\n== *\nwrite {task}.txt x");
    let laptop = fleet.clone("laptop");
    laptop
        .blueprint(&["status", "--remote"])
        .assert(2, &["remote `origin` has no state of this plan", "run --ci"]);
    let job = fleet.clone("job");
    let run = job.start(&["run", "--ci"]);
    job.wait_for_starts(2);
    let status = || {
        let ended = laptop.blueprint(&["status", "--remote", "--format", "json"]);
        if ended.code == Some(0) { ended.json() } else { serde_json::Value::Null }
    };
    let is_so = || {
        let status = status();
        status["tasks"][0]["status"] == "completed" && status["tasks"][1]["status"] == "in-progress"
    };
    crate::project::wait_until("a saved state", is_so, || status().to_string());
    laptop.blueprint(&["answer", "b", "x", "--remote"]).assert(5, &["the plan is being worked at"]);
    laptop.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(status()["tasks"][1]["status"], "completed");
    laptop.assert_statuses(&[("a", "pending"), ("b", "pending")]);
    assert!(!laptop.root.join(".git/refs/heads/blueprint").exists());
}

#[test]
fn a_plan_that_this_checkout_does_not_have_is_worked_at_by_its_epics_name() {
    let fleet = Fleet::new(&two(), ASKS);
    fleet.clone("first").run(&["--ci"]).assert(4, &[]);
    let laptop = fleet.clone("laptop");
    laptop.git(&["rm", "--quiet", "genesis.xml"]);
    laptop.commit_all("Without a plan");
    laptop.blueprint(&["status", "trial", "--remote"]).assert(0, &[]);
    laptop.blueprint(&["answer", "--remote", "trial", "a", "SQLite"]).assert(0, &["has its answer"]);
    laptop.blueprint(&["answer", "--remote", "none", "a", "SQLite"]).assert(2, &["none"]);
    let second = fleet.clone("second");
    second.run(&["--ci"]).assert(0, &[]);
    assert_eq!(second.log().starts(), ["a", "a", "b"]);
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
}

#[test]
fn a_verb_that_fails_leaves_no_lease_and_a_remote_that_is_not_there_is_told() {
    let fleet = Fleet::new(&two(), "== *\nwrite {task}.txt x");
    fleet.clone("first").run(&["--ci"]).assert(0, &[]);
    let other = fleet.clone("other");
    other.blueprint(&["retry", "no-such-task", "--remote"]).assert(2, &["no-such-task"]);
    other.blueprint(&["answer", "a", "x", "--remote", "origin"]).assert(2, &["asks nothing"]);
    assert!(!fleet.refs("refs").contains(&LEASE.to_owned()));
    std::fs::rename(fleet.bare(), fleet.bare().with_extension("gone")).unwrap();
    other
        .blueprint(&["retry", "a", "--remote"])
        .assert(74, &["can't reach remote `origin`", "git ls-remote"]);
}

#[test]
fn an_epic_of_which_the_remote_has_records_of_jobs_alone_is_brought_together_first() {
    let fleet = Fleet::new(&two(), ASKS);
    fleet.clone("first").run(&["a", "--ci"]).assert(4, &[]);
    let laptop = fleet.clone("laptop");
    laptop.git(&["rm", "--quiet", "genesis.xml"]);
    laptop.commit_all("Without a plan");
    for arguments in [
        ["status", "trial", "--remote"].as_slice(),
        &["retry", "--remote", "trial", "a"],
        &["answer", "--remote", "trial", "a", "SQLite"],
    ] {
        let says = ["records of jobs of the epic `trial` alone", "help: `blueprint sync`"];
        let ended = laptop.blueprint(arguments);
        ended.assert(2, &says);
        assert!(!ended.stderr.contains("blueprint init"), "{ended}");
    }
    laptop.blueprint(&["status", "other", "--remote"]).assert(2, &["has no state of an epic `other`"]);
    fleet.clone("whole").blueprint(&["sync"]).assert(4, &["0 of 2"]);
    laptop.blueprint(&["answer", "--remote", "trial", "a", "SQLite"]).assert(0, &["has its answer"]);
}
