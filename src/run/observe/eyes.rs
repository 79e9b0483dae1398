//! What is heard of while nothing is to be told: signals, the terminal's size, the clock.

use std::io;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Moment;
use crate::run::signals::{can_be_stopped, stop_ourselves};

/// How often the clock is told of; and it is seen to that the run still lives: one that is killed says nothing.
const ALIVE: Duration = Duration::from_secs(1);

/// The next thing of all that is looked at.
pub(super) enum Seen<C> {
    Change(C),
    Time,
    Size,
    Signal(i32),
}

/// All that is looked at, but for what changes.
pub(super) struct Eyes {
    size: Signal,
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    stop: Signal,
}

impl Eyes {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            size: signal(SignalKind::window_change())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
        })
    }

    /// Whatever comes first: a change, or anything else. The change may be asked for and not be waited for any more.
    pub(super) async fn next<C>(&mut self, change: impl Future<Output = C>) -> Seen<C> {
        tokio::select! {
            // Who wants to end does not wait for changes to cease.
            biased;
            _ = self.interrupt.recv() => Seen::Signal(SIGINT),
            _ = self.terminate.recv() => Seen::Signal(SIGTERM),
            _ = self.hangup.recv() => Seen::Signal(SIGHUP),
            _ = self.stop.recv() => Seen::Signal(SIGTSTP),
            _ = self.size.recv() => Seen::Size,
            change = change => Seen::Change(change),
            () = tokio::time::sleep(ALIVE) => Seen::Time,
        }
    }
}

/// Ctrl-Z: whoever watches is told before the process stands still, and when it goes on.
pub(super) fn suspend<E>(tell: &mut dyn FnMut(Moment) -> Result<(), E>) -> Result<(), E> {
    if can_be_stopped() {
        tell(Moment::Suspended)?;
        stop_ourselves();
        tell(Moment::Continued)?;
    }
    Ok(())
}
