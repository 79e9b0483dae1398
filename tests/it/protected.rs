//! Paths that no task changes unless a person approves.

use crate::project::{INTEGRATION, PlanText, TestProject};

const PROTECTED: &str = "protected-paths = [\".github/**\", \"**/*.lock\"]";

fn waiting() -> TestProject {
    let script = "== a\nwrite .github/workflows/ci.yml x\nwrite a.txt x\nprint the pipeline stands\n== *\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.configure(PROTECTED);
    project.run(&[]).assert(4, &["protected paths: .github/workflows/ci.yml", "blueprint approve a"]);
    project
}

#[test]
fn work_that_changes_them_waits_and_what_depends_on_it_too() {
    let project = waiting();
    project.assert_statuses(&[("a", "blocked"), ("b", "pending")]);
    assert_eq!(project.facts("attempt-ended", "a")[0]["protected"][0], ".github/workflows/ci.yml");
    project.assert_journal();
}

#[test]
fn approved_work_is_merged_as_it_is_and_nobody_is_asked_again() {
    let project = waiting();
    project.blueprint(&["approve", "a"]).assert(0, &["task a is approved and merged"]);
    assert!(project.files(INTEGRATION).contains(&".github/workflows/ci.yml".into()));
    project.complete(&[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    assert_eq!(project.task("a")["summary"], "the pipeline stands");
    // b stands on it.
    assert!(project.files("blueprint/trial/b").contains(&"a.txt".into()));
    assert_eq!(project.merges()["a"], 1);
}

#[test]
fn only_what_waits_for_it_can_be_approved_and_not_by_an_agent() {
    let project = waiting();
    project.blueprint(&["approve", "b"]).assert(2, &["does not wait for approval"]);
    project.blueprint(&["approve", "a"]).assert(0, &[]);
    project.blueprint(&["approve", "a"]).assert(2, &["does not wait for approval"]);
    let own = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x\nblueprint approve|a");
    own.run(&[]);
    assert!(own.log().all("blueprint").any(|call| call.more[0] == "77"), "{:?}", own.log());
}

#[test]
fn a_person_may_have_it_made_again_without_them() {
    let project = waiting();
    project.script("== *\nwrite {task}.txt x");
    project.blueprint(&["retry", "a", "--note", "leave the pipeline alone"]).assert(0, &[]);
    project.complete(&[]);
    assert!(!project.files(INTEGRATION).contains(&".github/workflows/ci.yml".into()));
}

#[test]
fn what_is_no_pattern_is_refused_before_anything_begins() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x");
    project.configure("protected-paths = [\"a/[\"]");
    project.run(&[]).assert(2, &["`protected-paths`"]);
}
