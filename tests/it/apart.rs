//! A clone in which work was done while jobs elsewhere worked at the same plan: both are brought together, and nobody's work is let go.

use std::fs;
use std::path::PathBuf;

use crate::landing::identify;
use crate::project::{Fleet, INTEGRATION, PlanText, TestProject};

const WRITES: &str = "== *\nwrite {task}.txt what {task} made";
const PLAN: &str = "refs/blueprint/trial/plan";
const ALL: [(&str, &str); 3] = [("a", "completed"), ("b", "completed"), ("c", "completed")];

/// `b` needs `a`; `c` is on its own.
fn two_and_one() -> PlanText {
    PlanText::of(&["a", "b", "c"]).edge("a", "b")
}

fn take(clone: &TestProject, task: &str) -> PathBuf {
    identify(clone);
    let ended = clone.blueprint(&["take", task]);
    ended.assert(0, &[]);
    PathBuf::from(ended.stdout.trim_end())
}

/// A fresh clone knows that all is done, and has these files.
#[track_caller]
fn assert_done_everywhere(fleet: &Fleet, files: &[&str]) {
    let fresh = fleet.clone("fresh");
    identify(&fresh);
    fresh.run(&["--ci"]).assert(0, &["nothing to run"]);
    fresh.assert_statuses(&ALL);
    fresh.assert_journal();
    let there = fresh.files(INTEGRATION);
    for file in files {
        assert!(there.iter().any(|name| name == file), "{file} in {there:?}");
    }
    fresh.blueprint(&["land"]).assert(0, &[]);
    for file in files {
        assert!(fresh.root.join(file).exists(), "{file}");
    }
}

/// The ref under which a note says that work is kept.
fn kept(stderr: &str) -> String {
    let at = stderr.find("refs/blueprint/trial/replaced/").expect(stderr);
    stderr[at..].split([':', '`', ' ']).next().unwrap().to_owned()
}

#[test]
fn what_a_person_has_taken_is_given_after_a_job_elsewhere_and_both_count() {
    let fleet = Fleet::new(&two_and_one(), WRITES);
    let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
    let folder = take(&mine, "c");
    let before = mine.run(&["a", "c", "--ci"]);
    before.assert(4, &["c is in progress by"]);
    assert!(!before.stderr.contains("which is gone"), "{before}");
    let elsewhere = job.run(&["--ci"]);
    elsewhere.assert(4, &["c is in progress by"]);
    assert!(!elsewhere.stderr.contains("which is gone"), "{elsewhere}");
    fs::write(folder.join("hand.txt"), "by hand").unwrap();
    mine.blueprint(&["give", "c"]).assert(0, &["task c is completed: your work is merged"]);

    let ended = mine.run(&["--ci"]);
    ended.assert(0, &["had gone different ways, and are brought together: from here comes `c`"]);
    assert!(!ended.stderr.contains("was changed since"), "{ended}");
    mine.assert_statuses(&ALL);
    mine.assert_journal();
    assert_eq!(mine.merges().values().copied().collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(mine.log().starts(), ["a", "b"]);
    assert_done_everywhere(&fleet, &["a.txt", "b.txt", "hand.txt"]);
    let again = mine.run(&["--ci"]);
    again.assert(0, &["nothing to run"]);
    assert!(!again.stderr.contains("different ways"), "{again}");
}

#[test]
fn of_a_task_that_both_have_done_the_remotes_stands_and_ours_is_kept_under_a_ref_that_is_named() {
    for verb in [["run", "--ci"].as_slice(), &["sync"]] {
        let fleet = Fleet::new(&two_and_one(), WRITES);
        let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
        let folder = take(&mine, "c");
        job.run(&["--ci"]).assert(0, &[]);
        fs::write(folder.join("hand.txt"), "by hand").unwrap();
        mine.blueprint(&["give", "c"]).assert(0, &[]);
        let ended = mine.blueprint(verb);
        ended.assert(0, &["`c` was worked at here and elsewhere: it is as `origin` has it", "git diff"]);
        let name = kept(&ended.stderr);
        assert_eq!(mine.show(&name, "hand.txt"), "by hand");
        assert_eq!(fleet.git(&["show", &format!("{name}:hand.txt")]), "by hand");
        let at = ended.stderr.find("`git diff ").unwrap() + 1;
        let command = ended.stderr[at..].split('`').next().unwrap();
        let shown = mine.git(&command.split(' ').skip(1).collect::<Vec<_>>());
        assert!(shown.contains("+by hand"), "{command}: {shown}");
        mine.assert_statuses(&ALL);
        mine.assert_journal();
        assert_eq!(mine.task("c")["summary"], job.task("c")["summary"]);
        assert_done_everywhere(&fleet, &["a.txt", "b.txt", "c.txt"]);
        mine.blueprint(verb).assert(0, &[]);
    }
}

#[test]
fn what_was_done_here_on_top_of_work_that_does_not_stand_is_done_again() {
    let plan = PlanText::of(&["a", "b", "c", "x"]).edge("a", "b").edge("b", "c");
    let fleet = Fleet::new(&plan, WRITES);
    let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
    fleet.home.script("== *\nwrite {task}.txt made here");
    mine.run(&["b"]).assert(0, &[]);
    fleet.home.script(WRITES);
    job.run(&["a", "x", "--ci"]).assert(0, &[]);
    let ended = mine.run(&["--ci"]);
    ended.assert(
        0,
        &[
            "`a` was worked at here and elsewhere: it is as `origin` has it",
            "`b` was done here on top of work at `a` that does not stand",
        ],
    );
    let starts = ["a", "b", "c", "x"].map(|task| mine.log().starts_of(task));
    assert_eq!(starts, [2, 2, 1, 1]);
    assert_eq!(mine.show(INTEGRATION, "b.txt"), "what b made");
    assert_eq!(mine.show("refs/blueprint/trial/attempts/b/1", "b.txt"), "what b made");
    let kept = fleet.refs("refs/blueprint/trial/replaced");
    assert!(
        kept.iter().any(|name| fleet.git(&["ls-tree", "--name-only", name]).contains("b.txt")),
        "{kept:?}"
    );
    mine.assert_journal();
    let fresh = fleet.clone("fresh");
    fresh.run(&["--ci"]).assert(0, &["nothing to run", "4 of 4 tasks completed"]);
}

#[test]
fn work_from_here_that_conflicts_with_that_of_others_is_blocked_and_its_commits_stay() {
    let script = "== *\nwrite {task}.txt x\nwrite shared.txt of {task}";
    let fleet = Fleet::new(&two_and_one(), script);
    let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
    mine.run(&["c"]).assert(0, &[]);
    job.run(&["a", "b", "--ci"]).assert(0, &[]);
    mine.blueprint(&["sync"]).assert(4, &["from here comes `c`", "blocked c: its work conflicts"]);
    mine.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "blocked")]);
    mine.assert_journal();
    let plan = fleet.git(&["show", &format!("{PLAN}:genesis.xml")]);
    assert!(plan.contains("<completedTasks>2</completedTasks>"), "{plan}");
}

#[test]
fn what_was_set_back_here_meanwhile_is_done_again_and_merged_once() {
    let fleet =
        Fleet::new(&two_and_one(), "== c #2\nwrite c.txt again\n== *\nwrite {task}.txt what {task} made");
    let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
    mine.run(&["a", "c", "--ci"]).assert(0, &[]);
    mine.blueprint(&["retry", "c"]).assert(0, &[]);
    job.run(&["--ci"]).assert(0, &[]);
    mine.run(&["--ci"]).assert(0, &["from here comes `c`"]);
    mine.assert_statuses(&ALL);
    assert_eq!(mine.merges().values().copied().collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(mine.show(INTEGRATION, "c.txt"), "again");
    assert_done_everywhere(&fleet, &["a.txt", "b.txt", "c.txt"]);
}

#[test]
fn a_task_that_was_added_here_stays_in_the_plan() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
    mine.run(&["a"]).assert(0, &[]);
    let arguments = ["add", "genesis.xml", "c", "--name", "c", "--after", "a", "--agent", "worker"];
    mine.blueprint(&arguments).assert(0, &[]);
    mine.run(&["c"]).assert(0, &[]);
    job.run(&["--ci"]).assert(0, &[]);
    mine.run(&["--ci"]).assert(0, &["it is kept", "`a` was worked at here and elsewhere"]);
    mine.assert_statuses(&ALL);
    assert!(
        fleet.git(&["show", &format!("{PLAN}:genesis.xml")]).contains("<completedTasks>3</completedTasks>")
    );
}

#[test]
fn what_a_person_has_not_committed_stays_where_it_is() {
    let fleet = Fleet::new(&two_and_one(), WRITES);
    let (mine, job) = (fleet.clone("mine"), fleet.clone("job"));
    let folder = take(&mine, "c");
    fs::write(folder.join("hand.txt"), "by hand").unwrap();
    job.run(&["--ci"]).assert(0, &[]);
    let ended = mine.run(&["--ci"]);
    ended.assert(
        0,
        &["`c` was worked at here and elsewhere", "refs/heads/blueprint/trial/c is left as it is here"],
    );
    assert_eq!(fs::read_to_string(folder.join("hand.txt")).unwrap(), "by hand");
    mine.assert_statuses(&ALL);
    assert_done_everywhere(&fleet, &["a.txt", "b.txt", "c.txt"]);
}
