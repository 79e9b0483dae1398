use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// How long something has taken. The time for which it was stopped does not count, nor that for which the machine slept; nobody can set
/// the clock that it goes by. Another process can read it on, until the machine is booted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::run) struct Stopwatch {
    /// In milliseconds of the machine's monotonic clock, which stands while the machine sleeps.
    began: u64,
    /// How long it stood, in milliseconds.
    stood: u64,
    /// Since when it stands.
    stopped: Option<u64>,
}

impl Stopwatch {
    /// One that goes.
    pub(in crate::run) fn start() -> Self {
        Self { began: now(), stood: 0, stopped: None }
    }

    /// What it shows.
    pub(in crate::run) fn elapsed(&self) -> Duration {
        self.at(now())
    }

    pub(super) fn stop(&mut self) {
        self.stopped.get_or_insert_with(now);
    }

    pub(super) fn go_on(&mut self) {
        if let Some(since) = self.stopped.take() {
            self.stood = self.stood.saturating_add(now().saturating_sub(since));
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    fn at(&self, now: u64) -> Duration {
        let until = self.stopped.unwrap_or(now);
        Duration::from_millis(until.saturating_sub(self.began).saturating_sub(self.stood))
    }
}

fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
    seconds * 1000 + nanos / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_for_which_it_stands_does_not_count() {
        let mut watch = Stopwatch { began: 1_000, stood: 0, stopped: Some(3_000) };
        assert_eq!(watch.at(9_000), Duration::from_secs(2));
        watch = Stopwatch { stood: 6_000, stopped: None, ..watch };
        assert_eq!(watch.at(9_500), Duration::from_millis(2_500));
    }

    #[test]
    fn a_clock_that_another_machine_wrote_is_no_reason_to_panic() {
        let watch = Stopwatch { began: u64::MAX, stood: u64::MAX, stopped: None };
        assert_eq!(watch.elapsed(), Duration::ZERO);
    }
}
