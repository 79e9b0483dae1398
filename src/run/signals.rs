use rustix::process::{getpid, getsid, kill_process};
use signal_hook::consts::SIGTSTP;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Stage;

/// What a run is asked for by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end.
    End(Stage),
    /// To stop until the shell lets it go on (Ctrl-Z).
    Suspend,
}

/// The signals by which a run is asked for something.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    stop: Signal,
    stage: Option<Stage>,
    by_term: bool,
    /// Nobody is at the terminal.
    unattended: bool,
}

impl Signals {
    pub(super) fn listen(unattended: bool) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
            stage: None,
            by_term: false,
            unattended,
        })
    }

    /// Waits for the next signal, and says what it asks for; never comes back when there is none.
    pub(super) async fn next(&mut self) -> Asked {
        loop {
            let term = tokio::select! {
                _ = self.interrupt.recv() => false,
                _ = self.terminate.recv() => true,
                _ = self.stop.recv() => return Asked::Suspend,
                // The terminal is gone; the run goes on without it.
                _ = self.hangup.recv() => continue,
            };
            self.by_term |= term;
            let stage = following(self.stage, term || self.unattended);
            self.stage = Some(stage);
            return Asked::End(stage);
        }
    }

    /// Whether a SIGTERM was among them.
    pub(super) fn by_term(&self) -> bool {
        self.by_term
    }
}

/// Whether a shell could let us go on: not where we are the first of a session (in a container, say), which would be stopped for ever.
pub(super) fn can_be_stopped() -> bool {
    getsid(None).is_ok_and(|first| first != getpid())
}

/// Stops this process as the terminal wanted; comes back when somebody lets it go on.
pub(super) fn stop_ourselves() {
    let _ = kill_process(getpid(), rustix::process::Signal::STOP);
}

/// First Ctrl-C: drain; second: end; third: kill. A SIGTERM, from a system that will not wait for ever, starts at the second.
fn following(stage: Option<Stage>, term: bool) -> Stage {
    match stage {
        None if !term => Stage::Drain,
        None | Some(Stage::Drain) => Stage::End,
        Some(Stage::End | Stage::Kill) => Stage::Kill,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_is_one_stage_more_and_term_skips_the_first() {
        let follow = |terms: &[bool]| {
            let mut stage = None;
            terms.iter().map(|&term| *stage.insert(following(stage, term))).collect::<Vec<_>>()
        };
        assert_eq!(follow(&[false; 4]), [Stage::Drain, Stage::End, Stage::Kill, Stage::Kill]);
        assert_eq!(follow(&[true; 2]), [Stage::End, Stage::Kill]);
        assert_eq!(follow(&[false, true, false]), [Stage::Drain, Stage::End, Stage::Kill]);
    }
}
