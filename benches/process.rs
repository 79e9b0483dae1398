//! How long whole processes take, each against what it replaces, run in turns: `cargo bench --bench process`.
//!
//! Needs `xmlstarlet` for the first table. Times depend on the machine; the ratios are what counts.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a program that prints figures for people, and may end at what goes wrong"
)]

mod plans;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    if Command::new("xmlstarlet").arg("--version").stdout(Stdio::null()).status().is_ok() {
        for place in places() {
            against_xmlstarlet(&place);
        }
        status_of_all();
    } else {
        println!("xmlstarlet is not installed: nothing to compare `task done` and `status` with");
    }
    println!("\n`status TASK --format json` against `/bin/true`");
    println!("{:>8} {:>9} {:>9} {:>6}", "tasks", "true ms", "ms", "x");
    [4, 1_000].into_iter().for_each(status);
    println!("\nhow time grows with the plan; `x` is per task, against 1,000 tasks");
    println!(
        "{:>8} {:>12} {:>6} {:>12} {:>6} {:>12} {:>6}",
        "tasks", "validate ms", "x", "next ms", "x", "task done ms", "x"
    );
    growth();
}

/// A folder on disk and one in memory.
fn places() -> Vec<PathBuf> {
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
    [disk, PathBuf::from("/dev/shm")].into_iter().filter(|place| place.is_dir()).collect()
}

fn against_xmlstarlet(place: &Path) {
    println!("\n`task done` against three calls of xmlstarlet, which sync nothing, in {}", place.display());
    println!("{:>8} {:>13} {:>9} {:>6}", "tasks", "xmlstarlet ms", "ms", "x");
    for tasks in [4, 1_000, 10_000] {
        let scene = Scene::new(place, tasks);
        let [theirs, ours] =
            in_turns([&mut || scene.three_calls(), &mut || scene.blueprint(&["task", "done"])], || {
                scene.reset();
            });
        println!(
            "{tasks:>8} {:>13.1} {:>9.1} {:>6.1}",
            ms(theirs),
            ms(ours),
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }
}

fn status(tasks: usize) {
    let scene = Scene::new(&places()[0], tasks);
    let mut theirs = || assert!(Command::new("/bin/true").status().unwrap().success());
    let [theirs, ours] = in_turns([&mut theirs, &mut || scene.blueprint(&["status"])], || {});
    println!(
        "{tasks:>8} {:>9.2} {:>9.2} {:>6.1}",
        ms(theirs),
        ms(ours),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

/// A line a task, with what it is called, who does it, what it needs, how it stands and what came of it.
fn status_of_all() {
    println!("\n`status` of all tasks against `xmlstarlet sel` of the same facts");
    println!(
        "{:>8} {:>13} {:>9} {:>6} {:>9} {:>6}",
        "tasks", "xmlstarlet ms", "human ms", "x", "json ms", "x"
    );
    for tasks in [1_000, 10_000] {
        let scene = Scene::new(&places()[0], tasks);
        let [theirs, human, json] = in_turns(
            [&mut || scene.select(), &mut || scene.status_of_all("human"), &mut || {
                scene.status_of_all("json");
            }],
            || {},
        );
        let times = |ours: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
        println!(
            "{tasks:>8} {:>13.1} {:>9.1} {:>6.1} {:>9.1} {:>6.1}",
            ms(theirs),
            ms(human),
            times(human),
            ms(json),
            times(json)
        );
    }
}

fn growth() {
    let mut first = None;
    for tasks in [1_000, 10_000, 100_000] {
        let scene = Scene::new(&places()[0], tasks);
        let times = in_turns(
            [&mut || scene.blueprint(&["validate"]), &mut || scene.blueprint(&["next"]), &mut || {
                scene.blueprint(&["task", "done"]);
            }],
            || scene.reset(),
        );
        let per_task = times.map(|time| ms(time) / tasks as f64);
        let base = *first.get_or_insert(per_task);
        print!("{tasks:>8}");
        for ((time, per_task), base) in times.into_iter().zip(per_task).zip(base) {
            print!(" {:>12.1} {:>6.2}", ms(time), per_task / base);
        }
        println!();
    }
}

/// A plan in a folder of its own.
struct Scene {
    folder: tempfile::TempDir,
    text: String,
    task: String,
}

impl Scene {
    fn new(place: &Path, tasks: usize) -> Self {
        let folder = tempfile::tempdir_in(place).unwrap();
        let scene = Self { folder, text: plans::plan(tasks), task: plans::id(tasks - 1) };
        scene.reset();
        scene
    }

    fn plan(&self) -> PathBuf {
        self.folder.path().join("genesis.xml")
    }

    fn reset(&self) {
        fs::write(self.plan(), &self.text).unwrap();
    }

    fn blueprint(&self, verb: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blueprint"));
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path()).args(verb);
        match verb {
            ["task", ..] => {
                command.args(["--task", &self.task, "--summary", "it works", "--genesis"]).arg(self.plan())
            }
            ["status"] => command.arg(self.plan()).args([&self.task, "--format", "json"]),
            _ => command.arg(self.plan()),
        };
        succeed(&mut command);
    }

    fn status_of_all(&self, format: &str) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blueprint"));
        command.env_clear().env("HOME", self.folder.path()).current_dir(self.folder.path());
        succeed(command.args(["status", "--format", format]).arg(self.plan()));
    }

    fn select(&self) {
        let facts = [
            "@id",
            "name",
            "assignedAgent",
            "dependencies",
            "statusHistory/event[last()]/status",
            "result/summary",
        ];
        let mut command = Command::new("xmlstarlet");
        command.args(["sel", "-t", "-m", "//task"]);
        for fact in facts {
            command.args(["-v", fact, "-o", "\t"]);
        }
        succeed(command.arg("-n").arg(self.plan()));
    }

    /// What an agent is told to do by hand: an event, the list, the time.
    fn three_calls(&self) {
        let history = format!("//task[@id='{}']/statusHistory", self.task);
        let event = format!("{history}/event[last()]");
        self.xmlstarlet(&[
            "-s",
            &history,
            "-t",
            "elem",
            "-n",
            "event",
            "-v",
            "",
            "-s",
            &event,
            "-t",
            "elem",
            "-n",
            "timestamp",
            "-v",
            "2026-01-01T00:00:00Z",
            "-s",
            &event,
            "-t",
            "elem",
            "-n",
            "status",
            "-v",
            "completed",
        ]);
        let entry = format!("//statusTracker/inProgress/taskRef[@id='{}']", self.task);
        self.xmlstarlet(&["-m", &entry, "//statusTracker/completed"]);
        self.xmlstarlet(&["-u", "//metadata/lastUpdatedAt", "-v", "2026-01-01T00:00:00Z"]);
    }

    fn xmlstarlet(&self, edit: &[&str]) {
        succeed(Command::new("xmlstarlet").args(["ed", "-L"]).args(edit).arg(self.plan()));
    }
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The shortest time of each, one after another, many times: what disturbs one disturbs the others as well.
fn in_turns<const N: usize>(mut works: [&mut dyn FnMut(); N], between: impl Fn()) -> [Duration; N] {
    let began = Instant::now();
    let mut best = [Duration::MAX; N];
    let mut rounds = 0;
    while rounds < 5 || began.elapsed() < Duration::from_secs(4) && rounds < 500 {
        for (work, best) in works.iter_mut().zip(&mut best) {
            between();
            let start = Instant::now();
            work();
            *best = start.elapsed().min(*best);
        }
        rounds += 1;
    }
    best
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
