//! `blueprint sync`: what jobs of single tasks have left gets into the plan.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::Value;

use crate::project::{Fleet, INTEGRATION, PlanText, Running, TestProject};
use crate::wide::{assert_record, is_begun};

const WRITES: &str = "== *\nwrite {task}.txt what {task} made\nprint {task} is done";

/// Four at first, then what needs two of those, and so on.
const TASKS: [&str; 12] = ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "c2", "c3", "d"];
const NEEDS: [(&str, &str); 17] = [
    ("a1", "b1"),
    ("a2", "b1"),
    ("a2", "b2"),
    ("a3", "b2"),
    ("a3", "b3"),
    ("a4", "b3"),
    ("a1", "b4"),
    ("a4", "b4"),
    ("b1", "c1"),
    ("b2", "c1"),
    ("b3", "c2"),
    ("b4", "c2"),
    ("b1", "c3"),
    ("b4", "c3"),
    ("c1", "d"),
    ("c2", "d"),
    ("c3", "d"),
];
/// At once.
const JOBS: usize = 4;

/// A CI system: it starts the job of a task when those that it needs have succeeded, each in a fresh clone.
struct Ci<'a> {
    fleet: &'a Fleet,
    clones: Vec<TestProject>,
    done: BTreeSet<&'static str>,
    running: Vec<(&'static str, Running)>,
    /// Jobs that this has happened to already: once each.
    met: BTreeSet<&'static str>,
}

impl<'a> Ci<'a> {
    fn new(fleet: &'a Fleet) -> Self {
        Self { fleet, clones: Vec::new(), done: BTreeSet::new(), running: Vec::new(), met: BTreeSet::new() }
    }

    fn start(&mut self, task: &'static str) {
        let clone = self.fleet.clone(&format!("{} {task}", self.clones.len()));
        let lease = if task == "b2" { "1s" } else { "2m" };
        self.running.push((task, clone.start(&["run", task, "--ci", "--lease", lease])));
        self.clones.push(clone);
    }

    fn is_ready(&self, task: &str) -> bool {
        let is_open = !self.done.contains(task) && self.running.iter().all(|(other, _)| *other != task);
        let mut needs = NEEDS.iter().filter(|(_, after)| *after == task);
        is_open && needs.all(|(before, _)| self.done.contains(before))
    }

    fn start_ready(&mut self) {
        for task in TASKS {
            if self.running.len() < JOBS && self.is_ready(task) {
                self.start(task);
                // Somebody has pressed the button twice.
                if task == "c1" && self.met.insert(task) {
                    self.start(task);
                }
            }
        }
    }

    fn run(&mut self) {
        while self.done.len() < TASKS.len() {
            self.start_ready();
            let mut at = 0;
            while at < self.running.len() {
                let (task, running) = &mut self.running[at];
                let task = *task;
                if running.is_over() {
                    let (_, running) = self.running.remove(at);
                    self.end(task, running);
                } else if matches!(task, "b2" | "b4")
                    && !self.met.contains(task)
                    && is_begun(self.fleet, task)
                {
                    self.met.insert(task);
                    let (_, running) = self.running.remove(at);
                    self.break_off(task, running);
                } else {
                    at += 1;
                }
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The machine of one goes down; the other is cancelled.
    fn break_off(&self, task: &str, running: Running) {
        if task == "b2" {
            running.kill();
            return;
        }
        running.signal(Signal::TERM);
        running.wait().assert(143, &[]);
        assert_eq!(self.fleet.record(task).unwrap()["status"], "pending");
    }

    fn end(&mut self, task: &'static str, running: Running) {
        let ended = running.wait();
        match ended.code {
            Some(0) => drop(self.done.insert(task)),
            // Retried, as a person would.
            Some(1) => assert!(task == "a3" && self.met.insert(task), "{ended}"),
            // The other one has it; or the dead one is not known to be dead yet.
            Some(5) => assert!(["c1", "b2"].contains(&task), "{ended}"),
            _ => panic!("{task}: {ended}"),
        }
    }
}

#[test]
fn twelve_jobs_in_twelve_clones_come_to_what_one_run_comes_to_whatever_happens_to_them() {
    let plan = NEEDS.iter().fold(PlanText::of(&TASKS), |plan, (from, to)| plan.edge(from, to));
    let script = format!("{WRITES}\n== a3 #1\nexit 1\n== b2 #1\nhang\n== b4 #1\nhang");
    let fleet = Fleet::new(&plan, &script);
    Ci::new(&fleet).run();

    let last = fleet.clone("last");
    last.blueprint(&["sync"])
        .assert(0, &["12 of 12 tasks are completed", "note    saved in remote `origin`", "blueprint land"]);
    last.assert_journal();
    assert_nothing_lost(&fleet);
    assert_plan(&fleet);

    // Again, elsewhere and where it was done, it changes nothing.
    let before = fleet.git(&["for-each-ref"]);
    for clone in [&fleet.clone("again"), &last] {
        let again = clone.blueprint(&["sync"]);
        again.assert(0, &["note    remote `origin` has all of it already: nothing was pushed"]);
        assert!(!again.stderr.contains("note    saved in"), "{again}");
    }
    assert_eq!(fleet.git(&["for-each-ref"]), before);

    // One run of the whole plan.
    let local = fleet.clone("local");
    local.script(WRITES);
    local.complete(&[]);
    for task in TASKS {
        let tree = format!("refs/heads/blueprint/trial/{task}^{{tree}}");
        assert_eq!(fleet.git(&["rev-parse", &tree]), local.git(&["rev-parse", &tree]), "{task}");
    }
    let listed = ["ls-tree", "-r", INTEGRATION];
    assert_eq!(without_plan(&fleet.git(&listed)), without_plan(&local.git(&listed)));
}

/// Each task has its record, and the plan's journal has each fact of each.
fn assert_nothing_lost(fleet: &Fleet) {
    let journal = fleet.git(&["show", "refs/blueprint/trial/plan:journal.jsonl"]);
    let journal: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for task in TASKS {
        let record = fleet.record(task).unwrap();
        assert_record(&record);
        assert_eq!(
            (&record["status"], &record["claim"]),
            (&Value::from("completed"), &Value::Null),
            "{task}"
        );
        for fact in record["facts"].as_array().unwrap() {
            assert_eq!(journal.iter().filter(|line| *line == fact).count(), 1, "{fact:#}");
        }
        let merges = journal.iter().filter(|line| line["fact"] == "merged" && line["task"] == task);
        assert_eq!(merges.count(), 1, "{task}");
    }
    let completed = |task: &str| {
        let is_it =
            |line: &&Value| line["fact"] == "transition" && line["to"] == "completed" && line["task"] == task;
        journal.iter().filter(is_it).count()
    };
    assert!(TASKS.iter().all(|task| completed(task) == 1));
}

/// Whoever has nothing but the branch finds a plan that is complete.
fn assert_plan(fleet: &Fleet) {
    let reader = fleet.clone("reader");
    reader.git(&["checkout", "--quiet", "origin/blueprint/trial/integration"]);
    reader.blueprint(&["validate", "--strict"]).assert(0, &[]);
    let all: Vec<_> = TASKS.iter().map(|task| (*task, "completed")).collect();
    reader.assert_statuses(&all);
    // The one that failed, the one that died and the one that was cancelled have two attempts each.
    for (task, attempts) in [("a1", 1), ("a3", 2), ("b2", 2), ("b4", 2), ("c1", 1), ("d", 1)] {
        assert_eq!(reader.events_in_plan(task, "in-progress"), attempts, "{task}");
    }
    let merges = reader.git(&["log", "--first-parent", "--format=%s", "origin/blueprint/trial/integration"]);
    assert_eq!(merges.lines().filter(|line| line.starts_with("Merge task")).count(), 12, "{merges}");
}

fn without_plan(listed: &str) -> String {
    listed.lines().filter(|line| !line.ends_with("\tgenesis.xml")).collect::<Vec<_>>().join("\n")
}

#[test]
fn work_of_two_jobs_that_conflicts_waits_for_a_run_in_which_an_agent_resolves_it() {
    let script = "== *\nwrite same.txt by {task}\n== b #2\nwrite same.txt by both";
    let fleet = Fleet::new(&PlanText::of(&["a", "b", "c"]).edge("a", "c").edge("b", "c"), script);
    fleet.clone("a").run(&["a", "--ci"]).assert(0, &[]);
    fleet.clone("b").run(&["b", "--ci"]).assert(0, &[]);
    // What needs both can't begin.
    fleet
        .clone("c")
        .run(&["c", "--ci"])
        .assert(4, &["task `c` can't begin: the work of `b` conflicts", "same.txt"]);
    assert!(fleet.record("c").is_none());
    let sync = fleet.clone("sync");
    sync.blueprint(&["sync"]).assert(4, &["blocked b: its work conflicts", "same.txt", "1 of 3", "run"]);
    sync.assert_statuses(&[("a", "completed"), ("b", "blocked"), ("c", "pending")]);
    let b = sync.task("b");
    assert_eq!(b["outcome"], "merge-conflict");
    sync.blueprint(&["sync"]).assert(4, &[]);
    // The agent resolves the conflict, in a second attempt that is none at the task; then the rest is done.
    let whole = fleet.clone("whole");
    whole.script("== *\nwrite same.txt by a\\nby b\n== c\nwrite c.txt c");
    whole.run(&["--ci"]).assert(0, &[]);
    assert_eq!(fleet.git(&["show", &format!("{INTEGRATION}:same.txt")]), "by a\nby b");
    whole.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "completed")]);
    assert_eq!(fleet.home.log().starts(), ["a", "b", "b", "c"]);
    fleet.clone("last").blueprint(&["sync"]).assert(0, &["3 of 3"]);
}

#[test]
fn a_clone_that_is_used_for_one_job_after_the_other_is_as_good_as_fresh_ones() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b", "c"]), WRITES);
    let runner = fleet.clone("runner");
    runner.run(&["a", "--ci"]).assert(0, &[]);
    fleet.clone("elsewhere").run(&["b", "--ci"]).assert(0, &[]);
    fleet.clone("early").blueprint(&["sync"]).assert(4, &["2 of 3"]);
    // What blueprint has written there itself is nobody's change, and what others have done was not missed.
    for (arguments, said) in
        [(["run", "c", "--ci"].as_slice(), ""), (&["sync"], "3 of 3"), (&["run", "--ci"], "")]
    {
        let ended = runner.blueprint(arguments);
        ended.assert(0, &[said]);
        for wrong in ["was changed since", "had missed", "WARN"] {
            assert!(!ended.stderr.contains(wrong), "{ended}");
        }
    }
    runner.assert_journal();
    assert_eq!(fleet.home.log().starts(), ["a", "b", "c"]);
    // And what is there is a state that any other clone goes on from.
    fleet.clone("last").run(&["--ci"]).assert(0, &[]);
}

#[test]
fn what_a_dead_job_has_begun_is_pending_again_and_what_a_live_one_does_is_left_to_it() {
    let fleet = Fleet::new(&PlanText::of(&["dead", "live"]), "== *\nwait-for go\nwrite {task}.txt x");
    let dead = fleet.clone("dead").start(&["run", "dead", "--ci", "--lease", "1s"]);
    let live = fleet.clone("live").start(&["run", "live", "--ci"]);
    fleet.home.wait_for_starts(2);
    crate::project::wait_until(
        "both records",
        || is_begun(&fleet, "dead") && is_begun(&fleet, "live"),
        String::new,
    );
    dead.kill();
    let sync = fleet.clone("sync");
    let says_pending = || {
        sync.blueprint(&["sync"]).assert(4, &[]);
        sync.task("dead")["status"] == "pending"
    };
    crate::project::wait_until("the claim to be over", says_pending, String::new);
    assert_eq!(sync.task("live")["status"], "in-progress");
    assert!(sync.blueprint(&["sync"]).stderr.contains("jobs are at work at live"));
    fleet.home.touch("go");
    live.wait().assert(0, &[]);
    sync.blueprint(&["sync"]).assert(4, &["1 of 2"]);
    sync.assert_statuses(&[("dead", "pending"), ("live", "completed")]);
}

#[test]
fn where_nobody_has_done_anything_there_is_nothing_to_fold_in() {
    let fleet = Fleet::new(&PlanText::of(&["a"]), WRITES);
    fleet.clone("first").blueprint(&["sync"]).assert(4, &["0 of 1 tasks are completed"]);
    assert_eq!(fleet.refs("refs/heads"), ["refs/heads/main"]);
}

#[test]
fn what_was_folded_in_lands_in_the_branch_that_the_plan_started_from() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    for task in ["a", "b"] {
        fleet.clone(task).run(&[task, "--ci"]).assert(0, &[]);
    }
    let laptop = fleet.clone("laptop");
    laptop.blueprint(&["sync"]).assert(0, &[]);
    laptop.blueprint(&["land"]).assert(0, &[]);
    assert_eq!(laptop.files("main"), ["README.md", "a.txt", "b.txt", "blueprint.toml", "genesis.xml"]);
    assert_eq!(laptop.show("main", "genesis.xml"), laptop.read("genesis.xml").trim_end());
    assert_eq!(laptop.git(&["status", "--porcelain"]), "");
}
