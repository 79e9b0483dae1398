use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::WaitStatus;
use serde::{Deserialize, Serialize};

use super::tree;
use crate::store::{AttemptDir, StoreError, read_json, write_json};

/// How often an end is tried to be written, and the pause between two tries.
const WRITES: u32 = 20;
const WRITE_PAUSE: Duration = Duration::from_millis(250);
/// A block of most file systems, which an end needs at least and at most.
const ROOM: usize = 4096;

/// How an agent's process ended, as its supervisor saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its exit code or signal.
    pub exit: Exit,
    /// The run asked for the end, or the time was up.
    pub asked: bool,
    /// The time was up, and no run was there to say so.
    #[serde(default)]
    pub timed_out: bool,
    /// How many processes were still there when the agent had ended, and had to be ended.
    pub left_behind: usize,
    /// When.
    pub at: Timestamp,
}

/// What the kernel said of the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It exited with that code.
    Code(i32),
    /// That signal ended it.
    Signal(i32),
    /// It was never started.
    NotStarted(String),
    /// Nobody saw: the supervisor was gone before the agent's end.
    Unseen,
}

impl End {
    pub(super) fn of(status: Option<WaitStatus>, asked: bool, left_behind: usize) -> Self {
        let code = status.and_then(WaitStatus::exit_status).map(Exit::Code);
        let signal = status.and_then(WaitStatus::terminating_signal).map(Exit::Signal);
        Self {
            exit: code.or(signal).unwrap_or(Exit::Unseen),
            asked,
            timed_out: false,
            left_behind,
            at: Timestamp::now(),
        }
    }

    pub(super) fn could_not_start(error: &io::Error) -> Self {
        let exit = Exit::NotStarted(error.to_string());
        Self { exit, asked: false, timed_out: false, left_behind: 0, at: Timestamp::now() }
    }

    /// The end of an attempt whose supervisor died with it, or never lived.
    pub fn unseen() -> Self {
        Self { exit: Exit::Unseen, asked: false, timed_out: false, left_behind: 0, at: Timestamp::now() }
    }

    /// The end that is written in an attempt's folder.
    ///
    /// # Errors
    /// [`StoreError`] when it is there and can't be read.
    pub fn read(dir: &AttemptDir) -> Result<Option<Self>, StoreError> {
        read_json(&dir.end())
    }

    /// Writes it there, atomically. A disk that takes nothing is given time: what is not written nobody will ever know.
    ///
    /// # Errors
    /// [`StoreError`] when that is refused again and again.
    pub fn write(&self, dir: &AttemptDir) -> Result<(), StoreError> {
        let mut written = write_json(&dir.end(), self);
        let _ = fs::remove_file(dir.room());
        for _ in 0..WRITES {
            if written.is_ok() {
                break;
            }
            sleep(WRITE_PAUSE);
            written = write_json(&dir.end(), self);
        }
        written
    }

    /// Takes room for the end on the disk while there is some: an agent may fill it, and its work shall not be lost by that.
    pub(super) fn take_room(dir: &AttemptDir) {
        // Where there is none already, that will be met again.
        let _ = fs::write(dir.room(), [b'.'; ROOM]);
    }
}

/// The processes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Processes {
    /// The agent's process id, also that of its process group.
    agent: u32,
    /// When the kernel started the agent, in clock ticks since boot: with it, the process id means one process.
    agent_start: Option<u64>,
}

impl Processes {
    pub(super) fn of(agent: u32) -> Self {
        Self { agent, agent_start: tree::start_time(agent) }
    }

    pub(super) fn write(&self, dir: &AttemptDir) -> Result<(), StoreError> {
        write_json(&dir.processes(), self)
    }

    pub(super) fn agent(&self) -> (u32, Option<u64>) {
        (self.agent, self.agent_start)
    }

    /// The processes noted in an attempt's folder.
    pub(super) fn read(dir: &AttemptDir) -> Option<Self> {
        read_json(&dir.processes()).ok().flatten()
    }

    /// Kills the agent and its descendants; does nothing if that process id has gone to somebody else.
    fn kill(&self) {
        if self.agent_start.is_some() && tree::start_time(self.agent) == self.agent_start {
            tree::kill_from(self.agent);
        }
    }
}

/// A variable of an agent's environment, which all that it starts inherit, with the path of a file of its attempt.
const MARK: &str = "BLUEPRINT_PROMPT_FILE";

/// Kills the agent of an attempt and whoever it started, where its supervisor can't any more: the noted process with its descendants, and
/// those that have the attempt in their environment. The supervisor may have died before it noted anything, and what had detached itself
/// from the agent lost its place in the tree together with its supervisor.
pub fn kill_orphans(dir: &AttemptDir) {
    if let Some(processes) = Processes::read(dir) {
        processes.kill();
    }
    let mark = [MARK.as_bytes(), b"=", dir.prompt().as_os_str().as_encoded_bytes()].concat();
    tree::kill_with_variable(&mark);
}
