//! How much a run costs beside the processes that it starts: `cargo bench --bench schedule`.
//!
//! A plan of many tasks that do nothing is run without isolation, against a loop that does no more than start the same program as often,
//! as many at once. Both are measured here, in turns. Times depend on the machine; the ratios are what counts.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a program that prints figures for people, and may end at what goes wrong"
)]

mod graphs;

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use graphs::Graph;
use tempfile::TempDir;

/// How many at once, in a graph that has room for them.
const JOBS: usize = 8;
const ROUNDS: usize = 3;
const PROGRAM: &str = "/bin/true";

fn main() {
    let has_ninja = Command::new("ninja").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !has_ninja {
        println!("ninja is not installed: nothing to compare with");
    }
    // Nothing is deleted before the end: for a while after files were deleted a disk that is told what is free (`discard`) takes ten times
    // as long for everything, and who comes next would have to pay for it.
    let mut used = Vec::new();
    for place in places() {
        println!("\n{PROGRAM} as every task, in {}; `x` is against the floor", place.folder.display());
        println!(
            "{:>16} {:>7} {:>10} {:>10} {:>6} {:>10} {:>8}",
            "graph", "tasks", "floor us", "run us", "x", "ninja us", "peak MB"
        );
        measure(&place, &Graph::chain(1_000), 1, has_ninja, &mut used);
        measure(&place, &Graph::layers(100, 100, 3), JOBS, has_ninja, &mut used);
    }
}

/// Where a plan and its state lie.
struct Place {
    folder: PathBuf,
    /// On a disk that loses what was not synced, the floor syncs, too.
    syncs: bool,
}

fn places() -> Vec<Place> {
    let memory = Place { folder: PathBuf::from("/dev/shm"), syncs: false };
    let disk = Place { folder: Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(), syncs: true };
    [memory, disk].into_iter().filter(|place| place.folder.is_dir()).collect()
}

fn measure(place: &Place, graph: &Graph, jobs: usize, has_ninja: bool, used: &mut Vec<TempDir>) {
    let (mut floor, mut run, mut ninja, mut peak) = (Duration::MAX, Duration::MAX, None, 0.0);
    for _ in 0..ROUNDS {
        floor = floor.min(floor_of(place, graph.len(), jobs, used));
        let scene = Scene::new(&place.folder, graph);
        let (took, most) = scene.run(jobs);
        (run, peak) = (run.min(took), f64::max(peak, most));
        if has_ninja {
            let took = scene.ninja(graph, jobs);
            ninja = Some(ninja.map_or(took, |best: Duration| best.min(took)));
        }
        used.push(scene.folder);
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / graph.len() as f64;
    let ninja = ninja.map_or_else(|| "-".to_owned(), |time| format!("{:.0}", each(time)));
    println!(
        "{:>16} {:>7} {:>10.0} {:>10.0} {:>6.2} {ninja:>10} {peak:>8.1}",
        graph.name,
        graph.len(),
        each(floor),
        each(run),
        run.as_secs_f64() / floor.as_secs_f64()
    );
}

/// Starts the program so often, so many at once, and does nothing else; but for 200 bytes a time, synced, where that makes a difference.
fn floor_of(place: &Place, tasks: usize, jobs: usize, used: &mut Vec<TempDir>) -> Duration {
    let folder = tempfile::tempdir_in(&place.folder).unwrap();
    let mut journal =
        OpenOptions::new().create(true).append(true).open(folder.path().join("journal")).unwrap();
    let mut running = VecDeque::<Child>::new();
    let began = Instant::now();
    for _ in 0..tasks {
        if running.len() == jobs {
            end(&mut running, &mut journal, place.syncs);
        }
        running.push_back(start());
    }
    while !running.is_empty() {
        end(&mut running, &mut journal, place.syncs);
    }
    let took = began.elapsed();
    used.push(folder);
    took
}

/// By `posix_spawn`, which nothing here keeps from being used.
fn start() -> Child {
    let mut command = Command::new(PROGRAM);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().unwrap()
}

fn end(running: &mut VecDeque<Child>, journal: &mut File, syncs: bool) {
    assert!(running.pop_front().unwrap().wait().unwrap().success());
    if syncs {
        journal.write_all(&[b'.'; 200]).unwrap();
        journal.sync_data().unwrap();
    }
}

/// A repository with a plan.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new(place: &Path, graph: &Graph) -> Self {
        let scene = Self { folder: tempfile::tempdir_in(place).unwrap() };
        scene.write("genesis.xml", &graph.plan());
        let config = format!(
            "isolation = \"none\"\nrunner = \"true\"\n[runners.true]\nkind = \"command\"\ncommand = [\"{PROGRAM}\"]\n"
        );
        scene.write("blueprint.toml", &config);
        scene.git(&["init", "--quiet"]);
        scene.git(&["add", "--all"]);
        scene.git(&[
            "-c",
            "user.name=b",
            "-c",
            "user.email=b@example.invalid",
            "commit",
            "--quiet",
            "-m",
            "b",
        ]);
        scene
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        assert!(self.command("git").args(arguments).status().unwrap().success());
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", self.folder.path());
        command.current_dir(self.folder.path());
        command
    }

    /// How long the whole program takes, and the most memory that it had, in MB.
    fn run(&self, jobs: usize) -> (Duration, f64) {
        let began = Instant::now();
        let mut command = self.command(env!("CARGO_BIN_EXE_blueprint"));
        command.args(["run", "genesis.xml", "--progress", "none", "-j", &jobs.to_string()]);
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        let watch = std::thread::spawn(move || peak_of(pid));
        assert!(child.wait().unwrap().success(), "the run failed");
        (began.elapsed(), watch.join().unwrap())
    }

    fn ninja(&self, graph: &Graph, jobs: usize) -> Duration {
        self.write("build.ninja", &graph.ninja(PROGRAM));
        let began = Instant::now();
        let mut command = self.command("ninja");
        command.args(["--quiet", "-j", &jobs.to_string()]).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
        began.elapsed()
    }
}

/// The most memory that a process had until it was over, in MB, as far as was seen a moment before its end.
fn peak_of(pid: u32) -> f64 {
    let mut peak = 0.0;
    while let Ok(text) = fs::read_to_string(format!("/proc/{pid}/status")) {
        let most = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(most) = most.and_then(|most| most.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
        else {
            break;
        };
        peak = most / 1e3;
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}
