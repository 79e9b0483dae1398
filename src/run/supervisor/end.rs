use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::WaitStatus;
use serde::{Deserialize, Serialize};

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
    /// The run asked for the end, or the supervisor had a reason of its own.
    pub asked: bool,
    /// Why the supervisor ended it by itself.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// How many processes were still there when the agent had ended, and had to be ended.
    pub left_behind: usize,
    /// How long the agent was at work, in milliseconds; the time for which it was stopped, or the machine slept, does not count.
    #[serde(default)]
    pub ran_ms: Option<u64>,
    /// When.
    pub at: Timestamp,
}

/// Why a supervisor ends an agent that no run asks it to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Its time was up.
    TimedOut,
    /// It gave no sign of life: neither output nor work of the processor.
    Silent,
    /// It printed more than a disk can be asked to take.
    TooMuchOutput,
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
    /// What the kernel said of the agent; nothing, if nobody was there to hear it.
    pub(super) fn of(status: Option<WaitStatus>) -> Self {
        let code = status.and_then(WaitStatus::exit_status).map(Exit::Code);
        let signal = status.and_then(WaitStatus::terminating_signal).map(Exit::Signal);
        Self::by(code.or(signal).unwrap_or(Exit::Unseen))
    }

    pub(super) fn could_not_start(error: &io::Error) -> Self {
        Self::by(Exit::NotStarted(error.to_string()))
    }

    /// The end of an attempt whose supervisor died with it, or never lived.
    pub fn unseen() -> Self {
        Self::by(Exit::Unseen)
    }

    /// An end like that, with nothing else known of it.
    pub(in crate::run) fn by(exit: Exit) -> Self {
        Self { exit, asked: false, reason: None, left_behind: 0, ran_ms: None, at: Timestamp::now() }
    }

    /// How long the agent was at work, as far as its supervisor lived to say it.
    pub fn ran(&self) -> Option<Duration> {
        self.ran_ms.map(Duration::from_millis)
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
