//! Work into which somebody has merged what others have done takes nothing of that away without a word.

use std::fs;
use std::path::PathBuf;

use crate::landing::identify;
use crate::project::{Ended, INTEGRATION, PlanText, TestProject, wait_until};

/// `a` has added a file; `b` is in a person's hands, who has merged that.
fn taken() -> (TestProject, PathBuf) {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "== *\nwrite {task}.txt of {task}");
    identify(&project);
    let folder = PathBuf::from(project.blueprint(&["take", "b"]).stdout.trim_end());
    project.run(&["a"]).assert(0, &[]);
    let at = folder.to_str().unwrap();
    project.commit_in(at, "b.txt", "of b", &[]);
    project.git(&["-C", at, "merge", "--quiet", "--no-edit", INTEGRATION]);
    (project, folder)
}

#[test]
fn what_a_person_gives_keeps_what_others_have_added() {
    let (project, folder) = taken();
    fs::remove_file(folder.join("a.txt")).unwrap();
    let before = project.git(&["rev-parse", INTEGRATION]);
    let refused = project.blueprint(&["give", "b"]);
    refused.assert(
        2,
        &[
            "would take away what other tasks have added: a.txt is gone (of a)",
            "it is committed, and the task stays yours",
            "`blueprint give b --dropped a.txt`",
        ],
    );
    assert_eq!(project.git(&["rev-parse", INTEGRATION]), before);
    project.assert_statuses(&[("a", "completed"), ("b", "in-progress")]);
    let at = folder.to_str().unwrap();
    project.git(&["-C", at, "checkout", INTEGRATION, "--", "a.txt"]);
    project.blueprint(&["give", "b"]).assert(0, &["your work is merged"]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "of a");
    assert_eq!(project.show(INTEGRATION, "b.txt"), "of b");
}

#[test]
fn what_is_to_go_is_said_and_noted() {
    let (project, folder) = taken();
    fs::remove_file(folder.join("a.txt")).unwrap();
    project.blueprint(&["give", "b", "--dropped", "other.txt"]).assert(2, &["a.txt is gone (of a)"]);
    project.blueprint(&["give", "b", "--dropped", "./a.txt"]).assert(0, &["your work is merged"]);
    assert!(!project.files(INTEGRATION).iter().any(|file| file == "a.txt"));
    assert!(
        project.section_of("b").contains("dropped: a.txt: so said by Jane"),
        "{}",
        project.section_of("b")
    );
    project.complete(&[]);
    project.assert_journal();
}

#[test]
fn a_worktree_whose_head_is_detached_at_what_was_merged_loses_nothing_either() {
    let (project, folder) = taken();
    let at = folder.to_str().unwrap();
    // As a way back that was broken off leaves it: at a commit that has both sides, with files of one of them.
    project.git(&["-C", at, "checkout", "--quiet", "--detach"]);
    project.git(&["-C", at, "rm", "--quiet", "a.txt"]);
    project.blueprint(&["give", "b"]).assert(2, &["a.txt is gone (of a)"]);
    project.git(&["-C", at, "checkout", INTEGRATION, "--", "a.txt"]);
    project.blueprint(&["give", "b"]).assert(0, &[]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "of a");
}

/// `b` begins before `a` is merged, and its agent merges that by itself.
fn merged_by_its_agent(more: &str) -> (TestProject, Ended) {
    let script = format!(
        "== a\nwait-for b-began\nwrite a.txt of a\nwrite same.txt from a\n== b\ntouch b-began\nwait-for a-is-in\nwrite b.txt of b\n\
         commit b\ngit merge --quiet --no-edit {INTEGRATION}\n{more}"
    );
    let project = TestProject::new(&PlanText::of(&["a", "b"]), &script);
    let run = project.start(&["run", "-j", "2"]);
    let is_merged =
        || project.root.join(".git/blueprint").exists() && !project.facts("merged", "a").is_empty();
    wait_until("a's merge", is_merged, String::new);
    project.touch("a-is-in");
    let ended = run.wait();
    (project, ended)
}

#[test]
fn what_an_agent_has_merged_by_itself_keeps_what_others_have_added() {
    let (project, ended) = merged_by_its_agent("sh rm a.txt");
    project.assert_statuses(&[("a", "completed"), ("b", "blocked")]);
    ended.assert(
        4,
        &["takes some of it away again: a.txt is gone (of a)", "`blueprint take b`", "--dropped PATH"],
    );
    assert_eq!(project.show(INTEGRATION, "a.txt"), "of a");
    project.assert_journal();
}

#[test]
fn an_agent_that_says_so_may_leave_something_out_and_one_that_leaves_nothing_out_need_say_nothing() {
    for more in ["sh rm a.txt\nprint dropped: a.txt: b has it", "append same.txt from b"] {
        let (project, ended) = merged_by_its_agent(more);
        ended.assert(0, &[]);
        project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    }
}

#[test]
fn what_was_finished_by_hand_without_give_is_looked_at_as_well() {
    let project =
        TestProject::new(&PlanText::of(&["a", "b"]), "== a\nwrite a.txt of a\n== b\nwrite b.txt x\nexit 3");
    project.run(&["b"]).assert(1, &[]);
    project.run(&["a"]).assert(0, &[]);
    let worktree = project.worktree("b");
    project.git(&["-C", &worktree, "merge", "--quiet", "--no-edit", INTEGRATION]);
    project.git(&["-C", &worktree, "rm", "--quiet", "a.txt"]);
    project.commit_in(&worktree, "b.txt", "by hand", &[]);
    project.blueprint(&["task", "done", "--task", "b", "--summary", "did it"]).assert(0, &[]);
    project.run(&[]).assert(
        4,
        &["takes some of it away again: a.txt is gone (of a): it is not merged", "`b` could not be merged"],
    );
    assert_eq!(project.show(INTEGRATION, "a.txt"), "of a");
}
