//! Everything that can be killed is, at random, and what is written fails at random: in the end each task is done once.
//!
//! `CHAOS=1000` has that many rounds, `CHAOS_SEED=17` begins with that one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;

use crate::project::{BLUEPRINT, Ended, INTEGRATION, PlanText, Running, TestProject, kill};
use crate::refused_writes::on_small_disk;

const TASKS: usize = 60;
/// Rounds of a normal test run.
const FEW: u64 = 20;
/// Of all writes of plan, journal and state while they fail, out of a thousand.
const FAULTS_PER_MILLE: u64 = 8;
/// How long a round may be disturbed.
const DISTURBED: Duration = Duration::from_secs(2);

/// Agents of all sorts, by turns. What each task comes to is the same: one line in a file of its own.
const AGENTS: [&str; 6] = [
    "write {task}.txt done\ncommit Do it",
    "sleep 40\nwrite {task}.txt done",
    "write {task}.txt half\ncommit Half of it\nsleep 30\nwrite {task}.txt done\ncommit The rest",
    "child\nwrite {task}.txt done",
    "ignore-term\nsleep 60\nwrite {task}.txt done\ncommit Do it",
    "spam 1\nwrite {task}.txt done\nsleep 10\nblueprint task|done|--summary|said so",
];

#[test]
fn whatever_is_killed_and_whatever_is_not_written_each_task_is_done_once_in_the_end() {
    let seeds = Mutex::new(seeds());
    let next = || seeds.lock().unwrap().next();
    // Rounds wait a lot: two at once use two cores well.
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| std::iter::from_fn(next).for_each(play));
        }
    });
}

fn play(seed: u64) {
    let begun = Instant::now();
    let round = Round::new(seed);
    let told = round.disturb();
    round.finish(&told);
    eprintln!("seed {seed}: {:?}, {}", begun.elapsed(), told.join(" "));
}

/// Disks get full while git writes, too, and while agents do.
#[test]
fn however_often_the_disk_is_full_each_task_is_done_once_in_the_end() {
    let ids: Vec<_> = (0..12).map(|number| format!("t{number}")).collect();
    let names: Vec<_> = ids.iter().map(String::as_str).collect();
    let plan = (4..12).fold(PlanText::of(&names), |plan, number| plan.edge(names[number - 4], names[number]));
    let work = "write {task}.txt half\ncommit Half of it\nsleep 20\nwrite {task}.txt done";
    let project = TestProject::new(&plan, &format!("== *\n{work}"));
    let script = "
        for room in 0 4 8 16 32 64 128 256 512 1024; do
            blueprint run --rerun-failed &
            run=$!
            sleep 0.$((room % 7 + 1))
            fill_but $room
            wait $run
            case $? in 0|1|74) ;; *) echo \"$room: $?\" >> \"$results\" ;; esac
            rm ../filler
        done
        blueprint run --rerun-failed || blueprint run --rerun-failed
        echo $? >> \"$results\"
        git fsck --strict --no-dangling && echo whole >> \"$results\"
        git log --first-parent --format='%(trailers:key=Blueprint-Task,valueonly)' blueprint/trial/integration |
            sort | uniq -c | awk '$2 { print $1 }' | sort | uniq -c >> \"$results\"
        git grep -c '^done$' blueprint/trial/integration -- 't*.txt' | grep -c ':1$' >> \"$results\"
        blueprint validate --strict && echo valid >> \"$results\"";
    let Some(results) = on_small_disk(&project, script) else { return };
    let words: Vec<_> = results.split_whitespace().collect();
    assert_eq!(words, ["0", "whole", "12", "1", "12", "valid"], "each of 12 merged once, as it was to be");
    project.assert_no_process_left();
}

fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("CHAOS_SEED").unwrap_or(1);
    first..first + number("CHAOS").unwrap_or(FEW)
}

/// Says which seed it was if the test fails.
struct Round {
    seed: u64,
    project: TestProject,
    ids: Vec<String>,
}

impl Drop for Round {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("CHAOS_SEED={} CHAOS=1 shows it again, as far as the machine allows", self.seed);
        }
    }
}

impl Round {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let ids: Vec<_> = (0..TASKS).map(|number| format!("t{number}")).collect();
        let names: Vec<_> = ids.iter().map(String::as_str).collect();
        let mut plan = PlanText::of(&names);
        for (number, id) in names.iter().enumerate().skip(8) {
            let before: BTreeSet<_> = (0..rng.usize(0..3)).map(|_| rng.usize(0..number)).collect();
            plan = before.into_iter().fold(plan, |plan, before| plan.edge(names[before], id));
        }
        let script: Vec<_> =
            ids.iter().map(|id| format!("== {id}\n{}\n", AGENTS[rng.usize(..AGENTS.len())])).collect();
        let project = TestProject::new(&plan, &script.concat());
        project.configure("env-pass = [\"FAKE_AGENT_*\", \"GIT_CONFIG_*\", \"BLUEPRINT_FAULTS\"]\njobs = 8");
        Self { seed, project, ids }
    }

    /// Runs it again and again, and is in the way of it; what was done, in a word each.
    fn disturb(&self) -> Vec<String> {
        let mut rng = Rng::with_seed(self.seed);
        let mut told = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < DISTURBED {
            let faults = rng.bool().then(|| format!("{}:{FAULTS_PER_MILLE}", rng.u32(..)));
            let mut run = self.start(faults.as_deref());
            let mut blows = Vec::new();
            for _ in 0..rng.usize(1..4) {
                sleep(Duration::from_millis(rng.u64(50..400)));
                let blow = Blow::ALL[rng.usize(..Blow::ALL.len())];
                self.strike(blow, &mut run, &mut rng);
                blows.push(format!("{blow:?}"));
            }
            let end = if run.is_over() { run.wait().told() } else { String::from("cut") };
            told.push(format!("{}{}={end}", blows.join("+"), faults.map_or("", |_| "/faults")));
        }
        told
    }

    fn start(&self, faults: Option<&str>) -> Running {
        let mut command = self.project.command(BLUEPRINT);
        command.args(["run", "--rerun-failed"]);
        Running::start(command.envs(faults.map(|faults| ("BLUEPRINT_FAULTS", faults))))
    }

    fn strike(&self, blow: Blow, run: &mut Running, rng: &mut Rng) {
        let some_of = |kind: Kind, rng: &mut Rng| {
            let mut there = self.processes(kind);
            rng.shuffle(&mut there);
            there.truncate(rng.usize(1..3));
            there.into_iter().for_each(kill);
        };
        match blow {
            Blow::Nobody => {}
            Blow::Run => kill(run.pid()),
            Blow::Agents => some_of(Kind::Agent, rng),
            Blow::Supervisors => some_of(Kind::Supervisor, rng),
            Blow::Programs => some_of(Kind::Other, rng),
            Blow::RunAndAgents => {
                kill(run.pid());
                some_of(Kind::Agent, rng);
            }
            Blow::RunAndSupervisors => {
                kill(run.pid());
                some_of(Kind::Supervisor, rng);
            }
            Blow::Everybody => self.project.processes().into_iter().for_each(kill),
            Blow::Terms => {
                for _ in 0..rng.u8(1..6) {
                    if !run.is_over() {
                        run.signal(if rng.bool() { Signal::TERM } else { Signal::INT });
                    }
                    sleep(Duration::from_millis(rng.u64(..20)));
                }
            }
        }
    }

    fn processes(&self, kind: Kind) -> Vec<u32> {
        let mut processes = self.project.processes();
        processes.retain(|pid| Kind::of(*pid) == kind);
        processes
    }

    /// A last run that nobody disturbs, and what has to be so after it.
    fn finish(&self, told: &[String]) {
        let mut ended = self.start(None).wait();
        if ended.code == Some(1) {
            // An agent whose git was killed has failed by its own word, whoever hears that first.
            ended = self.start(None).wait();
        }
        assert_eq!(ended.code, Some(0), "{told:?}: {ended}\n{:#?}", self.undone());
        let project = &self.project;
        project.assert_no_process_left();
        project.blueprint(&["validate", "--strict"]).assert(0, &[]);
        project.assert_journal();
        self.assert_done_once();
        self.assert_merged_once();
        self.assert_nothing_stale();
    }

    /// What the journal has of tasks that are not completed.
    fn undone(&self) -> Vec<String> {
        let journal = self.project.journal();
        let undone = self.project.statuses().into_iter().filter(|(_, status)| status != "completed");
        let undone: BTreeSet<_> = undone.map(|(id, _)| id).collect();
        let is_meant =
            |record: &&serde_json::Value| record["task"].as_str().is_some_and(|id| undone.contains(id));
        journal.iter().filter(is_meant).map(ToString::to_string).collect()
    }

    fn assert_done_once(&self) {
        let mut completed: BTreeMap<_, usize> = BTreeMap::new();
        for record in self.project.journal() {
            if record["fact"] == "transition" && record["to"] == "completed" {
                *completed.entry(record["task"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        let expected: BTreeMap<_, _> = self.ids.iter().map(|id| (id.clone(), 1)).collect();
        assert_eq!(completed, expected, "completed in the journal");
        for id in &self.ids {
            assert_eq!(self.project.events_in_plan(id, "completed"), 1, "{id} in the plan");
        }
        for (id, status) in self.project.statuses() {
            assert_eq!(status, "completed", "{id}");
        }
    }

    fn assert_merged_once(&self) {
        let expected: BTreeMap<_, _> = self.ids.iter().map(|id| (id.clone(), 1)).collect();
        assert_eq!(self.project.merges(), expected);
        let lines = self.project.git(&["grep", "--count", "^done$", INTEGRATION, "--", "t*.txt"]);
        let lines: BTreeSet<_> = lines.lines().map(str::to_owned).collect();
        let expected: BTreeSet<_> = self.ids.iter().map(|id| format!("{INTEGRATION}:{id}.txt:1")).collect();
        assert_eq!(lines, expected, "what is on the integration branch");
        self.project.git(&["fsck", "--strict", "--no-dangling"]);
    }

    fn assert_nothing_stale(&self) {
        let worktrees = self.project.git(&["worktree", "list", "--porcelain"]);
        assert!(!worktrees.contains("\nprunable") && !worktrees.contains("\nlocked"), "{worktrees}");
        assert_eq!(worktrees.matches("worktree ").count(), TASKS + 1, "{worktrees}");
        let theirs = &self.project.control;
        let left = entries_below(self.project.base()).filter(|path| !path.starts_with(theirs));
        let left: Vec<_> = left.filter(|path| is_left_over(path)).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    }
}

/// Whom it meets.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Nobody,
    Run,
    Agents,
    Supervisors,
    Programs,
    RunAndAgents,
    RunAndSupervisors,
    Everybody,
    Terms,
}

impl Blow {
    const ALL: [Self; 9] = [
        Self::Nobody,
        Self::Run,
        Self::Agents,
        Self::Supervisors,
        Self::Programs,
        Self::RunAndAgents,
        Self::RunAndSupervisors,
        Self::Everybody,
        Self::Terms,
    ];
}

/// What a process of the test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Run,
    Supervisor,
    Agent,
    /// What agents have started, such as git.
    Other,
}

impl Kind {
    fn of(pid: u32) -> Self {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        let program = words.next().unwrap_or_default().to_owned();
        match words.next().unwrap_or_default() {
            b"run" => Self::Run,
            b"__supervise" => Self::Supervisor,
            b"" if program.ends_with(b"fake-agent") => Self::Agent,
            _ => Self::Other,
        }
    }
}

impl Ended {
    fn told(&self) -> String {
        self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string())
    }
}

/// Everything in a folder and its folders; links are not followed.
fn entries_below(folder: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(Result::unwrap);
    Box::new(entries.flat_map(|entry| {
        let path = entry.path();
        let below = if entry.file_type().unwrap().is_dir() { Some(entries_below(&path)) } else { None };
        below.into_iter().flatten().chain([path])
    }))
}

/// A temp file, a folder that was to be removed, a lock of git's, or one of ours that somebody holds.
fn is_left_over(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    if name.contains(".trash-") || name.ends_with(".tmp") || name == "worktree.new" {
        return true;
    }
    if !name.ends_with(".lock") {
        return false;
    }
    let is_ours = path.components().any(|part| part.as_os_str() == "blueprint")
        && !path.components().any(|part| part.as_os_str() == "refs");
    !is_ours || matches!(File::open(path).map(|file| file.try_lock()), Ok(Err(TryLockError::WouldBlock)))
}
