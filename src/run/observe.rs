//! A live run, watched from outside: of each change it is told, until the run is over.
//!
//! Knows nothing of what is shown of it: whoever is told reads plan and journal for itself.

use std::io;
use std::path::Path;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::RunError;
use super::signals::{can_be_stopped, stop_ourselves};
use super::start::runtime;
use super::watch::{Sought, Watch, Watcher};
use crate::store::{RunLock, RunOwner, StateDir};

/// How often it is seen to that the run still lives: one that is killed says nothing. The clock is told of as often.
const ALIVE: Duration = Duration::from_secs(1);
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
    /// The run is over.
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
        let mut eyes = Eyes::open(plan, state).map_err(|error| lift(error.into()))?;
        loop {
            // What it did before its end is read after this.
            let is_over = !is_live()?;
            tell(Moment::Changed)?;
            if is_over {
                return Ok(Unwatched::RunEnded);
            }
            if let Some(end) = eyes.quiet(&is_live, tell).await? {
                return Ok(Unwatched::Signal(end));
            }
        }
    })
}

enum Seen {
    Change,
    Time,
    Size,
    Signal(i32),
}

/// All that is looked at.
struct Eyes {
    plan: Watch,
    journal: Watch,
    size: Signal,
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    stop: Signal,
}

impl Eyes {
    fn open(plan: &Path, state: &StateDir) -> io::Result<Self> {
        let watcher = Watcher::start();
        Ok(Self {
            plan: watcher.watch(Sought::file_by_folder(plan)),
            journal: watcher.watch(Sought::growing(&state.journal())),
            size: signal(SignalKind::window_change())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
        })
    }

    /// Passes the time until something may have changed, or until a signal that ends it: which one.
    async fn quiet<E>(
        &mut self,
        is_live: &dyn Fn() -> Result<bool, E>,
        tell: &mut dyn FnMut(Moment) -> Result<(), E>,
    ) -> Result<Option<i32>, E> {
        loop {
            match self.next().await {
                Seen::Change => return Ok(None),
                Seen::Time if !is_live()? => return Ok(None),
                Seen::Time => tell(Moment::Passed)?,
                Seen::Size => tell(Moment::Resized)?,
                Seen::Signal(SIGTSTP) if can_be_stopped() => {
                    tell(Moment::Suspended)?;
                    stop_ourselves();
                    tell(Moment::Continued)?;
                }
                Seen::Signal(SIGTSTP) => {}
                Seen::Signal(end) => return Ok(Some(end)),
            }
        }
    }

    async fn next(&mut self) -> Seen {
        tokio::select! {
            // Who wants to end does not wait for changes to cease.
            biased;
            _ = self.interrupt.recv() => Seen::Signal(SIGINT),
            _ = self.terminate.recv() => Seen::Signal(SIGTERM),
            _ = self.hangup.recv() => Seen::Signal(SIGHUP),
            _ = self.stop.recv() => Seen::Signal(SIGTSTP),
            _ = self.size.recv() => Seen::Size,
            () = self.plan.changed() => settled().await,
            () = self.journal.changed() => settled().await,
            () = tokio::time::sleep(ALIVE) => Seen::Time,
        }
    }
}

async fn settled() -> Seen {
    tokio::time::sleep(BURST).await;
    Seen::Change
}
