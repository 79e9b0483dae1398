//! Which worktrees stay, how many there may be, and which go when the disk runs short.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::project::{INTEGRATION, PlanText, TestProject};

const WRITE: &str = "== *\nwrite {task}.txt x";

/// The tasks whose worktrees are there.
fn worktrees(project: &TestProject) -> Vec<String> {
    let folder = project.base().join("мой проект.worktrees/trial");
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn has_branch(project: &TestProject, task: &str) -> bool {
    project.refs().contains(&format!("refs/heads/blueprint/trial/{task} "))
}

#[test]
fn worktrees_stay_unless_something_else_is_wanted() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WRITE);
    project.complete(&[]);
    assert_eq!(worktrees(&project), ["a", "b"]);
}

#[test]
fn those_of_merged_tasks_go_where_they_are_not_kept_and_their_branches_stay() {
    for keep in ["none", "failed"] {
        let project = TestProject::new(&PlanText::chain(&["a", "b"]), WRITE);
        project.configure(&format!("keep = '{keep}'"));
        project.complete(&[]);
        assert!(worktrees(&project).is_empty(), "{keep}");
        assert!(has_branch(&project, "a") && has_branch(&project, "b"));
        assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
        assert!(project.files(INTEGRATION).contains(&"b.txt".to_owned()));
    }
}

#[test]
fn what_a_failed_task_has_made_is_never_removed_and_what_holds_nothing_is_only_if_nothing_is_kept() {
    let script = "== a\nwrite a.txt x\nexit 1\n== b\nexit 1";
    for (keep, left) in [("none", vec!["a"]), ("failed", vec!["a", "b"])] {
        let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
        project.configure(&format!("keep = '{keep}'"));
        project.run(&[]).assert(1, &[]);
        assert_eq!(worktrees(&project), left, "{keep}");
    }
}

#[test]
fn the_next_run_removes_what_is_kept_no_more_but_nothing_that_is_not_committed_or_not_merged() {
    let project = TestProject::new(&PlanText::of(&["a", "b", "c", "d"]), WRITE);
    project.complete(&["a", "b", "c"]);
    let place = |task| PathBuf::from(project.worktree(task));
    let (uncommitted, unmerged) = (place("a"), place("b"));
    fs::write(uncommitted.join("mine.txt"), "a person's").unwrap();
    project.commit_in(unmerged.to_str().unwrap(), "mine.txt", "a person's", &[]);
    project.configure("keep = 'none'");
    project.complete(&[]);
    assert_eq!(worktrees(&project), ["a", "b"]);
    assert!(uncommitted.join("mine.txt").exists() && unmerged.join("mine.txt").exists());
}

#[test]
fn when_the_disk_runs_short_merged_ones_go_the_oldest_first() {
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), WRITE);
    for task in ["b", "a"] {
        project.complete(&[task]);
    }
    project.configure("min-free-disk = '900000 TB'");
    let run = project.start(&["run"]);
    run.wait_for("nothing is started until there is more room");
    run.signal(Signal::TERM);
    let ended = run.wait();
    ended.assert(143, &["b is merged, and its worktree is removed to make room", "a is merged, and"]);
    assert!(ended.stderr.find("b is merged") < ended.stderr.find("a is merged"), "{ended}");
    assert!(worktrees(&project).is_empty());
    assert!(has_branch(&project, "a") && has_branch(&project, "b"));
}

#[test]
fn where_all_are_kept_none_goes_when_the_disk_runs_short() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WRITE);
    project.complete(&["a"]);
    project.configure("min-free-disk = '900000 TB'\nkeep = 'all'");
    let run = project.start(&["run"]);
    run.wait_for("nothing is started until there is more room");
    run.signal(Signal::TERM);
    run.wait();
    assert_eq!(worktrees(&project), ["a"]);
}

#[test]
fn there_are_never_more_than_so_many() {
    let script = "== *\ncall sh|-c|ls -d \"$WORKTREE_PATH\"/../* > \"$FAKE_AGENT_DIR/seen-{task}\"\n\
                  write {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c", "d", "e"]), script);
    project.configure("max-worktrees = 2");
    project.complete(&["-j", "4"]);
    assert!(worktrees(&project).len() <= 2);
    for task in ["a", "b", "c", "d", "e"] {
        let seen = fs::read_to_string(project.control.join(format!("seen-{task}"))).unwrap();
        assert!((1..=2).contains(&seen.lines().count()), "{task}: {seen}");
    }
    assert_eq!(project.files(INTEGRATION).iter().filter(|file| file.ends_with("txt")).count(), 5);
}

#[test]
fn a_place_that_is_taken_by_what_is_not_merged_is_not_waited_for() {
    let script = "== a\nwrite a.txt x\nexit 1\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    project.configure("max-worktrees = 1");
    let ended = project.run(&["-j", "1"]);
    ended.assert(1, &["max-worktrees is 1, and as many hold what isn't merged (a): no other task starts"]);
    assert_eq!((project.log().starts(), worktrees(&project)), (vec!["a"], vec!["a".to_owned()]));
    project.assert_statuses(&[("a", "failed"), ("b", "pending"), ("c", "pending")]);
    project.script(WRITE);
    project.complete(&["--rerun-failed"]);
}
