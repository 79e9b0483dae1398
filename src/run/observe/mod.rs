//! A live run, watched from outside: of each change it is told, until the run is over.
//!
//! Knows nothing of what is shown of it: whoever is told reads plan and journal for itself.

mod eyes;
mod remote;

use std::path::Path;
use std::time::Duration;

use signal_hook::consts::SIGTSTP;

use self::eyes::{Eyes, Seen, suspend};
use super::RunError;
use super::start::runtime;
use super::watch::{Sought, Watch, Watcher};
use crate::store::{RunLock, RunOwner, StateDir};

pub use remote::{Glimpse, observe_remote};

/// What happens within that time is told at once: it takes as long to show it.
const BURST: Duration = Duration::from_millis(100);

/// What is told to who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The plan or its journal may have changed.
    Changed,
    /// Nothing has, but time has passed.
    Passed,
    /// The terminal has another size.
    Resized,
    /// The process is about to be stopped (Ctrl-Z): the terminal is somebody else's until it goes on.
    Suspended,
    /// It goes on.
    Continued,
}

/// Why there is nothing more to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwatched {
    /// The run is over; at a distance, nobody works at the plan any more.
    RunEnded,
    /// By that signal, which asked the watching process to end.
    Signal(i32),
}

/// Tells of the run `run` of the plan at `plan` until it is over; the first thing and the last is that something may have changed.
///
/// # Errors
/// What `tell` gives ends it; else what `lift` makes of a [`RunError`], where the run's lock can't be read.
pub fn observe<E>(
    plan: &Path,
    state: &StateDir,
    run: &RunOwner,
    lift: &dyn Fn(RunError) -> E,
    tell: &mut dyn FnMut(Moment) -> Result<(), E>,
) -> Result<Unwatched, E> {
    let is_live = || -> Result<bool, E> {
        let live = RunLock::live_owner(&state.run_lock()).map_err(|error| lift(error.into()))?;
        Ok(live.is_some_and(|live| live.run == run.run))
    };
    let runtime = runtime().map_err(|error| lift(error.into()))?;
    runtime.block_on(async {
        let mut eyes = Eyes::open().map_err(|error| lift(error.into()))?;
        let mut files = Files::of(plan, state);
        loop {
            // What it did before its end is read after this.
            let is_over = !is_live()?;
            tell(Moment::Changed)?;
            if is_over {
                return Ok(Unwatched::RunEnded);
            }
            if let Some(end) = quiet(&mut eyes, &mut files, &is_live, tell).await? {
                return Ok(Unwatched::Signal(end));
            }
        }
    })
}

/// Passes the time until something may have changed, or until a signal that ends it: which one.
async fn quiet<E>(
    eyes: &mut Eyes,
    files: &mut Files,
    is_live: &dyn Fn() -> Result<bool, E>,
    tell: &mut dyn FnMut(Moment) -> Result<(), E>,
) -> Result<Option<i32>, E> {
    loop {
        match eyes.next(files.changed()).await {
            Seen::Change(()) => {
                tokio::time::sleep(BURST).await;
                return Ok(None);
            }
            Seen::Time if !is_live()? => return Ok(None),
            Seen::Time => tell(Moment::Passed)?,
            Seen::Size => tell(Moment::Resized)?,
            Seen::Signal(SIGTSTP) => suspend(tell)?,
            Seen::Signal(end) => return Ok(Some(end)),
        }
    }
}

/// What changes by what a run does.
struct Files {
    plan: Watch,
    journal: Watch,
}

impl Files {
    fn of(plan: &Path, state: &StateDir) -> Self {
        let watcher = Watcher::start();
        Self {
            plan: watcher.watch(Sought::file_by_folder(plan)),
            journal: watcher.watch(Sought::growing(&state.journal())),
        }
    }

    async fn changed(&mut self) {
        tokio::select! {
            () = self.plan.changed() => {}
            () = self.journal.changed() => {}
        }
    }
}
