use std::io;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::WaitStatus;
use serde::{Deserialize, Serialize};

use crate::store::{AttemptDir, StoreError, read_json, write_json};

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

    fn by(exit: Exit) -> Self {
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

    /// Writes it there, atomically.
    ///
    /// # Errors
    /// [`StoreError`] when that is refused.
    pub fn write(&self, dir: &AttemptDir) -> Result<(), StoreError> {
        write_json(&dir.end(), self)
    }
}
