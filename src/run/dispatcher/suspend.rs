//! Being stopped by the terminal and going on; and what takes longer than planned.

use std::time::{Duration, Instant};

use super::Dispatcher;
use crate::run::record::{Fact, OverEstimate};
use crate::run::signals::{can_be_stopped, stop_ourselves};
use crate::run::{RunError, RunEvent};

impl Dispatcher<'_> {
    /// Stops the agents, then ourselves; comes back when we go on, and they do, too. The time between counts for nobody.
    pub(super) fn suspend(&self) {
        if !can_be_stopped() {
            return;
        }
        // At once: afterwards it would be too late.
        (self.tell)(RunEvent::Suspended);
        for running in self.running.values() {
            running.stoppable.stop();
        }
        let since = Instant::now();
        stop_ourselves();
        for running in self.running.values() {
            running.stoppable.go_on();
        }
        let stopped = since.elapsed();
        self.stopped.send_modify(|so_far| *so_far += stopped);
        (self.tell)(RunEvent::Continued { after: stopped });
    }

    /// In the journal first.
    pub(super) fn on_overtime(&mut self, over: OverEstimate) -> Result<(), RunError> {
        self.record(Fact::OverEstimate(over.clone()))?;
        self.tell(RunEvent::OverEstimate {
            task: over.task,
            estimate: Duration::from_millis(over.estimate_ms),
            ran: Duration::from_millis(over.ran_ms),
        });
        Ok(())
    }
}
