//! How many tasks run at once.

use crate::project::{PlanText, TestProject};

#[test]
fn tasks_that_need_nothing_of_each_other_run_at_once() {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let project = TestProject::new(&PlanText::of(&ids), "== *\nwait-started 8\nprint all eight are here");
    project.complete(&["-j", "8"]);
    assert_eq!(project.status()["counts"]["completed"], 8);
}

#[test]
fn a_chain_never_overlaps() {
    let ids = ["a", "b", "c", "d", "e", "f"];
    let project = TestProject::new(&PlanText::chain(&ids), "== *\nsleep 20");
    project.complete(&["-j", "8"]);
    let log = project.log();
    let events = log.events.iter().filter(|event| event.what == "start" || event.what == "end");
    let order: Vec<_> = events.map(|event| (event.what.as_str(), event.task.as_str())).collect();
    let expected: Vec<_> = ids.iter().flat_map(|id| [("start", *id), ("end", *id)]).collect();
    assert_eq!(order, expected);
}

#[test]
fn never_more_than_the_jobs_run_at_once_and_all_jobs_are_used() {
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let project = TestProject::new(&PlanText::of(&ids), "== *\nwait-started 3\nsleep 30");
    project.complete(&["--jobs", "3"]);
    let log = project.log();
    let at_once = log.all("at-once").map(|event| event.more[0].parse::<usize>().unwrap());
    assert_eq!(at_once.max(), Some(3));
}
