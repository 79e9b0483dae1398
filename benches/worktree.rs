//! How fast worktrees are made and removed, against git: `cargo bench --bench worktree`, or a part of it: `… -- disk 50000`.
//!
//! A repository of small files, packed as after a clone. git makes and removes worktrees as it does by itself, and with as many workers as
//! help it most. Times depend on the machine; the ratios are what counts: git's best against ours, above 1 where we are faster.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a program that prints figures for people, and may end at what goes wrong"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use blueprint::git::{EpicRefs, Repo, finish_removals};

const SIZES: [usize; 2] = [5_000, 50_000];
const FILES_PER_FOLDER: usize = 20;
const ROUNDS: usize = 4;
/// git's own way, and as many workers as it is given beside.
const WORKERS: [usize; 3] = [1, 2, 4];

fn main() {
    for place in places() {
        println!("\nworktrees in {}, in ms; `x` is git's best against ours", place.display());
        println!(
            "{:>7} {:>8} {:>8} {:>8} {:>8} {:>6}   {:>10} {:>8} {:>6} {:>10}",
            "files", "git add", "2 work.", "4 work.", "ours", "x", "git remove", "ours", "x", "till gone"
        );
        for files in SIZES
            .into_iter()
            .filter(|files| is_wanted(&files.to_string(), |word| word.parse::<usize>().is_ok()))
        {
            measure(&Scene::new(&place, files), files);
        }
    }
}

/// Memory, and a disk.
fn places() -> Vec<PathBuf> {
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
    let places = [("memory", PathBuf::from("/dev/shm")), ("disk", disk)];
    let is_place = |word: &str| ["memory", "disk"].contains(&word);
    let wanted = places.into_iter().filter(|(name, place)| place.is_dir() && is_wanted(name, is_place));
    wanted.map(|(_, place)| place).collect()
}

/// Whether it was named, or nothing of its kind was.
fn is_wanted(name: &str, is_its_kind: impl Fn(&str) -> bool) -> bool {
    let named: Vec<_> = std::env::args().skip(1).filter(|word| is_its_kind(word)).collect();
    named.is_empty() || named.iter().any(|word| word == name)
}

/// The best of each, in seconds.
///
/// All worktrees are made before the first one is removed: for a while after files were deleted a disk that is told what is free (`discard`)
/// takes ten times as long for everything, and who comes next would have to pay for it.
fn measure(scene: &Scene, files: usize) {
    let mut adds = [f64::MAX; WORKERS.len() + 1];
    for round in 0..ROUNDS {
        // Each of them is the first in some round.
        for turn in 0..adds.len() {
            let contender = (round + turn) % adds.len();
            let place = scene.worktree(round, contender);
            let time = match WORKERS.get(contender) {
                Some(workers) => scene.timed(|| scene.git_add(*workers, &place)),
                None => scene.add(&place),
            };
            adds[contender] = adds[contender].min(time);
        }
    }
    let (mut removal, mut own) = (f64::MAX, [f64::MAX; 2]);
    for round in 0..ROUNDS {
        for (contender, _) in WORKERS.iter().enumerate() {
            removal = removal.min(scene.timed(|| scene.git_remove(&scene.worktree(round, contender))));
        }
        let (remove, gone) = scene.remove(&scene.worktree(round, WORKERS.len()));
        own = [own[0].min(remove), own[1].min(gone)];
    }
    let [plain, two, four, add] = adds.map(|time| time * 1e3);
    let [remove, gone] = own.map(|time| time * 1e3);
    let (best, removal) = (plain.min(two).min(four), removal * 1e3);
    println!(
        "{files:>7} {plain:>8.0} {two:>8.0} {four:>8.0} {add:>8.0} {:>6.2}   {removal:>10.0} {remove:>8.0} {:>6.2} {gone:>10.0}",
        best / add,
        removal / remove
    );
}

/// A repository, and a place for worktrees.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new(place: &Path, files: usize) -> Self {
        let scene = Self { folder: tempfile::tempdir_in(place).unwrap() };
        fs::create_dir(scene.repo()).unwrap();
        scene.git(&["init", "--quiet", "--bare", "--initial-branch=main"]);
        let mut import = scene.command(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(&history(files)).unwrap();
        assert!(import.wait().unwrap().success());
        scene.git(&["repack", "-a", "-d", "--quiet"]);
        scene
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn worktree(&self, round: usize, contender: usize) -> PathBuf {
        self.folder.path().join(format!("worktree-{round}-{contender}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.repo());
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        git
    }

    fn git(&self, arguments: &[&str]) {
        assert!(self.command(arguments).status().unwrap().success(), "{arguments:?}");
    }

    fn git_add(&self, workers: usize, path: &Path) {
        let workers = format!("checkout.workers={workers}");
        let (path, branch) = (path.to_str().unwrap(), path.file_name().unwrap().to_str().unwrap());
        self.git(&["-c", &workers, "worktree", "add", "--quiet", "-b", branch, path, "main"]);
    }

    fn git_remove(&self, path: &Path) {
        self.git(&["worktree", "remove", path.to_str().unwrap()]);
    }

    fn ours(&self) -> Repo {
        Repo::discover(&self.repo()).unwrap().unwrap()
    }

    /// How long we take to make one.
    fn add(&self, path: &Path) -> f64 {
        let repo = self.ours();
        let branch = EpicRefs::new("bench", EpicRefs::DEFAULT_TEMPLATE).unwrap();
        let branch = branch.branch(path.file_name().unwrap().to_str().unwrap());
        let main = repo.resolve("main").unwrap();
        let time = self.timed(|| drop(repo.add_worktree(path, &branch, main).unwrap()));
        let status = self.command(&["-C", path.to_str().unwrap(), "status", "--porcelain"]).output();
        assert!(status.unwrap().stdout.is_empty(), "git sees a change");
        time
    }

    /// How long we take to remove one, and until it is gone from the disk.
    fn remove(&self, path: &Path) -> (f64, f64) {
        let repo = self.ours();
        let mut remove = 0.0;
        let gone = self.timed(|| {
            let began = Instant::now();
            repo.remove_worktree(path).unwrap();
            remove = began.elapsed().as_secs_f64();
            finish_removals();
        });
        (remove, gone)
    }

    /// The seconds that something takes, with nothing left to be written of what came before.
    fn timed(&self, what: impl FnOnce()) -> f64 {
        assert!(Command::new("sync").arg("-f").arg(self.folder.path()).status().unwrap().success());
        std::thread::sleep(Duration::from_millis(20));
        let began = Instant::now();
        what();
        began.elapsed().as_secs_f64()
    }
}

/// One commit of so many files of a hundred bytes to some kilobytes, as source code has them, in the language of `git fast-import`.
fn history(files: usize) -> Vec<u8> {
    let mut out =
        String::from("commit refs/heads/main\ncommitter b <b@example.invalid> 1700000000 +0000\ndata 0\n\n");
    for file in 0..files {
        let folder = file / FILES_PER_FOLDER;
        let lines = 3 + (file * 7919) % 120;
        let text: String = (0..lines).fold(String::new(), |mut text, line| {
            writeln!(text, "let value_{line} = compute({}, \"{folder}\");", (file * 31 + line * 17) % 99_991)
                .unwrap();
            text
        });
        write!(
            out,
            "M 100644 inline src/part{}/unit{}/file{file}.rs\ndata {}\n{text}\n",
            folder / 50,
            folder % 50,
            text.len()
        )
        .unwrap();
    }
    out.into_bytes()
}
