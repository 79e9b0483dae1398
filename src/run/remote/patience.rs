//! How long a push beside a run may take: a connection that is dead must not cost what is to be renewed by it.

use std::time::Duration;

/// The first try is over after such a part of the time that is renewed by it: there is time for another one.
const PART: u32 = 4;
/// No call is given less: git has to be started, and the remote to be found.
const LEAST: Duration = Duration::from_secs(5);

/// How long the first of the last calls of all may take: one that hangs leaves time for another.
pub(in crate::run) const LAST_TRY: Duration = Duration::from_secs(45);

/// For what has to come in time.
pub(in crate::run) fn short(lasts: Duration) -> Duration {
    (lasts / PART).max(LEAST)
}

/// For what may be large, after so many tries that have failed one after the other: one that was too short is followed by longer ones.
pub(in crate::run) fn after(failures: u32, lasts: Duration) -> Duration {
    short(lasts).saturating_mul(2_u32.saturating_pow(failures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_hangs_leaves_time_to_renew_a_lease_and_a_slow_one_gets_more_and_more() {
        let lasts = Duration::from_mins(2);
        assert!(lasts / 3 + short(lasts) + short(lasts) < lasts);
        assert_eq!([0, 1, 3].map(|failures| after(failures, lasts).as_secs()), [30, 60, 240]);
        assert_eq!(short(Duration::ZERO), LEAST);
        assert!(after(u32::MAX, lasts) > after(3, lasts));
    }
}
