use std::time::Duration;

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
}

/// Decides by the attempt's outcome, how many the task had in this run (`tries`, this one included), how many more it may have, and
/// whether the run is ending. `jitter` is between 0 and 1.
pub(super) fn next(report: &Report, tries: u32, retries: u32, stopping: bool, jitter: f64) -> Next {
    let may_retry = tries <= retries;
    match report.outcome {
        _ if report.done => Next::Complete,
        Outcome::Interrupted if stopping => Next::Release,
        // Nobody saw its end: that is not the task's fault, but neither may it go on for ever.
        Outcome::Interrupted if may_retry || tries <= 1 => Next::Again { pause: Duration::ZERO },
        Outcome::Blocked | Outcome::NeedsAnswer | Outcome::MergeConflict => Next::Block,
        outcome if outcome.is_transient() && may_retry => {
            if stopping {
                Next::Release
            } else {
                Next::Again { pause: pause(outcome, tries, jitter) }
            }
        }
        _ => Next::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcome: Outcome, tries: u32, stopping: bool) -> Next {
        next(&Report::of(outcome, ""), tries, 2, stopping, 0.0)
    }

    #[test]
    fn transient_ends_are_tried_again_until_the_retries_are_used_up() {
        let seconds = |s| Next::Again { pause: Duration::from_secs(s) };
        assert_eq!(
            [1, 2, 3].map(|tries| after(Outcome::TimedOut, tries, false)),
            [seconds(1), seconds(2), Next::Fail]
        );
        assert_eq!(after(Outcome::Failed, 1, false), Next::Fail);
    }

    #[test]
    fn a_run_that_is_ending_starts_nothing_again() {
        assert_eq!(after(Outcome::TimedOut, 1, true), Next::Release);
        assert_eq!(after(Outcome::Interrupted, 1, true), Next::Release);
        assert_eq!(after(Outcome::Failed, 1, true), Next::Fail);
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
}
