use std::time::Duration;

use jiff::Timestamp;

use super::job::Report;
use super::pause::pause;
use crate::agent::Outcome;

/// What follows the end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Next {
    /// The task is done.
    Complete,
    /// The task failed for good.
    Fail,
    /// The task waits for a person.
    Block,
    /// The task is pending, for a later run.
    Release,
    /// Another attempt follows.
    Again { pause: Duration },
    /// The task waits until the limit ends that it ran into; the attempt does not count.
    Park { until: Timestamp },
}

/// What is known of a task's attempts in this run when one more has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    /// How many it had, this one included; those after which it was parked are not counted.
    pub(super) count: u32,
    /// How many more it may have.
    pub(super) retries: u32,
    /// After how many it was parked.
    pub(super) parked: u32,
    /// Whether another attempt may follow one that ended so.
    pub(super) is_retried: bool,
}

/// Decides by the attempt's outcome, how many the task had, and whether the run is ending. `jitter` is between 0 and 1.
pub(super) fn next(report: &Report, tries: Tries, stopping: bool, jitter: f64, now: Timestamp) -> Next {
    let may_retry = tries.count <= tries.retries;
    match (report.outcome, report.retry_at) {
        _ if report.done => Next::Complete,
        (Outcome::Interrupted, _) | (Outcome::RateLimited, Some(_)) if stopping => Next::Release,
        // Nobody saw its end: that is not the task's fault, but neither may it go on for ever.
        (Outcome::Interrupted, _) if may_retry || tries.count <= 1 => Next::Again { pause: Duration::ZERO },
        (Outcome::Blocked | Outcome::NeedsAnswer | Outcome::MergeConflict, _) => Next::Block,
        (Outcome::RateLimited, Some(until)) => Next::Park { until: end_of_limit(until, tries, jitter, now) },
        (outcome, _) if tries.is_retried && may_retry => {
            if stopping {
                Next::Release
            } else {
                Next::Again { pause: pause(outcome, tries.count, jitter) }
            }
        }
        _ => Next::Fail,
    }
}

/// Tasks that wait for one limit don't come back all at once: this much later at most.
const SPREAD: Duration = Duration::from_secs(20);

/// Less than that is no pause.
const MOMENT: Duration = Duration::from_secs(1);

/// When the limit ends, and a little later. A service that always says "in a second" is asked ever less often.
fn end_of_limit(until: Timestamp, tries: Tries, jitter: f64, now: Timestamp) -> Timestamp {
    let left: Duration = until.duration_since(now).try_into().unwrap_or_default();
    let least = pause(Outcome::TimedOut, tries.parked.saturating_add(1), jitter);
    let wait = left + spread(left).mul_f64(jitter.clamp(0.0, 1.0));
    now.checked_add(wait.max(least)).unwrap_or(Timestamp::MAX)
}

fn spread(left: Duration) -> Duration {
    (left / 10).min(SPREAD)
}

/// Whether that moment is not the end of the limit that was told of, but one of our own, which is later.
pub(super) fn is_of_our_own(until: Timestamp, told: Timestamp, now: Timestamp) -> bool {
    let left: Duration = told.duration_since(now).try_into().unwrap_or_default();
    let latest = now.checked_add(left + spread(left) + MOMENT).unwrap_or(Timestamp::MAX);
    until > latest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tries(count: u32, parked: u32) -> Tries {
        Tries { count, retries: 2, parked, is_retried: true }
    }

    fn after(outcome: Outcome, count: u32, stopping: bool) -> Next {
        let tries = Tries { is_retried: outcome.is_transient(), ..tries(count, 0) };
        next(&Report::of(outcome, ""), tries, stopping, 0.0, at(0))
    }

    fn limited(until: i64, tries: Tries, stopping: bool, jitter: f64) -> Next {
        let report = Report { retry_at: Some(at(until)), ..Report::of(Outcome::RateLimited, "") };
        next(&report, tries, stopping, jitter, at(1_000))
    }

    #[test]
    fn transient_ends_are_tried_again_until_the_retries_are_used_up() {
        let seconds = |s| Next::Again { pause: Duration::from_secs(s) };
        assert_eq!(
            [1, 2, 3].map(|count| after(Outcome::TimedOut, count, false)),
            [seconds(1), seconds(2), Next::Fail]
        );
        assert_eq!(after(Outcome::Failed, 1, false), Next::Fail);
    }

    #[test]
    fn a_run_that_is_ending_starts_nothing_again() {
        assert_eq!(after(Outcome::TimedOut, 1, true), Next::Release);
        assert_eq!(after(Outcome::Interrupted, 1, true), Next::Release);
        assert_eq!(after(Outcome::Failed, 1, true), Next::Fail);
        assert_eq!(limited(9_000, tries(9, 0), true, 0.0), Next::Release);
    }

    #[test]
    fn what_only_a_person_can_solve_blocks() {
        for outcome in [Outcome::Blocked, Outcome::NeedsAnswer, Outcome::MergeConflict] {
            assert_eq!(after(outcome, 1, false), Next::Block);
        }
    }

    #[test]
    fn an_end_that_nobody_saw_is_no_reason_to_fail_but_not_for_ever() {
        assert_eq!(after(Outcome::Interrupted, 2, false), Next::Again { pause: Duration::ZERO });
        assert_eq!(after(Outcome::Interrupted, 3, false), Next::Fail);
    }

    #[test]
    fn a_limit_that_says_when_it_ends_parks_the_task_however_many_tries_it_had() {
        assert_eq!(limited(19_000, tries(1, 0), false, 0.0), Next::Park { until: at(19_000) });
        assert_eq!(limited(19_000, tries(99, 0), false, 0.0), Next::Park { until: at(19_000) });
        assert_eq!(limited(19_000, tries(1, 0), false, 1.0), Next::Park { until: at(19_020) });
        assert_eq!(after(Outcome::RateLimited, 3, false), Next::Fail, "of which nobody knows when it ends");
    }

    #[test]
    fn a_service_that_always_says_at_once_is_asked_ever_less_often() {
        let until = |parked| match limited(1_000, tries(1, parked), false, 0.0) {
            Next::Park { until } => until.as_second() - 1_000,
            other => panic!("{other:?}"),
        };
        assert_eq!([0, 1, 2, 20].map(until), [1, 2, 4, 300]);
        let is_ours = |told| is_of_our_own(at(1_300), at(told), at(1_000));
        assert_eq!([1_004, 1_270, 1_290, 1_300].map(is_ours), [true, true, false, false]);
    }
}
