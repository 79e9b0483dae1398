//! The small process that every attempt runs under: our own binary, started once per attempt.
//!
//! It starts the agent with its output in files, outlives the run, writes how the agent ended, and ends the whole tree of
//! descendants: on request (SIGTERM: TERM, grace, KILL), and whatever the agent left behind when it
//! ended by itself. While it lives it holds the lock file of the attempt's folder, so that "is the agent still alive" needs no
//! guess by process ids.
//!
//! Knows nothing of plans, git, or async.

mod ancestry;
mod end;
mod identity;
mod tree;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

pub use ancestry::is_inside_attempt;
use end::Processes;
pub use end::{End, Exit, kill_orphans};
pub(super) use identity::{agent_of, ask_to_end, identity, is_alive};
use tree::Tree;

use super::jobserver;
use crate::store::{AttemptDir, Lock, StoreError};

/// What a supervisor has to do. Environment and working directory are its own: the agent inherits both.
#[derive(Debug, Clone)]
pub struct Orders {
    /// The attempt's folder: standard input is read there, output and end are written there.
    pub dir: AttemptDir,
    /// Between TERM and KILL.
    pub grace: Duration,
    /// The agent is ended after this, also when no run is there any more to ask for it.
    pub deadline: Duration,
    /// The agent program and its arguments.
    pub command: Vec<std::ffi::OsString>,
}

/// Starts the agent, waits for it, ends what it leaves behind, and writes how it ended.
///
/// Does nothing where the attempt is over already: a run that found nobody here has written its end.
///
/// # Errors
/// [`StoreError`] when the attempt's folder can't be used. That the agent could not be started is an [`End`], too.
pub fn supervise(orders: &Orders) -> Result<(), StoreError> {
    let Some(mut alive) = Lock::try_take(&orders.dir.lock())? else { return Ok(()) };
    let pid = std::process::id().to_string();
    alive.write(&pid).map_err(|source| StoreError::Io {
        action: "write",
        path: orders.dir.lock(),
        source,
    })?;
    if End::read(&orders.dir)?.is_some() {
        return Ok(());
    }
    End::take_room(&orders.dir);
    let end = run(orders).unwrap_or_else(|error| End::could_not_start(&error));
    end.write(&orders.dir)
}

/// The process id of the supervisor that has the attempt, if there ever was one; it is that process's as long as the lock is held.
pub(super) fn pid(dir: &AttemptDir) -> Option<u32> {
    std::fs::read_to_string(dir.lock()).ok()?.parse().ok()
}

fn run(orders: &Orders) -> io::Result<End> {
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGHUP])?;
    let mut tree = Tree::become_reaper()?;
    let _tokens = jobserver::hold();
    let agent = spawn(orders)?;
    let is_late = ask_for_the_end_after(orders.deadline);
    Processes::of(agent).write(&orders.dir).map_err(io::Error::other)?;
    let mut asked = false;
    for signal in signals.forever() {
        match signal {
            SIGTERM if !asked => {
                asked = true;
                tree.end(orders.grace, &mut asked_to_hurry(&orders.dir));
            }
            // A terminal's own signals are for the run, which tells us what it wants.
            _ => tree.reap(),
        }
        if tree.status_of(agent).is_some() {
            break;
        }
    }
    if !asked {
        tree.linger();
    }
    let left_behind = tree.end(orders.grace, &mut asked_to_hurry(&orders.dir));
    let timed_out = is_late.load(Ordering::Relaxed);
    Ok(End { timed_out, ..End::of(tree.status_of(agent), asked, left_behind) })
}

/// Asks ourselves for the end when the time is up; says whether it did.
fn ask_for_the_end_after(deadline: Duration) -> Arc<AtomicBool> {
    let is_late = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&is_late);
    std::thread::spawn(move || {
        std::thread::sleep(deadline);
        note.store(true, Ordering::Relaxed);
        let _ = kill_process(getpid(), Signal::TERM);
    });
    is_late
}

/// Whether the run wants the end at once, asked while a grace period runs: it leaves a file, because signals that come
/// during the wait would have to be sorted from those of ending children.
fn asked_to_hurry(dir: &AttemptDir) -> impl FnMut() -> bool + use<> {
    let hurry = dir.hurry();
    move || hurry.exists()
}

fn spawn(orders: &Orders) -> io::Result<u32> {
    let Some((program, arguments)) = orders.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command given"));
    };
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::from(File::open(orders.dir.stdin())?))
        .stdout(Stdio::from(append(&orders.dir.stdout())?))
        .stderr(Stdio::from(append(&orders.dir.stderr())?))
        .process_group(0)
        .spawn()
        .map_err(|error| describe(&error, Path::new(program)))?;
    Ok(child.id())
}

fn describe(error: &io::Error, program: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("can't start `{}`: {error}", program.display()))
}

fn append(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
