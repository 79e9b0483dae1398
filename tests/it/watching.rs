//! Whoever looks at a plan while it runs sees one state after another, each whole and each possible.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use blueprint::genesis::{Genesis, Status};
use serde_json::Value;

use crate::project::{PlanText, TestProject};

/// How often somebody looks.
const EVERY: Duration = Duration::from_millis(10);

/// Three levels of five; each task needs two of the level before.
fn levels() -> PlanText {
    let ids: Vec<_> = (0..15).map(|number| format!("t{number}")).collect();
    let names: Vec<_> = ids.iter().map(String::as_str).collect();
    (5..15).fold(PlanText::of(&names), |plan, number| {
        let before = number / 5 * 5 - 5;
        let needs = [before + number % 5, before + (number + 1) % 5];
        needs.into_iter().fold(plan, |plan, need| plan.edge(names[need], names[number]))
    })
}

/// Some end at once, some take a while, some are killed the first time.
const AGENTS: &str = "== t2 #1\nkill-self\n== t7 #1\nwrite half.txt x\nkill-self\n== t4\nsleep 150\nwrite t4.txt x\n\
    == t8\nsleep 80\nwrite t8.txt x\ncommit It\n== *\nsleep 20\nwrite {task}.txt x";

#[test]
fn status_shows_no_broken_and_no_impossible_state_to_who_looks_all_the_time() {
    let project = TestProject::new(&levels(), AGENTS);
    let mut watcher = Watcher::default();
    let mut run = project.start(&["run", "-j", "4"]);
    while watcher.completed() < 4 {
        watcher.look(&project);
        assert!(!run.is_over(), "{:?}", watcher.last);
    }
    run.kill();
    watcher.look(&project);
    let mut run = project.start(&["run", "-j", "4"]);
    while !run.is_over() {
        watcher.look(&project);
    }
    run.wait().assert(0, &[]);
    watcher.look(&project);
    assert_eq!(watcher.completed(), 15);
    assert!(watcher.looks > 20, "only {} looks", watcher.looks);
}

#[test]
fn who_reads_the_plan_file_itself_finds_it_whole_at_every_moment() {
    let project = TestProject::new(&levels(), AGENTS);
    let mut run = project.start(&["run", "-j", "4"]);
    let mut before: BTreeMap<String, Status> = BTreeMap::new();
    while !run.is_over() {
        let plan = Genesis::parse(std::fs::read(project.plan()).unwrap()).unwrap();
        assert!(plan.diagnostics().iter().all(|found| !found.is_error()), "{:?}", plan.diagnostics());
        for task in plan.tasks() {
            let was = before.insert(task.id.clone(), task.status).unwrap_or(Status::Pending);
            assert!(
                was != Status::Completed || task.status == was,
                "{} was {was}, is {}",
                task.id,
                task.status
            );
        }
        std::thread::sleep(EVERY);
    }
    run.wait().assert(0, &[]);
}

/// Somebody who looks again and again, and compares each look with the one before.
#[derive(Default)]
struct Watcher {
    looks: usize,
    last: BTreeMap<String, Value>,
}

impl Watcher {
    fn look(&mut self, project: &TestProject) {
        let begun = Instant::now();
        let ended = project.blueprint(&["status", "--format", "json"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended}");
        let status = ended.json();
        let tasks: BTreeMap<_, _> =
            array(&status["tasks"]).iter().map(|task| (text(&task["id"]).to_owned(), task.clone())).collect();
        assert_counts(&status);
        for task in tasks.values() {
            assert_possible(task, &tasks);
            if let Some(before) = self.last.get(text(&task["id"])) {
                assert_follows(before, task);
            }
        }
        self.last = tasks;
        self.looks += 1;
        std::thread::sleep(EVERY.saturating_sub(begun.elapsed()));
    }

    fn completed(&self) -> usize {
        self.last.values().filter(|task| task["status"] == "completed").count()
    }
}

/// Each task is counted once, as what it is.
fn assert_counts(status: &Value) {
    let counts = status["counts"].as_object().unwrap();
    let tasks = array(&status["tasks"]);
    assert_eq!(counts["total"], tasks.len(), "{status}");
    for (word, count) in counts.iter().filter(|(word, _)| *word != "total") {
        let is_so = |task: &&Value| text(&task["status"]).replace('-', "_") == *word;
        assert_eq!(*count, tasks.iter().filter(is_so).count(), "{word} in {status}");
    }
    let is_over = counts["completed"] == counts["total"];
    assert_eq!(status["plan"]["status"] == "completed", is_over, "{status}");
}

/// Nobody is at work whose prerequisites are not done; what is done has its work, its end and its attempt.
fn assert_possible(task: &Value, tasks: &BTreeMap<String, Value>) {
    let needs = array(&task["needs"]).iter().map(|need| &tasks[text(need)]);
    let is_under_way = task["status"] == "in-progress" || task["status"] == "completed";
    for need in needs.filter(|_| is_under_way) {
        assert_eq!(need["status"], "completed", "{need} is needed by {task}");
    }
    if task["status"] == "completed" {
        assert!(task["commit"].is_string() && task["ended"].is_string(), "{task}");
        assert_eq!((&task["outcome"], task["owner"].is_null()), (&"completed".into(), true), "{task}");
    }
    if task["status"] == "in-progress" {
        assert!(task["owner"]["alive"].is_boolean(), "{task}");
    }
    assert!(["pending", "in-progress", "completed"].contains(&text(&task["status"])), "{task}");
}

/// What is completed stays so, as the same work; attempts only get more; nobody is at work without an attempt that began.
fn assert_follows(before: &Value, task: &Value) {
    let attempts = |task: &Value| task["attempts"].as_u64().unwrap();
    assert!(attempts(before) <= attempts(task), "{before}, then {task}");
    if before["status"] == "completed" {
        assert_eq!(before, task);
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
