use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::proc::{Process, boot_id};
use super::stopwatch::Stopwatch;
use crate::store::{AttemptDir, StoreError, read_json, write_json};

/// The processes of an attempt, as its supervisor notes them: what is needed to know them again when the supervisor is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::run) struct Processes {
    /// The boot of the machine in which the process ids mean something.
    pub(in crate::run) boot: String,
    /// The supervisor itself.
    pub(in crate::run) supervisor: Option<Process>,
    /// The agent; its process id is also that of its process group.
    pub(in crate::run) agent: Option<Process>,
    /// Those that have left the agent's tree, and became the supervisor's own.
    #[serde(default)]
    pub(super) detached: Vec<Process>,
    /// The group of the kernel that all of them are in, where there is one.
    #[serde(default)]
    pub(super) cgroup: Option<PathBuf>,
    /// How long the agent has been at work.
    pub(super) watch: Stopwatch,
}

impl Processes {
    /// Those of an agent that was just started by this process.
    pub(super) fn of(agent: u32, cgroup: Option<PathBuf>) -> Self {
        Self {
            boot: boot_id(),
            supervisor: Process::with(std::process::id()),
            agent: Process::with(agent),
            detached: Vec::new(),
            cgroup,
            watch: Stopwatch::start(),
        }
    }

    pub(super) fn write(&self, dir: &AttemptDir) -> Result<(), StoreError> {
        write_json(&dir.processes(), self)
    }

    /// The processes noted in an attempt's folder; nothing where they can't mean any process of this boot.
    pub(in crate::run) fn read(dir: &AttemptDir) -> Option<Self> {
        let noted: Self = read_json(&dir.processes()).ok().flatten()?;
        (noted.boot == boot_id()).then_some(noted)
    }

    /// How long the agent has been at work, on the clock that stands while it is stopped and while the machine sleeps.
    pub(in crate::run) fn spent(&self) -> Duration {
        self.watch.elapsed()
    }
}
