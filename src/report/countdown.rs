//! How long a run has been at work, and how much longer it may be, at any moment between what is told of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::text::short;

/// What the line for the whole run says of time; its copies say the same.
#[derive(Debug, Clone)]
pub(super) struct Countdown {
    began: Instant,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug, Clone, Copy)]
enum Told {
    Nothing,
    Paused,
    /// So much is left, from then.
    Left(Duration, Instant),
}

impl Countdown {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), told: Arc::new(Mutex::new(Told::Nothing)) }
    }

    /// So much is left from now on.
    pub(super) fn is_left(&self, left: Duration) {
        self.tell(Told::Left(left, Instant::now()));
    }

    /// Nothing new starts: nobody knows until when.
    pub(super) fn pause(&self) {
        self.tell(Told::Paused);
    }

    pub(super) fn resume(&self) {
        self.tell(Told::Nothing);
    }

    fn tell(&self, told: Told) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// `1m 02s  about 4m 10s left`.
    pub(super) fn says(&self) -> String {
        let now = Instant::now();
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}  {}", begun(now - self.began), left(told, now))
    }
}

/// In whole seconds that have begun: a task that began with the run is never ahead of it.
fn begun(time: Duration) -> String {
    short(Duration::from_secs(time.as_secs() + 1)).replace(".0s", "s")
}

fn left(told: Told, now: Instant) -> String {
    match told {
        Told::Nothing => String::new(),
        Told::Paused => "paused".to_owned(),
        Told::Left(left, since) => match left.checked_sub(now.saturating_duration_since(since)) {
            Some(left) if left >= Duration::from_millis(100) => format!("about {} left", short(left)),
            _ => "longer than estimated".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_runs_down_and_never_stands_still_at_nothing() {
        let since = Instant::now();
        let after =
            |seconds| left(Told::Left(Duration::from_secs(5), since), since + Duration::from_secs(seconds));
        assert_eq!([after(0), after(2)], ["about 5.0s left", "about 3.0s left"]);
        assert_eq!([after(5), after(900)], ["longer than estimated"; 2]);
        assert_eq!(left(Told::Paused, since), "paused");
    }

    #[test]
    fn a_run_is_never_shorter_than_a_task_of_it() {
        assert_eq!(
            [0.0, 1.9, 59.0, 61.0].map(|s| begun(Duration::from_secs_f64(s))),
            ["1s", "2s", "1m 00s", "1m 02s"]
        );
    }
}
