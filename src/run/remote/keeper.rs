//! Keeps the remote up to date beside a run, and the lease alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};

use super::{Closed, Saver, StateError, Troubles};
use crate::git::TimeLeft;
use crate::run::{Asides, RunEvent};

/// Between two saves: what happens meanwhile goes together.
const PAUSE: Duration = Duration::from_secs(1);
/// After a save that could not be made.
const AGAIN: Duration = Duration::from_secs(5);
/// A run that is told to end before it listens is told again.
const LISTENS: Duration = Duration::from_millis(500);

/// What the thread leaves.
struct Kept {
    saver: Saver,
    troubles: Troubles,
    /// Why nobody may go on with the run.
    lost: Option<StateError>,
}

/// The thread that does it.
#[derive(Debug)]
pub struct Keeper {
    say: Sender<Say>,
    thread: JoinHandle<Kept>,
    is_stopping: Arc<AtomicBool>,
    time_left: TimeLeft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Say {
    /// Something has happened that the remote is to know.
    Happened,
    /// The same, and there may be little time left.
    Urgent,
    /// The run was to end before it began.
    CalledOff,
    /// The run is over.
    End,
}

impl Keeper {
    /// Begins with a lease that has just been taken. `time_left` is that of the saver's remote: a signal that it knew of before the run
    /// listened ends the run as soon as it does. `asides` is told what goes wrong, and that it works again.
    pub fn start(saver: Saver, time_left: TimeLeft, asides: Asides) -> Self {
        let (say, heard) = mpsc::channel();
        let is_stopping = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&is_stopping);
        let what = format!("how the plan stands in remote `{}`", saver.remote());
        let kept = Kept { saver, troubles: Troubles::new(asides, what), lost: None };
        let thread = thread::spawn(move || keep(kept, &heard, &stopping));
        Self { say, thread, is_stopping, time_left }
    }

    /// Takes note of what happens in the run; never waits.
    pub fn hear(&self, event: &RunEvent) {
        let say = if matches!(event, RunEvent::Started(_))
            && self.time_left.is_called_off().load(Ordering::SeqCst)
        {
            Say::CalledOff
        } else if matches!(event, RunEvent::Stopping(_)) {
            self.is_stopping.store(true, Ordering::SeqCst);
            Say::Urgent
        } else if is_news(event) {
            Say::Happened
        } else {
            return;
        };
        // If the thread has ended, the lease is lost, and there is nothing to be said.
        let _ = self.say.send(say);
    }

    /// Saves for the last time, and gives the lease back.
    ///
    /// # Errors
    /// [`StateError`] when what has happened since the last save is in this clone only.
    pub fn end(self) -> Result<Closed, StateError> {
        // One that has ended needs no telling.
        let _ = self.say.send(Say::End);
        // A save that is under way may hang.
        self.time_left.begin_last_words();
        let ended = self.thread.join().map_err(|_| std::io::Error::other("a thread ended by a bug"));
        match ended.map_err(crate::run::RunError::from)? {
            Kept { lost: Some(lost), .. } => Err(lost),
            Kept { saver, mut troubles, lost: None } => {
                let closed = saver.end(&self.time_left)?;
                troubles.are_over();
                Ok(closed)
            }
        }
    }
}

/// What the remote is to know: how tasks stand.
fn is_news(event: &RunEvent) -> bool {
    matches!(
        event,
        RunEvent::AttemptStarted { .. }
            | RunEvent::TaskEnded(_)
            | RunEvent::Retrying { .. }
            | RunEvent::PlanChanged { .. }
    )
}

fn keep(mut kept: Kept, heard: &Receiver<Say>, is_stopping: &AtomicBool) -> Kept {
    let (mut due, mut earliest) = (kept.saver.renewal_due(), Instant::now());
    loop {
        match heard.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Say::Happened) => due = due.min(earliest),
            Ok(Say::Urgent) => due = Instant::now(),
            Ok(Say::CalledOff) if end_the_run(heard, is_stopping) => return kept,
            Ok(Say::CalledOff) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Say::End) | Err(RecvTimeoutError::Disconnected) => return kept,
        }
        if Instant::now() < due {
            continue;
        }
        due = kept.save();
        if kept.lost.is_some() {
            let _ = end_the_run(heard, is_stopping);
            return kept;
        }
        earliest = Instant::now() + PAUSE;
    }
}

impl Kept {
    /// Gives when it is due again.
    fn save(&mut self) -> Instant {
        let saved = self.saver.save();
        for name in self.saver.newly_left() {
            self.troubles.say(format!(
                "somebody else has moved {name} in the remote: it is left there, and was not overwritten"
            ));
        }
        match saved {
            Ok(()) => {
                self.troubles.are_over();
                self.saver.renewal_due()
            }
            Err(error) => {
                self.lost = self.lost(error);
                Instant::now() + AGAIN.min(self.saver.lease().lasts() / 4)
            }
        }
    }

    /// Whether nobody may go on with the run after that.
    fn lost(&mut self, error: StateError) -> Option<StateError> {
        match error {
            StateError::Lost(_) | StateError::Overwritten { .. } => {
                self.troubles.say(format!("{error}; the run is ended"));
                Some(error)
            }
            error if self.saver.is_over() => {
                self.troubles.say(format!(
                    "the lease on the plan could not be renewed in time: the run is ended ({error})"
                ));
                Some(StateError::Lost(None))
            }
            error => {
                let until = self.saver.lease().holder().expires;
                let then = format!(
                    "it is tried again; unless that works by {until:.0}, when the lease on the plan is over, the run is ended"
                );
                self.troubles.tell(error.of_remote(), &error, &then);
                None
            }
        }
    }
}

/// Two must not work at one plan: what is under way is ended as by a system that cancels a job. Whether the run is over by then.
fn end_the_run(heard: &Receiver<Say>, is_stopping: &AtomicBool) -> bool {
    while !is_stopping.load(Ordering::SeqCst) {
        let _ = kill_process(getpid(), Signal::TERM);
        match heard.recv_timeout(LISTENS) {
            Ok(Say::End) | Err(RecvTimeoutError::Disconnected) => return true,
            Ok(Say::Happened | Say::Urgent | Say::CalledOff) | Err(RecvTimeoutError::Timeout) => {}
        }
    }
    false
}
