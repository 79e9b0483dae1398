//! A job a task: clones that share nothing but a bare repository.

use std::fs;

use boon::{Compiler, Schemas};
use rustix::process::Signal;
use serde_json::Value;

use crate::project::{Fleet, PlanText, TestProject, kill, wait_until};

const WRITES: &str = "== *\nwrite {task}.txt what {task} made\nprint {task} is done";

#[test]
fn a_job_does_its_one_task_and_leaves_everything_in_the_remote() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    let first = fleet.clone("first");
    first.run(&["a", "--ci"]).assert(0, &[]);
    assert_eq!(first.log().starts(), ["a"]);
    let record = fleet.record("a").unwrap();
    assert_eq!((&record["status"], &record["claim"]), (&Value::from("completed"), &Value::Null));
    let refs = fleet.refs("refs");
    for name in [
        "refs/heads/blueprint/trial/a",
        "refs/blueprint/trial/start",
        "refs/blueprint/trial/attempts/a/1",
        "refs/blueprint/trial/bases/a/1",
    ] {
        assert!(refs.iter().any(|there| there == name), "{name} in {refs:?}");
    }
    assert!(!refs.contains(&"refs/heads/blueprint/trial/integration".to_owned()));

    let second = fleet.clone("second");
    second.run(&["b", "--ci"]).assert(0, &[]);
    assert_eq!(second.log().starts(), ["a", "b"]);
    assert_eq!(
        second.files("blueprint/trial/b"),
        ["README.md", "a.txt", "b.txt", "blueprint.toml", "genesis.xml"]
    );
    second.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    second.assert_journal();
}

#[test]
fn what_a_clone_has_done_before_is_in_no_other_jobs_way() {
    let fleet = Fleet::new(&PlanText::of(&["b", "d"]), "== *\nwrite same.txt of {task}");
    let used = fleet.clone("used");
    used.run(&["b", "--ci"]).assert(0, &[]);
    used.run(&["d", "--ci"]).assert(0, &[]);
    for task in ["b", "d"] {
        assert_eq!(outcomes(&fleet.record(task).unwrap()), ["completed"]);
        assert_eq!(used.show(&format!("blueprint/trial/{task}"), "same.txt"), format!("of {task}"));
    }
    // What the first one merged here is kept.
    assert!(used.refs().contains("refs/blueprint/trial/replaced/1"));
    used.assert_journal();
}

/// What is so of every record, whatever has happened.
pub(crate) fn assert_record(record: &Value) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    for name in ["record", "journal"] {
        let text = fs::read_to_string(format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR")));
        compiler.add_resource(name, serde_json::from_str(&text.unwrap()).unwrap()).unwrap();
    }
    compiler.enable_format_assertions();
    let whole = compiler.compile("record", &mut schemas).unwrap();
    let line = compiler.compile("journal", &mut schemas).unwrap();
    let found = schemas.validate(record, whole);
    assert!(found.is_ok(), "{:#}\n{record:#}", found.unwrap_err());
    for fact in record["facts"].as_array().unwrap() {
        let found = schemas.validate(fact, line);
        assert!(found.is_ok(), "{:#}\n{fact:#}", found.unwrap_err());
    }
}

/// The outcomes of a task's attempts, by its record.
fn outcomes(record: &Value) -> Vec<&str> {
    let facts = record["facts"].as_array().unwrap().iter();
    facts
        .filter(|fact| fact["fact"] == "attempt-ended")
        .map(|fact| fact["outcome"].as_str().unwrap())
        .collect()
}

#[test]
fn a_job_whose_prerequisites_are_not_completed_names_them_and_touches_nothing() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c"]), WRITES);
    fleet.clone("early").run(&["c", "--ci"]).assert(4, &["task `c` waits for `b`, which is pending"]);
    assert!(fleet.record("c").is_none());
    assert!(fleet.home.log().starts().is_empty());
}

#[test]
fn a_task_that_is_completed_is_not_done_again() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    fleet.clone("first").run(&["a", "--ci"]).assert(0, &[]);
    let before = fleet.record("a");
    fleet.clone("again").run(&["a", "--ci"]).assert(0, &["task `a` is completed already"]);
    assert_eq!(fleet.record("a"), before);
    assert_eq!(fleet.home.log().starts(), ["a"]);
}

#[test]
fn of_two_jobs_for_one_task_only_one_does_it() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a\nwait-for go\nwrite a.txt a");
    let clones = ["one", "two", "three"].map(|name| fleet.clone(name));
    let jobs = clones.each_ref().map(|clone| clone.start(&["run", "a", "--ci"]));
    fleet.home.wait_for_starts(1);
    fleet.clone("late").run(&["a", "--ci"]).assert(5, &["another job has task `a`", "counts as dead"]);
    fleet.home.touch("go");
    let ended = jobs.map(crate::project::Running::wait);
    let mut codes = ended.each_ref().map(|job| job.code.unwrap_or_else(|| panic!("{job}")));
    codes.sort_unstable();
    // One that came when it was done has nothing to do.
    assert!(matches!(codes, [0, 5, 5] | [0, 0, 5 | 0]), "{codes:?}");
    assert_eq!(fleet.home.log().starts(), ["a"]);
    assert_record(&fleet.record("a").unwrap());
}

#[test]
fn a_job_that_its_system_cancels_saves_what_there_is_and_gives_the_task_back() {
    let fleet = Fleet::new(
        &PlanText::of(&["a"]),
        "== a #1\nwrite half.txt half\ntouch written\nhang\n== a\nwrite a.txt a",
    );
    for signal in [Signal::TERM, Signal::INT] {
        let fleet = match signal {
            Signal::TERM => &fleet,
            _ => &Fleet::new(
                &PlanText::of(&["a"]),
                "== a #1\nwrite half.txt half\ntouch written\nhang\n== a\nwrite a.txt a",
            ),
        };
        let cancelled = fleet.clone("cancelled");
        let job = cancelled.start(&["run", "a", "--ci"]);
        cancelled.wait_until_there("written");
        job.signal(signal);
        let ended = job.wait();
        assert!(matches!(ended.code, Some(143 | 130)), "{ended}");
        let record = fleet.record("a").unwrap();
        assert_record(&record);
        assert_eq!((&record["status"], &record["claim"]), (&Value::from("pending"), &Value::Null));
        assert_eq!(outcomes(&record), ["interrupted"]);
        assert_eq!(fleet.git(&["show", "refs/blueprint/trial/attempts/a/1:half.txt"]), "half");
        fleet.clone("next").run(&["a", "--ci"]).assert(0, &[]);
        let record = fleet.record("a").unwrap();
        assert_eq!(outcomes(&record), ["interrupted", "completed"]);
        assert_eq!(
            fleet.git(&["ls-tree", "--name-only", "blueprint/trial/a"]),
            "README.md\na.txt\nblueprint.toml\ngenesis.xml"
        );
    }
}

#[test]
fn the_task_of_a_job_that_died_is_taken_over_when_its_claim_has_expired() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a #1\nhang\n== a\nwrite a.txt a");
    let dead = fleet.clone("dead");
    let job = dead.start(&["run", "a", "--ci", "--lease", "1s"]);
    fleet.home.wait_for_starts(1);
    wait_until("the attempt in the record", || is_begun(&fleet, "a"), || format!("{:?}", fleet.record("a")));
    job.kill();
    dead.processes().into_iter().for_each(kill);
    let next = fleet.clone("next");
    let taken_over = || next.run(&["a", "--ci"]);
    let mut ended = taken_over();
    while ended.code == Some(5) {
        ended = taken_over();
    }
    ended.assert(0, &[]);
    let record = fleet.record("a").unwrap();
    assert_record(&record);
    assert_eq!(outcomes(&record), ["interrupted", "completed"]);
    assert_eq!(fleet.home.log().starts(), ["a", "a"]);
    next.assert_statuses(&[("a", "completed")]);
    next.assert_journal();
}

/// Whether the remote knows that an attempt has begun.
pub(crate) fn is_begun(fleet: &Fleet, task: &str) -> bool {
    let record = fleet.record(task).unwrap_or_default();
    let facts = record["facts"].as_array().cloned().unwrap_or_default();
    facts.iter().any(|fact| fact["fact"] == "attempt-started")
}

#[test]
fn a_task_that_failed_is_retried_by_a_further_job() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== a #1\nexit 1\n== a\nwrite a.txt a");
    fleet.clone("first").run(&["a", "--ci"]).assert(1, &[]);
    assert_eq!(fleet.record("a").unwrap()["status"], "failed");
    fleet.clone("second").run(&["a", "--ci"]).assert(0, &[]);
    let record = fleet.record("a").unwrap();
    assert_record(&record);
    assert_eq!(outcomes(&record), ["failed", "completed"]);
}

#[test]
fn jobs_that_come_first_all_at_once_agree_on_where_the_plan_starts() {
    let tasks = ["a", "b", "c", "d"];
    let fleet = Fleet::new(&PlanText::of(&tasks), WRITES);
    let clones: Vec<TestProject> = tasks.iter().map(|task| fleet.clone(task)).collect();
    // One of them has a newer commit.
    clones[0].write("more.txt", "more");
    clones[0].commit_all("More");
    let jobs: Vec<_> =
        clones.iter().zip(tasks).map(|(clone, task)| clone.start(&["run", task, "--ci"])).collect();
    for job in jobs {
        job.wait().assert(0, &[]);
    }
    let start = fleet.git(&["rev-parse", "refs/blueprint/trial/start"]);
    for task in tasks {
        assert_eq!(fleet.git(&["rev-parse", &format!("refs/blueprint/trial/bases/{task}/1")]), start);
    }
}

#[test]
fn status_reads_the_records_before_they_are_folded_in() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c"]), "== a\nwrite a.txt a\n== b\nexit 1");
    fleet.clone("first").run(&["a", "--ci"]).assert(0, &[]);
    let second = fleet.clone("second");
    second.run(&["b", "--ci"]).assert(1, &[]);
    second.assert_statuses(&[("a", "completed"), ("b", "failed"), ("c", "pending")]);
    // One that has done nothing, and only looked.
    let early = fleet.clone("early");
    early.run(&["c", "--ci"]).assert(4, &["waits for `b`, which is failed"]);
    early.assert_statuses(&[("a", "completed"), ("b", "failed"), ("c", "pending")]);
    let a = early.task("a");
    assert_eq!((&a["attempts"], &a["outcome"]), (&Value::from(1), &Value::from("completed")));
}

#[test]
fn a_base_is_the_very_commit_that_a_local_run_has_for_it() {
    let plan = PlanText::of(&["a", "b", "c", "d"]).edge("a", "c").edge("b", "c").edge("a", "d");
    let fleet = Fleet::new(&plan, WRITES);
    for task in ["b", "a", "d", "c"] {
        fleet.clone(task).run(&[task, "--ci"]).assert(0, &[]);
    }
    let local = fleet.clone("local");
    local.complete(&[]);
    for task in ["a", "b", "c", "d"] {
        for name in
            [format!("refs/blueprint/trial/bases/{task}/1"), format!("refs/heads/blueprint/trial/{task}")]
        {
            assert_eq!(fleet.git(&["rev-parse", &name]), local.git(&["rev-parse", &name]), "{name}");
        }
    }
}

#[test]
fn a_plan_that_somebody_works_at_as_a_whole_is_left_to_them_and_the_other_way_round() {
    let fleet = Fleet::new(&PlanText::of(&["a", "b"]), "== *\nwait-for go\nwrite {task}.txt {task}");
    let whole = fleet.clone("whole").start(&["run", "--ci"]);
    fleet.home.wait_for_starts(2);
    fleet.clone("job").run(&["a", "--ci"]).assert(5, &["the plan is being worked at"]);
    fleet.home.touch("go");
    whole.wait().assert(0, &[]);
    assert!(fleet.record("a").is_none());

    let fleet = Fleet::new(&PlanText::of(&["a", "b"]), "== *\nwait-for go\nwrite {task}.txt {task}");
    let job = fleet.clone("job").start(&["run", "a", "--ci"]);
    fleet.home.wait_for_starts(1);
    fleet.clone("whole").run(&["--ci"]).assert(5, &["a job is at work at task `a`"]);
    fleet.home.touch("go");
    job.wait().assert(0, &[]);
    // Then it goes on from what the job has done.
    fleet.clone("again").run(&["--ci"]).assert(0, &[]);
    assert_eq!(fleet.home.log().starts(), ["a", "b"]);
}

#[test]
fn of_a_whole_run_and_a_job_that_start_together_only_one_does_the_task() {
    for turn in 0..4_u64 {
        let fleet = Fleet::new(&PlanText::of(&["a", "b"]), "== *\nwrite {task}.txt {task}");
        let (whole, job) = (fleet.clone("whole"), fleet.clone("job"));
        let whole = whole.start(&["run", "--ci"]);
        std::thread::sleep(std::time::Duration::from_millis(40 * turn));
        let job = job.start(&["run", "b", "--ci"]);
        for ended in [whole.wait(), job.wait()] {
            assert!(matches!(ended.code, Some(0 | 5)), "{turn}: {ended}");
        }
        let log = fleet.home.log();
        let starts = log.starts();
        assert_eq!(starts.iter().filter(|task| **task == "b").count(), 1, "{turn}: {starts:?}");
        let last = fleet.clone("last");
        last.blueprint(&["run", "genesis.xml", "--ci"]).assert(0, &[]);
        last.blueprint(&["sync"]).assert(0, &["2 of 2 tasks are completed"]);
    }
}

#[test]
fn who_was_asleep_for_too_long_sees_that_the_plan_or_the_task_is_not_theirs_any_more() {
    let script = "== a #1\nwait-for go\nwrite a.txt slow\n== a\nwrite a.txt fast";
    for (slow, fast) in
        [(&["--ci", "--lease", "1s"][..], &["a", "--ci"][..]), (&["a", "--ci", "--lease", "1s"], &["--ci"])]
    {
        let fleet = Fleet::new(&PlanText::of(&["a"]), script);
        let asleep = fleet.clone("slow");
        let asleep = asleep.start(&[&["run"], slow].concat());
        fleet.home.wait_for_starts(1);
        asleep.signal(Signal::STOP);
        let other = fleet.clone("fast");
        let mut ended = other.run(fast);
        while ended.code == Some(5) {
            ended = other.run(fast);
        }
        ended.assert(0, &[]);
        asleep.signal(Signal::CONT);
        fleet.home.touch("go");
        let ended = asleep.wait();
        assert_ne!(ended.code, Some(0), "{slow:?}: {ended}");
        fleet.clone("sync").blueprint(&["sync"]).assert(0, &["1 of 1 tasks are completed"]);
        assert_eq!(fleet.git(&["show", "blueprint/trial/integration:a.txt"]), "fast");
    }
}

#[test]
fn what_jobs_do_where_a_run_has_begun_goes_on_from_there() {
    let fleet = Fleet::new(
        &PlanText::chain(&["a", "b"]),
        "== a\nwrite a.txt a\n== b #1\nexit 1\n== b\nwrite b.txt b",
    );
    fleet.clone("whole").run(&["--ci"]).assert(1, &[]);
    let job = fleet.clone("job");
    job.run(&["b", "--ci"]).assert(0, &[]);
    assert_eq!(outcomes(&fleet.record("b").unwrap()), ["failed", "completed"]);
    assert_eq!(fleet.home.log().starts(), ["a", "b", "b"]);
    fleet.clone("last").blueprint(&["sync"]).assert(0, &["2 of 2 tasks are completed"]);
}

#[test]
fn a_job_that_was_asleep_for_too_long_gives_way_to_the_one_that_took_over() {
    let fleet =
        Fleet::new(&PlanText::of(&["a"]), "== a #1\nwait-for go\nwrite a.txt slow\n== a\nwrite a.txt fast");
    let slow = fleet.clone("slow").start(&["run", "a", "--ci", "--lease", "1s"]);
    fleet.home.wait_for_starts(1);
    wait_until("the attempt in the record", || is_begun(&fleet, "a"), || format!("{:?}", fleet.record("a")));
    slow.signal(Signal::STOP);
    let fast = fleet.clone("fast");
    let mut ended = fast.run(&["a", "--ci"]);
    while ended.code == Some(5) {
        ended = fast.run(&["a", "--ci"]);
    }
    ended.assert(0, &[]);
    let record = fleet.record("a").unwrap();
    slow.signal(Signal::CONT);
    fleet.home.touch("go");
    slow.wait().assert(
        5,
        &["warning the claim on task `a` is lost", "in the remote; the run is ended", "error: the claim"],
    );
    assert_eq!(fleet.record("a").unwrap(), record);
    assert_eq!(fleet.git(&["show", "blueprint/trial/a:a.txt"]), "fast");
}

#[test]
fn what_the_remote_refuses_is_said_with_the_way_out() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    let clone = fleet.clone("first");
    fleet.refuse_pushes("no agents here");
    clone.run(&["a", "--ci"]).assert(74, &["refused the push: no agents here", "refs/blueprint/*"]);
    assert!(fleet.home.log().starts().is_empty());
    clone.git(&["remote", "set-url", "origin", "/nowhere at all"]);
    clone.run(&["a", "--ci"]).assert(74, &["can't reach remote `origin`", "git ls-remote"]);
    clone.run(&["a", "--ci", "--remote", "other"]).assert(2, &["there is no remote `other`"]);
}

#[test]
fn a_record_that_is_none_is_named_and_ends_nothing_but_itself() {
    let fleet = Fleet::new(&PlanText::of(&["a", "b"]), WRITES);
    fleet.clone("first").run(&["a", "--ci"]).assert(0, &[]);
    let main = fleet.git(&["rev-parse", "main"]);
    fleet.git(&["update-ref", "refs/blueprint/trial/records/b", &main]);
    fleet
        .clone("other")
        .run(&["b", "--ci"])
        .assert(74, &["the record `refs/blueprint/trial/records/b` can't be read"]);
    fleet.clone("sync").blueprint(&["sync"]).assert(4, &["refs/blueprint/trial/records/b", "1 of 2 tasks"]);
}

#[test]
fn a_job_that_is_cancelled_at_whatever_moment_leaves_its_task_free() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), "== *\nhang");
    for turn in 0..8_u64 {
        let clone = fleet.clone(&turn.to_string());
        let job = clone.start(&["run", "a", "--ci"]);
        std::thread::sleep(std::time::Duration::from_millis(60 * turn));
        job.signal(Signal::TERM);
        let ended = job.wait();
        assert_ne!(ended.code, Some(0), "{ended}");
        let record = fleet.record("a").unwrap_or_default();
        assert_eq!(record["claim"], Value::Null, "{turn}: {ended}");
        assert_ne!(record["status"], "in-progress", "{turn}: {ended}");
    }
}
