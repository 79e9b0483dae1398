//! What a run tells, kept in a file of its state, so that others can watch it: each event is a line of JSON.
//!
//! The file is for `attach` alone, as long as the run lasts; the journal is what lasts. It is neither synced nor read by a run.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::start::runtime;
use super::watch::{Sought, Watcher};
use super::{RunError, RunEvent, Summary};
use crate::store::{RunLock, RunOwner, StateDir};

/// How often it is seen to that the run still lives: one that is killed says nothing.
const ALIVE: Duration = Duration::from_secs(1);

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    run: String,
}

/// What this run tells.
pub(super) struct EventLog {
    /// Nothing, if it could not be written: nobody can watch then.
    file: RefCell<Option<File>>,
}

impl EventLog {
    /// Puts a new file in the place of an earlier run's; who still watches that one keeps it.
    pub(super) fn begin(state: &StateDir, run: &str) -> Self {
        let begun = begin(&path(state), run).inspect_err(|error| tracing::warn!(%error, "nobody can attach"));
        Self { file: RefCell::new(begun.ok()) }
    }

    /// Adds an event. What agents print stands in their logs.
    pub(super) fn write(&self, event: &RunEvent) {
        if matches!(event, RunEvent::Output { .. }) {
            return;
        }
        let mut file = self.file.borrow_mut();
        let written = file.as_mut().map(|file| write_line(file, event));
        if let Some(Err(error)) = written {
            tracing::warn!(%error, "nobody can attach any more");
            *file = None;
        }
    }
}

fn path(state: &StateDir) -> PathBuf {
    state.path().join("events.jsonl")
}

fn begin(path: &Path, run: &str) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(path)?;
    write_line(&mut file, &Head { run: run.to_owned() })?;
    Ok(file)
}

fn write_line(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(line)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// Tells what a live run has told so far, and then what it tells, until it is over; nothing is given if it ended without a word, as one
/// does that is killed.
///
/// # Errors
/// [`RunError`] when its state can't be read.
pub fn attach(
    state: &StateDir,
    run: &RunOwner,
    tell: &dyn Fn(RunEvent),
) -> Result<Option<Summary>, RunError> {
    runtime()?.block_on(follow(state, run, tell))
}

async fn follow(
    state: &StateDir,
    run: &RunOwner,
    tell: &dyn Fn(RunEvent),
) -> Result<Option<Summary>, RunError> {
    let path = path(state);
    let mut growth = Watcher::start().watch(Sought::growing(&path));
    let mut tail = Tail::default();
    loop {
        // What it told before its end is read after this.
        let is_live = RunLock::live_owner(&state.run_lock())?.is_some_and(|owner| owner.run == run.run);
        for event in tail.more(&path, &run.run)? {
            tell(event.clone());
            if let RunEvent::Ended(summary) = event {
                return Ok(Some(summary));
            }
        }
        if !is_live {
            return Ok(None);
        }
        tokio::select! {
            () = growth.changed() => {}
            () = tokio::time::sleep(ALIVE) => {}
        }
    }
}

/// The file of one run, and what of it has been read.
#[derive(Default)]
struct Tail {
    file: Option<File>,
    /// The beginning of a line that has no end yet.
    rest: Vec<u8>,
}

impl Tail {
    /// What the run has told since this was asked last. As long as it has not begun its file, there may be an earlier run's.
    fn more(&mut self, path: &Path, run: &str) -> io::Result<Vec<RunEvent>> {
        if let Some(file) = &mut self.file {
            file.read_to_end(&mut self.rest)?;
            return Ok(self
                .whole_lines()
                .iter()
                .filter_map(|line| serde_json::from_slice(line).ok())
                .collect());
        }
        let Ok(mut file) = File::open(path) else { return Ok(Vec::new()) };
        file.read_to_end(&mut self.rest)?;
        let lines = self.whole_lines();
        let head = lines.first().and_then(|line| serde_json::from_slice::<Head>(line).ok());
        if head.is_none_or(|head| head.run != run) {
            self.rest.clear();
            return Ok(Vec::new());
        }
        self.file = Some(file);
        Ok(lines.iter().skip(1).filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    fn whole_lines(&mut self) -> Vec<Vec<u8>> {
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = self.rest.split_off(end);
        let whole = std::mem::replace(&mut self.rest, rest);
        whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }
}
