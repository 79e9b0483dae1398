//! What tells a clone that something in a remote is its own: taken by a process of this clone that has ended, and could not give it back.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StateError;
use crate::run::start::host;
use crate::store::{RunLock, RunOwner, StateDir, read_json, write_json};

/// So many are remembered: a push that failed may have been made all the same.
const REMEMBERED: usize = 8;

/// Kept for as long as what it stands for. Of a process that has ended nobody keeps it any more.
#[derive(Debug)]
pub(in crate::run) struct Token {
    _lock: RunLock,
    path: PathBuf,
    runs: Runs,
}

/// In the state's folder, beside the lock: what tells what was taken from all else of its kind, the last one last.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Runs {
    runs: Vec<String>,
}

impl Token {
    /// That of a `kind`; nothing, as long as another process of this clone has it.
    ///
    /// # Errors
    /// [`StateError::Run`] if its files can't be used.
    pub(in crate::run) fn take(state: &StateDir, kind: &str) -> Result<Option<Self>, StateError> {
        let (run, started) = (kind.to_owned(), Timestamp::now());
        let owner = RunOwner { pid: std::process::id(), host: host(), run, started };
        let Ok(lock) = RunLock::take(&state.path().join(format!("{kind}.lock")), &owner)? else {
            return Ok(None);
        };
        let path = state.path().join(format!("{kind}.json"));
        // What can't be read proves nothing.
        let runs = read_json(&path).ok().flatten().unwrap_or_default();
        Ok(Some(Self { _lock: lock, path, runs }))
    }

    /// Whether a process of this clone had taken it: it has ended, since we have the token.
    pub(in crate::run) fn is_ours(&self, run: &str) -> bool {
        self.runs.runs.iter().any(|ours| ours == run)
    }

    /// Before it is taken in the remote.
    ///
    /// # Errors
    /// [`StateError::Run`] if it can't be written.
    pub(in crate::run) fn note(&mut self, run: &str) -> Result<(), StateError> {
        self.runs.runs.push(run.to_owned());
        let old = self.runs.runs.len().saturating_sub(REMEMBERED);
        self.runs.runs.drain(..old);
        Ok(write_json(&self.path, &self.runs)?)
    }
}
