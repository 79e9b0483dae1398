//! The small process that every attempt runs under: our own binary, started once per attempt.
//!
//! It starts the agent with its output in files, outlives the run, writes how the agent ended, and ends the whole tree of
//! descendants: on request (SIGTERM: TERM, grace, KILL), when the agent's time is up, when it gives no sign of life or prints without end,
//! and whatever the agent left behind when it ended by itself. Told to (SIGTSTP, SIGCONT), it stops the agent and lets it go on. While it lives it holds the lock file of the attempt's folder, so that "is the agent still alive" needs no
//! guess by process ids.
//!
//! Knows nothing of plans, git, or async.

mod ancestry;
mod cgroup;
mod end;
mod identity;
mod proc;
mod processes;
mod sandbox;
mod stopwatch;
mod sweep;
mod tree;
mod vitals;
mod watch;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

pub use ancestry::is_inside_attempt;
pub use end::{End, Exit, Reason};
pub(super) use identity::{agent_of, ask_to_end, identity, is_alive, is_gone, namespace};
pub(super) use proc::{Process, descendants_of, parent_of};
pub(super) use processes::Processes;
pub use sandbox::{Sandbox, Walls};
pub(super) use sweep::{go_on, kill_orphans, stop};
use watch::Watch;

use super::jobserver;
use crate::store::{AttemptDir, Lock, StoreError};

/// So much an agent may print, on each of its outputs, in bytes: nobody reads more, and a disk may hold nothing else.
pub const MOST_OUTPUT: u64 = 1 << 30;

/// What a supervisor has to do. Environment and working directory are its own: the agent inherits both.
#[derive(Debug, Clone)]
pub struct Orders {
    /// The attempt's folder: standard input is read there, output and end are written there.
    pub dir: AttemptDir,
    /// Between TERM and KILL.
    pub grace: Duration,
    /// The agent is ended after this, also when no run is there any more to ask for it.
    pub deadline: Duration,
    /// The agent is ended when it gives no sign of life for so long.
    pub patience: Duration,
    /// The agent is ended when one of its outputs has more bytes.
    pub most_output: u64,
    /// Whether a control group of the kernel is used, where there may be one.
    pub with_cgroup: bool,
    /// What the agent is kept in; nothing, where it may do what we may.
    pub walls: Option<Walls>,
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
    let _tokens = jobserver::hold();
    let watched = Watch::begin(orders).map(Watch::finish);
    watched.unwrap_or_else(|error| End::could_not_start(&error)).write(&orders.dir)
}

/// The process id of the supervisor that has the attempt, if there ever was one; it is that process's as long as the lock is held.
pub(super) fn pid(dir: &AttemptDir) -> Option<u32> {
    std::fs::read_to_string(dir.lock()).ok()?.parse().ok()
}

fn spawn(orders: &Orders) -> io::Result<u32> {
    let Some((program, arguments)) = orders.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command given"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(walls) = &orders.walls {
        command = walls.around(command);
    }
    command
        .stdin(Stdio::from(File::open(orders.dir.stdin())?))
        .stdout(Stdio::from(append(&orders.dir.stdout())?))
        .stderr(Stdio::from(append(&orders.dir.stderr())?))
        .process_group(0);
    let child = match &orders.walls {
        Some(walls) => walls.spawn(command),
        None => command.spawn(),
    };
    Ok(child.map_err(|error| describe(&error, Path::new(program)))?.id())
}

fn describe(error: &io::Error, program: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("can't start `{}`: {error}", program.display()))
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
