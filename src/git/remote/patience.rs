//! For how long the last words to a remote are tried again: nobody else has what they say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// A remote that is away comes back in that time, or will not for long.
const LASTS: Duration = Duration::from_mins(2);
/// Who has been told to end is killed soon.
const ONCE_CALLED_OFF: Duration = Duration::from_secs(5);
/// Between two looks at the time.
const LOOK: Duration = Duration::from_millis(50);

/// Clones share one.
#[derive(Debug, Clone)]
pub struct Patience {
    is_called_off: Arc<AtomicBool>,
    has_begun: Arc<AtomicBool>,
    pub(super) is_over: Arc<AtomicBool>,
}

impl Patience {
    /// One that is not needed yet. `is_called_off` is set by signals, and shortens it.
    pub fn new(is_called_off: Arc<AtomicBool>) -> Self {
        Self { is_called_off, has_begun: Arc::default(), is_over: Arc::default() }
    }

    /// From now on what is said is the last of it: it is tried again for two minutes, or for five seconds from when it is called off.
    pub fn begin(&self) {
        if self.has_begun.swap(true, Ordering::SeqCst) {
            return;
        }
        let own = self.clone();
        thread::spawn(move || own.watch());
    }

    fn watch(&self) {
        let mut ends = Instant::now() + LASTS;
        let mut was_called_off = false;
        while Instant::now() < ends {
            sleep(LOOK);
            if !was_called_off && self.is_called_off.load(Ordering::SeqCst) {
                was_called_off = true;
                ends = ends.min(Instant::now() + ONCE_CALLED_OFF);
            }
        }
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether there is time for another try; nothing, if it has not begun.
    pub(super) fn has_time(&self) -> Option<bool> {
        let has_begun = self.has_begun.load(Ordering::SeqCst);
        has_begun.then(|| !self.is_over.load(Ordering::SeqCst))
    }
}
