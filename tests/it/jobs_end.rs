//! What jobs of a CI system say and leave when they end: it holds in any clone, since their own may be gone by then.

use rustix::process::Signal;

use crate::project::{Ended, Fleet, PlanText, TestProject};

const WRITES: &str = "== *\nwrite {task}.txt what {task} made";

/// What it says to do next.
#[track_caller]
fn next(ended: &Ended, clone: &TestProject) -> String {
    let line = ended.stderr.lines().find_map(|line| line.strip_prefix("next    "));
    let line = line.unwrap_or_else(|| panic!("{ended}")).to_owned();
    assert!(!line.contains(&*clone.root.to_string_lossy()), "{line}");
    line
}

#[test]
fn a_question_is_answered_from_another_clone_by_what_the_job_says() {
    let script = "== a #1\nprint CLARIFICATION: red or blue?\n== *\nwrite {task}.txt x";
    let fleet = Fleet::new(&PlanText::of(&["a"]), script);
    let job = fleet.clone("job");
    let ended = job.run(&["--ci"]);
    ended.assert(4, &[]);
    assert_eq!(next(&ended, &job), "blueprint answer genesis.xml a TEXT --remote");
    fleet.home.blueprint(&["answer", "genesis.xml", "a", "red", "--remote"]).assert(0, &[]);
    let other = fleet.clone("other");
    other.run(&["--ci"]).assert(0, &[]);
    other.assert_statuses(&[("a", "completed")]);
}

#[test]
fn what_is_done_lands_from_another_clone_by_what_the_job_says() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    let job = fleet.clone("job");
    let ended = job.run(&["--ci"]);
    ended.assert(0, &[]);
    assert!(next(&ended, &job).starts_with("blueprint sync genesis.xml   (in a clone of yours"), "{ended}");
    fleet.home.git(&["config", "user.name", "Ada"]);
    fleet.home.git(&["config", "user.email", "ada@example.org"]);
    fleet.home.blueprint(&["sync", "genesis.xml"]).assert(0, &["blueprint land"]);
    fleet.home.blueprint(&["land"]).assert(0, &[]);
    assert!(fleet.home.files("main").contains(&"b.txt".to_owned()));
}

#[test]
fn a_job_of_one_task_names_what_is_next_for_the_whole_plan() {
    let fleet = Fleet::new(&PlanText::of(&["a", "bad"]), &format!("== bad\nexit 3\n{WRITES}"));
    let (first, second) = (fleet.clone("first"), fleet.clone("second"));
    let ended = first.run(&["a", "--ci"]);
    ended.assert(0, &[]);
    assert!(next(&ended, &first).starts_with("blueprint sync genesis.xml   ("), "{ended}");
    assert!(!ended.stderr.contains("integration") && !ended.stderr.contains("land"), "{ended}");
    let ended = second.run(&["bad", "--ci", "--retries", "0"]);
    ended.assert(1, &[]);
    assert!(next(&ended, &second).starts_with("blueprint status genesis.xml bad --remote   ("), "{ended}");
    fleet.home.blueprint(&["status", "genesis.xml", "bad", "--remote"]).assert(0, &[]);
}

#[test]
fn a_job_that_was_cancelled_names_the_job_that_goes_on() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a\nhang");
    let job = fleet.clone("job");
    let run = job.start(&["run", "--ci"]);
    job.wait_for_starts(1);
    run.signal(Signal::TERM);
    let ended = run.wait();
    ended.assert(143, &[]);
    assert!(next(&ended, &job).starts_with("blueprint run genesis.xml --ci   ("), "{ended}");
}

#[test]
fn landing_in_a_shallow_clone_says_what_is_missing() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    fleet.clone("job").run(&["--ci"]).assert(0, &[]);
    fleet.home.write("more.txt", "x");
    fleet.home.commit_all("More");
    fleet.home.git(&["push", "--quiet", "origin", "main"]);
    let shallow = fleet.shallow_clone("shallow");
    shallow.git(&["config", "user.name", "Ada"]);
    shallow.git(&["config", "user.email", "ada@example.org"]);
    shallow.blueprint(&["sync"]).assert(0, &[]);
    shallow.blueprint(&["land"]).assert(74, &["is a shallow clone", "git fetch --unshallow"]);
    shallow.git(&["fetch", "--quiet", "--unshallow"]);
    shallow.blueprint(&["land"]).assert(0, &[]);
    assert!(shallow.files("main").contains(&"a.txt".to_owned()));
}
