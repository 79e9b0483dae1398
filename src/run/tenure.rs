//! The right to change a plan's branches while no run does.

use jiff::Timestamp;

use super::RunError;
use super::start::{host, run_id};
use crate::store::{RunLock, RunOwner, StateDir};

/// Held as a run would hold it, by whoever changes the same branches by hand; given back when dropped.
#[derive(Debug)]
pub struct Tenure {
    _plan: RunLock,
    _epic: RunLock,
}

impl Tenure {
    /// # Errors
    /// [`RunError::Busy`] while a run is live; [`RunError::Store`] if the locks can't be used.
    pub fn take(state: &StateDir, epic: &str) -> Result<Self, RunError> {
        let owner =
            RunOwner { pid: std::process::id(), host: host(), run: run_id(), started: Timestamp::now() };
        let plan = RunLock::take(&state.run_lock(), &owner)?.map_err(RunError::Busy)?;
        let epic = RunLock::take(&state.epic_lock(epic), &owner)?.map_err(RunError::Busy)?;
        Ok(Self { _plan: plan, _epic: epic })
    }
}
