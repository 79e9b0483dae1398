//! `isolation = "shared"`: all tasks in one worktree.

use std::fs;
use std::path::PathBuf;

use crate::project::{INTEGRATION, PlanText, TestProject};

const WRITE: &str = "== *\nwrite {task}.txt x";
const SHARED: &str = "blueprint/trial/shared";

fn project(plan: &PlanText, script: &str) -> TestProject {
    let project = TestProject::new(plan, script);
    project.configure("isolation = 'shared'");
    project
}

fn base(project: &TestProject, task: &str) -> String {
    project.facts("attempt-started", task).pop().unwrap()["base"].as_str().unwrap().to_owned()
}

#[test]
fn tasks_work_side_by_side_in_one_worktree_and_all_their_work_is_merged() {
    let script = "== *\nwait-started 3\nwrite {task}.txt x";
    let project = project(&PlanText::of(&["a", "b", "c"]), script);
    project
        .complete(&[])
        .assert(0, &["agents work in one worktree that all share", "a commit there may hold"]);
    let places = ["a", "b", "c"].map(|task| project.worktree(task));
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 2);
    let files = project.files(INTEGRATION);
    for task in ["a", "b", "c"] {
        assert!(files.contains(&format!("{task}.txt")), "{files:?}");
        assert_eq!(project.task(task)["branch"], SHARED);
    }
    project.git(&["merge", "--quiet", INTEGRATION]);
}

#[test]
fn each_starts_from_what_is_committed_there_and_that_is_recorded() {
    let script = "== b\ncall test|-f|a.txt\nwrite b.txt x\n== *\nwrite {task}.txt x";
    let project = project(&PlanText::chain(&["a", "b"]), script);
    project.complete(&[]);
    assert_eq!(project.log().all("call").next().unwrap().more[0], "0");
    let (of_a, of_b) = (base(&project, "a"), base(&project, "b"));
    assert_eq!(of_a, project.git(&["rev-parse", "main"]));
    assert_eq!(of_b, project.task("a")["commit"]);
    assert_eq!(project.git(&["rev-parse", "refs/blueprint/trial/bases/b/1"]), of_b);
    let who = project.git(&["log", "-1", "--format=%(trailers:key=Blueprint-Task,valueonly)", SHARED]);
    assert_eq!(who.trim(), "b");
}

#[test]
fn what_a_task_leaves_that_fails_is_kept_and_the_next_one_that_is_alone_begins_without_it() {
    let script = "== a\nwrite a.txt half\nexit 1\n== b\ncall test|!|-e|a.txt\nwrite b.txt x";
    let project = project(&PlanText::of(&["a", "b"]), script);
    project.run(&["-j", "1"]).assert(1, &[]);
    assert_eq!(project.log().all("call").next().unwrap().more[0], "0");
    assert!(!project.files(INTEGRATION).contains(&"a.txt".to_owned()));
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "a.txt"), "half");
}

#[test]
fn a_worktree_that_is_shared_is_made_ready_once() {
    let keys = "isolation = 'shared'\nsetup = ['echo x >> \"$FAKE_AGENT_DIR/setups\"']";
    let project = TestProject::new(&PlanText::chain(&["a", "b", "c"]), WRITE);
    project.configure(keys);
    project.complete(&[]);
    assert_eq!(fs::read_to_string(project.control.join("setups")).unwrap(), "x\n");
}

#[test]
fn agents_that_commit_at_once_do_not_keep_the_run_from_it() {
    let script = "== *\nwait-started 4\nwrite {task}.txt x";
    let project = project(&PlanText::of(&["a", "b", "c", "d", "e", "f"]), script);
    project.complete(&["-j", "4"]);
    let files = project.files(INTEGRATION);
    assert!(
        ["a", "b", "c", "d", "e", "f"].iter().all(|task| files.contains(&format!("{task}.txt"))),
        "{files:?}"
    );
}

#[test]
fn a_run_that_is_killed_leaves_a_worktree_that_the_next_one_goes_on_in() {
    let script = "== a\nwrite a.txt x\nwait-for go\n== b\nwrite b.txt x";
    let project = project(&PlanText::of(&["a", "b"]), script);
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(1);
    run.kill();
    let run = project.start(&["run", "-j", "2"]);
    project.wait_for_starts(2);
    run.wait_for("done    b");
    assert!(
        PathBuf::from(project.worktree("a")).join("a.txt").exists(),
        "an agent's worktree is not made anew under it"
    );
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts().len(), 2);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"a.txt".to_owned()) && files.contains(&"b.txt".to_owned()), "{files:?}");
}

#[test]
fn setup_that_was_killed_half_way_is_done_anew() {
    let keys = "isolation = 'shared'\nsetup = ['echo half >> half.txt; touch \"$FAKE_AGENT_DIR/in-setup\"; \
                test -e \"$FAKE_AGENT_DIR/go\" || sleep 600']";
    let project = TestProject::new(
        &PlanText::of(&["a"]),
        "== *\ncall sh|-c|test `wc -l < half.txt` = 1\nwrite a.txt x",
    );
    project.configure(keys);
    let run = project.start(&["run"]);
    crate::project::wait_until("setup", || project.control.join("in-setup").exists(), String::new);
    run.kill();
    project.touch("go");
    project.complete(&[]);
    assert_eq!(project.log().all("call").next().unwrap().more[0], "0");
}

#[test]
fn no_plan_has_both_a_shared_worktree_and_others() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WRITE);
    project.configure("[tasks.a]\nisolation = 'shared'");
    project.run(&[]).assert(2, &["some tasks share a worktree, and some have one of their own"]);
    project.complete(&["--isolation", "shared"]);
}

#[test]
fn a_task_that_others_were_built_on_unknowingly_is_done_again_with_them_or_alone() {
    // `b` needs nothing of `a`, but what was committed after `a` holds its work.
    let project = project(
        &PlanText::of(&["a", "b", "c"]).edge("a", "c"),
        "== a #1\nwrite a.txt old\n== a\nwrite a.txt new\n== *\nwrite {task}.txt x",
    );
    project.complete(&["-j", "1"]);
    let before = (project.refs(), project.statuses());
    project
        .blueprint(&["retry", "a"])
        .assert(2, &["what b brought there contains it; nothing was changed", "retry b, too"]);
    assert_eq!((project.refs(), project.statuses()), before);
    project.blueprint(&["retry", "a", "b"]).assert(0, &[]);
    project.assert_statuses(&[("a", "pending"), ("b", "pending"), ("c", "pending")]);
    assert!(!project.files(INTEGRATION).iter().any(|file| file.ends_with("txt")));
    project.complete(&["-j", "1"]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "new");
    project.blueprint(&["retry", "a", "--only"]).assert(0, &[]);
    project.assert_statuses(&[("a", "pending"), ("b", "completed"), ("c", "completed")]);
    project.complete(&[]);
    assert_eq!(project.log().starts().len(), 7);
    assert_eq!(["b.txt", "c.txt"].map(|file| project.show(INTEGRATION, file)), ["x", "x"]);
}
