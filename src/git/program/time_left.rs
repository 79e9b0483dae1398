//! How much time is left for calls: a signal leaves little of it, and what is said last is tried again for a while, but not for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A remote that is away comes back in that time, or will not for long.
const LAST_WORDS: Duration = Duration::from_mins(2);

/// Clones share one.
#[derive(Debug, Clone)]
pub struct TimeLeft(Arc<Clock>);

#[derive(Debug)]
struct Clock {
    is_called_off: Arc<AtomicBool>,
    grace: Duration,
    /// When the signal was first seen.
    called_off: OnceLock<Instant>,
    last_words: OnceLock<Instant>,
}

impl TimeLeft {
    /// All there is. `is_called_off` is what a signal sets; `grace` is how long calls go on from when that is first seen, all of them
    /// together.
    pub fn new(is_called_off: Arc<AtomicBool>, grace: Duration) -> Self {
        let (called_off, last_words) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Clock { is_called_off, grace, called_off, last_words }))
    }

    /// What a signal sets.
    pub fn is_called_off(&self) -> &Arc<AtomicBool> {
        &self.0.is_called_off
    }

    /// From now on what is said is the last of it, and nobody else has it: it is tried again for two minutes, as far as a signal permits.
    pub fn begin_last_words(&self) {
        self.0.last_words.get_or_init(Instant::now);
    }

    /// Whether the last words have begun.
    pub fn is_for_last_words(&self) -> bool {
        self.0.last_words.get().is_some()
    }

    /// Whether none is left: what is under way is broken off.
    pub fn is_over(&self) -> bool {
        let Clock { is_called_off, grace, called_off, last_words } = &*self.0;
        let is_gone =
            is_called_off.load(Ordering::SeqCst) && called_off.get_or_init(Instant::now).elapsed() >= *grace;
        is_gone || last_words.get().is_some_and(|begun| begun.elapsed() >= LAST_WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_over_only_after_a_signal_and_its_grace() {
        let flag = Arc::new(AtomicBool::new(false));
        let of = |grace| TimeLeft::new(Arc::clone(&flag), grace);
        let (none, long) = (of(Duration::ZERO), of(Duration::from_hours(1)));
        none.begin_last_words();
        assert!(!none.is_over());
        flag.store(true, Ordering::SeqCst);
        assert!(none.is_over() && !long.is_over());
    }
}
