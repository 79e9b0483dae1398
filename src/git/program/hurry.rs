//! Little time left: somebody has told us to end, and will not wait for long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// From when a signal's flag was first seen to be set, calls of git go on for so long, all of them together, and no longer.
#[derive(Debug)]
pub struct Hurry {
    flag: Arc<AtomicBool>,
    grace: Duration,
    since: OnceLock<Instant>,
}

impl Hurry {
    /// `flag` is what a signal sets; `grace` is how long it leaves us.
    pub fn new(flag: &Arc<AtomicBool>, grace: Duration) -> Arc<Self> {
        Arc::new(Self { flag: Arc::clone(flag), grace, since: OnceLock::new() })
    }

    /// Whether the time is up.
    pub fn is_over(&self) -> bool {
        self.flag.load(Ordering::SeqCst) && self.since.get_or_init(Instant::now).elapsed() >= self.grace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_up_only_after_somebody_has_said_so_and_the_grace_has_passed() {
        let flag = Arc::new(AtomicBool::new(false));
        let (none, long) = (Hurry::new(&flag, Duration::ZERO), Hurry::new(&flag, Duration::from_hours(1)));
        assert!(!none.is_over());
        flag.store(true, Ordering::SeqCst);
        assert!(none.is_over() && !long.is_over());
    }
}
