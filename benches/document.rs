//! How fast a plan is scanned, loaded and changed, against the least that could be done: `cargo bench --bench document`.
//!
//! Times depend on the machine; the ratios are what counts.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a program that prints figures for people, and may end at what goes wrong"
)]

mod plans;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use blueprint::genesis::{EditError, Genesis, Status, Transition, well_formed};
use blueprint::store::{KnownPlan, PlanFile};
use jiff::Timestamp;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In the environment of a child that measures its own memory: the plan that it loads.
const LOAD: &str = "BENCH_LOAD";

fn main() {
    if let Some(path) = std::env::var_os(LOAD) {
        return peak_of_loading(Path::new(&path));
    }
    println!("scan and load; `x` is against the parser that cuts the text into tokens and does nothing else");
    println!(
        "{:>8} {:>9} {:>12} {:>12} {:>12} {:>8} {:>8}",
        "tasks", "MB", "tokens MB/s", "scan MB/s", "load MB/s", "scan x", "load x"
    );
    [4, 1_000, 10_000, 100_000].into_iter().for_each(speed);
    println!("\nmemory of a process that loads a plan (scan, view, checks, graph), most at any time");
    println!("{:>8} {:>9} {:>9} {:>14}", "tasks", "MB", "peak MB", "peak / file");
    [1_000, 10_000, 100_000].into_iter().for_each(memory);
    for place in places() {
        println!(
            "\none transition of a run, saved, in {}; `x` is against writing the same bytes, fdatasync, rename, fsync of the folder",
            place.display()
        );
        println!("{:>8} {:>10} {:>10} {:>7}", "tasks", "floor ms", "saved ms", "x");
        for tasks in [4, 1_000, 10_000] {
            transition(&place, tasks);
        }
    }
}

/// A folder on disk and one in memory.
fn places() -> Vec<std::path::PathBuf> {
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
    let memory = Path::new("/dev/shm").to_owned();
    [disk, memory].into_iter().filter(|place| place.is_dir()).collect()
}

fn speed(tasks: usize) {
    let text = plans::plan(tasks);
    let megabytes = text.len() as f64 / 1e6;
    let tokens = best(|| cut(&text));
    let scan = best(|| well_formed(&text).unwrap());
    let load = best(|| load(text.clone()));
    let rate = |time: Duration| megabytes / time.as_secs_f64();
    let against = |time: Duration| time.as_secs_f64() / tokens.as_secs_f64();
    println!(
        "{tasks:>8} {megabytes:>9.3} {:>12.0} {:>12.0} {:>12.0} {:>8.2} {:>8.2}",
        rate(tokens),
        rate(scan),
        rate(load),
        against(scan),
        against(load)
    );
}

/// The parser alone: what no scan can be faster than.
fn cut(text: &str) -> usize {
    let mut reader = Reader::from_str(text);
    let mut events = 0;
    while !matches!(reader.read_event().unwrap(), Event::Eof) {
        events += 1;
    }
    events
}

fn load(text: String) -> usize {
    let genesis = Genesis::parse(text.into_bytes()).unwrap();
    blueprint::plan::load(&genesis).unwrap().len()
}

/// In a process of its own, that has done nothing else.
fn memory(tasks: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genesis.xml");
    fs::write(&path, plans::plan(tasks)).unwrap();
    print!("{tasks:>8} ");
    std::io::stdout().flush().unwrap();
    assert!(Command::new(std::env::current_exe().unwrap()).env(LOAD, path).status().unwrap().success());
}

fn peak_of_loading(path: &Path) {
    let size = fs::metadata(path).unwrap().len() as f64 / 1e6;
    black_box(load(fs::read_to_string(path).unwrap()));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: f64 = peak.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1e3;
    println!("{size:>9.3} {peak:>9.1} {:>14.2}", peak / size);
}

fn transition(place: &Path, tasks: usize) {
    let folder = tempfile::tempdir_in(place).unwrap();
    let path = folder.path().join("genesis.xml");
    let text = plans::plan(tasks);
    fs::write(&path, &text).unwrap();
    let file = PlanFile::new(&path, folder.path().join("lock")).unwrap();
    let mut known = KnownPlan::read(file).unwrap();
    let id = plans::id(tasks - 1);
    let mut forth = true;
    let mut save = || {
        forth = !forth;
        let to = if forth { Status::InProgress } else { Status::Pending };
        known.commit(|genesis| -> Result<_, EditError> { genesis.transition(&change(&id, to)) }).unwrap();
    };
    // In turns: what disturbs one disturbs the other as well.
    let (mut floor, mut saved) = (Duration::MAX, Duration::MAX);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        floor = floor.min(timed(|| replace(folder.path(), text.as_bytes())));
        saved = saved.min(timed(&mut save));
    }
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{tasks:>8} {:>10.2} {:>10.2} {:>7.2}",
        milliseconds(floor),
        milliseconds(saved),
        saved.as_secs_f64() / floor.as_secs_f64()
    );
}

fn change(task: &str, to: Status) -> Transition<'_> {
    let at = Timestamp::UNIX_EPOCH;
    Transition { task, to, at, actor: "bench", description: "changed", changes: None, result: None }
}

/// What any save that is atomic and durable has to do.
fn replace(folder: &Path, bytes: &[u8]) {
    let (new, target) = (folder.join("new"), folder.join("floor.xml"));
    let mut file = File::create(&new).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_data().unwrap();
    fs::rename(&new, target).unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The shortest of many: noise only ever adds.
fn best<T>(mut work: impl FnMut() -> T) -> Duration {
    let began = Instant::now();
    let mut best = Duration::MAX;
    let mut runs = 0;
    while runs < 5 || began.elapsed() < Duration::from_millis(800) && runs < 2_000 {
        let start = Instant::now();
        black_box(work());
        best = best.min(start.elapsed());
        runs += 1;
    }
    best
}
