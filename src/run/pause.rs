use std::time::Duration;

use crate::agent::Outcome;

const FIRST: Duration = Duration::from_secs(1);
/// A limit that was hit a second ago is still there: give it more time.
const FIRST_AFTER_LIMIT: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_mins(5);

/// How long to wait before the next attempt: doubling, up to five minutes, shortened by up to a quarter so that tasks
/// that failed together don't come back together.
///
/// `attempt` is the one that ended, from 1; `jitter` is between 0 and 1.
pub(super) fn pause(outcome: Outcome, attempt: u32, jitter: f64) -> Duration {
    let first = if outcome == Outcome::RateLimited { FIRST_AFTER_LIMIT } else { FIRST };
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(LONGEST).mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_cap() {
        let seconds = |attempt| pause(Outcome::TimedOut, attempt, 0.0).as_secs();
        assert_eq!([1, 2, 3, 4, 9, 10, u32::MAX].map(seconds), [1, 2, 4, 8, 256, 300, 300]);
    }

    #[test]
    fn jitter_only_shortens_and_by_a_quarter_at_most() {
        assert_eq!(pause(Outcome::TimedOut, 3, 1.0), Duration::from_secs(3));
        assert_eq!(pause(Outcome::TimedOut, 3, 7.0), Duration::from_secs(3));
        assert_eq!(pause(Outcome::RateLimited, 1, 0.0), Duration::from_secs(15));
    }
}
