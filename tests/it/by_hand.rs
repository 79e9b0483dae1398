//! What people do between two runs, and while one lasts.

use crate::project::{INTEGRATION, PlanText, TestProject};

/// What the plan says of the project.
fn of_project(project: &TestProject) -> String {
    let plan = std::fs::read_to_string(project.plan()).unwrap();
    let (_, rest) = plan.split_once("<status>").unwrap();
    let (word, _) = rest.split_once("</status>").unwrap();
    let told = project.blueprint(&["status", "--field", "plan.status"]);
    assert_eq!(told.stdout.trim(), word, "status says what the file says");
    word.to_owned()
}

#[test]
fn the_projects_status_follows_what_people_do() {
    for last in [&["skip", "b"][..], &["task", "done", "--task", "b", "--summary", "by hand"]] {
        let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
        project.complete(&["a"]);
        assert_eq!(of_project(&project), "in-progress");
        if last[0] == "task" {
            by_hand(&project, &["start", "--task", "b"]);
        }
        project.blueprint(last).assert(0, &[]);
        assert_eq!(of_project(&project), "completed", "{last:?}");
    }
}

#[test]
fn a_project_that_failed_has_not_once_what_failed_is_skipped_and_lands_as_it_is() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== b\nexit 1\n== *\nwrite {task}.txt x");
    assert_eq!(project.run(&[]).code, Some(1));
    assert_eq!(of_project(&project), "failed");
    project.blueprint(&["skip", "b"]).assert(0, &[]);
    assert_eq!(of_project(&project), "completed");
    // As a version before left it.
    untrue(&project, "failed");
    project.blueprint(&["land"]).assert(0, &["landed"]);
    assert_eq!(of_project(&project), "completed");
    assert!(project.show("HEAD", "genesis.xml").contains("<status>completed</status>"));
    untrue(&project, "in-progress");
    project.complete(&[]);
    assert_eq!(of_project(&project), "completed");
}

fn untrue(project: &TestProject, word: &str) {
    let plan = std::fs::read_to_string(project.plan()).unwrap();
    let untrue = plan.replacen("<status>completed</status>", &format!("<status>{word}</status>"), 1);
    assert_ne!(plan, untrue);
    std::fs::write(project.plan(), untrue).unwrap();
}

const WORK: &str = "== *\nwrite {task}.txt x";

#[test]
fn work_of_a_deleted_integration_branch_is_merged_again() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
    project.complete(&["a"]);
    project.git(&["branch", "--quiet", "-D", INTEGRATION]);
    project.complete(&[]).assert(0, &["its work was not in blueprint/trial/integration"]);
    assert_has(&project, INTEGRATION, &["a.txt", "b.txt"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    assert_eq!(project.merges().values().sum::<usize>(), 2);
}

#[test]
fn work_that_a_person_finished_on_a_failed_tasks_branch_counts_and_is_built_upon() {
    let script = "== a\nwrite half.txt half\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    assert_eq!(project.run(&[]).code, Some(1));
    project.commit_in(&project.worktree("a"), "whole.txt", "by jane", &[]);
    by_hand(&project, &["start", "--task", "a"]);
    by_hand(&project, &["done", "--task", "a", "--summary", "did it myself"]);
    project.complete(&[]);
    assert_has(&project, "blueprint/trial/b", &["half.txt", "whole.txt", "b.txt"]);
    assert_has(&project, INTEGRATION, &["half.txt", "whole.txt", "b.txt"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    assert_eq!(project.task("a")["summary"], "did it myself");
}

#[test]
fn what_a_failed_attempt_left_is_no_work_because_a_person_did_it_elsewhere() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a\nwrite half.txt half\nexit 1");
    assert_eq!(project.run(&[]).code, Some(1));
    by_hand(&project, &["start", "--task", "a"]);
    by_hand(&project, &["done", "--task", "a", "--summary", "there was nothing to do"]);
    project.complete(&[]);
    assert!(!project.refs().contains(INTEGRATION), "{}", project.refs());
}

#[test]
fn a_conflict_that_a_person_resolved_on_the_branch_is_merged_as_resolved() {
    let script = "== *\nwrite same.txt by {task}\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("on-conflict = \"block\"");
    assert_eq!(project.run(&["-j", "1"]).code, Some(4));
    project.assert_statuses(&[("a", "completed"), ("b", "blocked")]);
    let worktree = project.worktree("b");
    project.git(&["-C", &worktree, "merge", "--quiet", "--no-commit", "-X", "ours", INTEGRATION]);
    project.commit_in(&worktree, "same.txt", "by both", &[]);
    by_hand(&project, &["done", "--task", "b", "--summary", "resolved"]);
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "by both");
    assert_has(&project, INTEGRATION, &["a.txt", "b.txt"]);
    assert_eq!(project.log().starts(), ["a", "b"]);
}

#[test]
fn a_conflict_that_is_only_said_to_be_resolved_keeps_the_run_from_being_completed() {
    let script = "== *\nwrite same.txt by {task}";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("on-conflict = \"block\"");
    assert_eq!(project.run(&["-j", "1"]).code, Some(4));
    by_hand(&project, &["done", "--task", "b", "--summary", "resolved, so they say"]);
    project.run(&[]).assert(
        4,
        &[
            "b: is completed, but its work conflicts with",
            "\n  `b` could not be merged: its work conflicts with blueprint/trial/integration, in same.txt\n",
        ],
    );
    assert_eq!(project.show(INTEGRATION, "same.txt"), "by a");
}

#[test]
fn a_conflict_that_was_done_by_hand_with_its_markers_is_not_merged() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwrite same.txt by {task}");
    project.configure("on-conflict = \"block\"");
    assert_eq!(project.run(&["-j", "1"]).code, Some(4));
    let worktree = project.worktree("b");
    let merge = project
        .command("git")
        .args(["-C", &worktree, "-c", "user.name=J", "-c", "user.email=j@x", "merge", INTEGRATION])
        .output()
        .unwrap();
    assert!(!merge.status.success());
    project.git(&["-C", &worktree, "add", "--all"]);
    project.git(&["-C", &worktree, "commit", "--quiet", "--message", "Merged"]);
    by_hand(&project, &["done", "--task", "b", "--summary", "resolved, so they say"]);
    project.run(&[]).assert(
        4,
        &[
            "b: is completed, but its work has conflict markers in same.txt",
            "`b` could not be merged: its work has",
        ],
    );
    assert_eq!(project.show(INTEGRATION, "same.txt"), "by a");
    project.commit_in(&worktree, "same.txt", "by both", &[]);
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "by both");
}

#[test]
fn in_a_tasks_worktree_the_plan_is_the_one_that_the_task_is_part_of() {
    let script = "== *\nwrite same.txt by {task}";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("on-conflict = \"block\"");
    assert_eq!(project.run(&["-j", "1"]).code, Some(4));
    let worktree = project.worktree("b");
    let program = env!("CARGO_BIN_EXE_blueprint");
    let mut there = project.command(program);
    there.args(["task", "done", "--task", "b", "--summary", "from there"]).current_dir(&worktree);
    assert!(there.status().unwrap().success());
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]).trim(), "");
}

#[test]
fn a_task_that_a_person_takes_while_it_waits_for_its_turn_is_left_to_them() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwait-for go\nwrite {task}.txt x");
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(1);
    by_hand(&project, &["start", "--task", "b"]);
    project.touch("go");
    run.wait().assert(4, &["b is in progress by"]);
    assert_eq!(project.log().starts(), ["a"]);
    project.assert_statuses(&[("a", "completed"), ("b", "in-progress")]);
}

#[test]
fn a_task_that_a_person_completes_while_it_waits_for_its_turn_is_not_done_again() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c").edge("b", "c");
    let project = TestProject::new(&plan, "== *\nwait-for go\nwrite {task}.txt x");
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(1);
    by_hand(&project, &["start", "--task", "b"]);
    by_hand(&project, &["done", "--task", "b", "--summary", "did it myself"]);
    project.touch("go");
    run.wait().assert(0, &[]);
    assert_eq!(project.log().starts(), ["a", "c"]);
    assert_eq!(project.task("b")["summary"], "did it myself");
    project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "completed")]);
}

#[test]
fn an_old_plan_file_put_back_during_a_run_has_everything_at_its_end() {
    let script = "== b\nwait-for go\nwrite b.txt x\nprint b is well\n== *\nwrite a.txt x\nprint a is well";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    let run = project.start(&["run"]);
    project.wait_for_log("b", |log| log.starts_of("b") == 1);
    project.git(&["checkout", "--quiet", "genesis.xml"]);
    project.touch("go");
    run.wait().assert(0, &[]);
    for id in ["a", "b"] {
        let section = project.section_of(id);
        assert!(section.contains(&format!("<summary>{id} is well</summary>")), "{section}");
        assert_eq!(project.events_in_plan(id, "completed"), 1, "{section}");
    }
    let plan = project.read("genesis.xml");
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    assert_eq!(project.read("genesis.xml"), plan, "nothing was left to catch up on");
}

#[test]
fn an_attempts_commit_and_what_a_person_amended_it_to_are_both_kept() {
    let script = "== a #1\nwrite half.txt half\ncommit Half of it\nexit 1\n== *\nwrite a.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    assert_eq!(project.run(&[]).code, Some(1));
    let worktree = project.worktree("a");
    let head = || project.git(&["-C", &worktree, "rev-parse", "HEAD"]);
    let first = head();
    project.commit_in(&worktree, "half.txt", "better", &["--amend"]);
    let amended = head();
    project.complete(&["--rerun-failed"]);
    for commit in [first, amended] {
        let kept = project.git(&["for-each-ref", "--contains", &commit, "--format=%(refname)"]);
        assert!(kept.contains("refs/blueprint/trial/attempts/a/"), "{commit}: {}", project.refs());
    }
    assert_has(&project, INTEGRATION, &["a.txt"]);
}

#[test]
fn what_only_the_journal_knows_to_be_done_can_not_be_failed_by_hand() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nrecord first\nwait-for go\nwrite a.txt x");
    let run = project.start(&["run"]);
    project.wait_for_log("a", |log| log.starts_of("a") == 1);
    let before = project.read("genesis.xml");
    project.touch("go");
    run.wait().assert(0, &[]);
    project.write("genesis.xml", &before);
    project
        .blueprint(&["task", "fail", "a", "--reason", "late"])
        .assert(2, &["a completed task can't become failed"]);
    project.assert_statuses(&[("a", "completed")]);
}

#[test]
fn done_without_a_summary_is_a_usage_error_and_changes_nothing() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    by_hand(&project, &["start", "--task", "a"]);
    let plan = project.read("genesis.xml");
    project.blueprint(&["task", "done", "--task", "a", "--summary", ""]).assert(2, &["--summary"]);
    project.blueprint(&["task", "done", "--task", "a"]).assert(2, &["--summary"]);
    assert_eq!(project.read("genesis.xml"), plan);
}

/// `blueprint task`, which has to work.
#[track_caller]
fn by_hand(project: &TestProject, arguments: &[&str]) {
    let ended = project.blueprint(&[&["task"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[track_caller]
fn assert_has(project: &TestProject, branch: &str, wanted: &[&str]) {
    let files = project.files(branch);
    for file in wanted {
        assert!(files.iter().any(|has| has == file), "{branch} has no {file}: {files:?}");
    }
}
