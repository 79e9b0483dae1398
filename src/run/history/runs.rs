//! What the journal has of runs: when they were at work.

use jiff::{SignedDuration, Timestamp};

use crate::run::record::{Fact, Record};
use crate::run::{Attempt, Caps, History, Verdict};

/// The time that one run was at work.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpan {
    /// Its id.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; nothing while it lives, or if it was killed.
    pub ended: Option<Timestamp>,
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// What it might use up, as far as that is known, if it ended because that was used up.
    pub out_of_budget: Option<Caps>,
    /// What one attempt may use up then, if no run with that budget could begin it.
    pub needed: Option<Caps>,
}

impl History {
    /// The runs, the first one first.
    pub fn runs(&self) -> &[RunSpan] {
        &self.runs
    }

    /// For how long runs were at work, added up, where there was any: of one that was killed, until it was last heard of; of the one with
    /// the id `live`, until `now`.
    pub fn at_work(&self, live: Option<&str>, now: Timestamp) -> Option<SignedDuration> {
        let span = |run: &RunSpan| {
            let open = if live == Some(run.run.as_str()) { now } else { run.last_seen };
            run.ended.unwrap_or(open).duration_since(run.started).max(SignedDuration::ZERO)
        };
        self.runs.iter().map(span).reduce(|all, one| all.checked_add(one).unwrap_or(all))
    }

    /// Notes what a record, which has not been taken in yet, says of runs.
    pub(super) fn note_runs(&mut self, record: &Record) {
        let time = record.time;
        match &record.fact {
            Fact::RunStarted { run, .. } => {
                let run = run.clone();
                self.runs.push(RunSpan {
                    run,
                    started: time,
                    ended: None,
                    last_seen: time,
                    out_of_budget: None,
                    needed: None,
                });
            }
            Fact::RunEnded { run, exit, budget, needed } => {
                if let Some(span) = self.runs.iter_mut().rfind(|span| span.run == *run) {
                    span.ended = Some(time);
                    let is_out = *exit == Verdict::OverBudget.exit_code();
                    span.out_of_budget = is_out.then(|| budget.unwrap_or_default());
                    span.needed = needed.filter(|_| is_out);
                }
            }
            Fact::AttemptStarted(started) => see(&mut self.runs, &started.run, time),
            Fact::AgentSpoke { task, attempt } | Fact::Merged { task, attempt, .. } => {
                self.see_run_of(task.as_str(), *attempt, time);
            }
            Fact::AttemptEnded(ended) => self.see_run_of(ended.task.as_str(), ended.attempt, time),
            Fact::Reported(reported) => self.see_run_of(reported.task.as_str(), reported.attempt, time),
            Fact::GateEnded(ended) => self.see_run_of(ended.task.as_str(), ended.attempt, time),
            // What a person does may stand after a run that was killed.
            Fact::JournalBegun { .. }
            | Fact::RunEnding { .. }
            | Fact::AgentStarted(_)
            | Fact::Kept { .. }
            | Fact::OverEstimate(_)
            | Fact::Transition(_)
            | Fact::SetBack(_)
            | Fact::Answered(_)
            | Fact::Taken(_)
            | Fact::Rebased { .. }
            | Fact::Asked { .. }
            | Fact::GatesInterrupted { .. }
            | Fact::Verified(_)
            | Fact::TakenOut(_)
            | Fact::OfLaterVersion => {}
        }
    }

    /// The run that started that attempt is at work, if it is the newest one: else a later one tells what became of it.
    fn see_run_of(&mut self, task: &str, number: u32, time: Timestamp) {
        let attempts = self.tasks.get(task).map(|story| story.attempts.as_slice()).unwrap_or_default();
        let is_meant = |attempt: &&Attempt| attempt.started.attempt == number;
        if let Some(attempt) = attempts.iter().rev().find(is_meant) {
            see(&mut self.runs, &attempt.started.run, time);
        }
    }
}

fn see(runs: &mut [RunSpan], run: &str, time: Timestamp) {
    if let Some(span) = runs.last_mut().filter(|span| span.run == run) {
        span.last_seen = span.last_seen.max(time);
    }
}

#[cfg(test)]
mod tests {
    use crate::agent::Outcome;
    use crate::run::sample::{at, ended, history, started};

    use super::*;

    fn run_started(run: &str, second: i64) -> (i64, Fact) {
        let (run, host, version, start) = (run.into(), "box".into(), "1".into(), "b".repeat(40));
        let (branch, process_start, boot) = (None, None, None);
        (second, Fact::RunStarted { run, pid: 1, host, version, start, branch, process_start, boot })
    }

    fn run_ended(run: &str, second: i64) -> (i64, Fact) {
        (second, Fact::RunEnded { run: run.into(), exit: 0, budget: None, needed: None })
    }

    #[test]
    fn time_between_runs_does_not_count_and_a_killed_one_counts_until_it_was_last_heard_of() {
        let by_hand = |second| {
            let (second, mut fact) = started("b", 1, second);
            if let Fact::AttemptStarted(started) = &mut fact {
                started.run = String::new();
            }
            (second, fact)
        };
        let facts = [
            run_started("r0", 100),
            run_ended("r0", 110),
            run_started("r1", 1_000),
            started("a", 1, 1_001),
            ended("a", 1, Outcome::Failed, 1_005),
            by_hand(9_000),
            ended("b", 1, Outcome::Completed, 9_005),
        ];
        let seconds = |live, now| history(facts.clone()).at_work(live, at(now)).map(|time| time.as_secs());
        assert_eq!(seconds(None, 20_000), Some(15));
        assert_eq!(seconds(Some("r1"), 2_000), Some(1_010));
        assert_eq!(history([]).at_work(None, at(5)), None);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_time_less_than_none() {
        let facts = [run_started("r1", 1_000), run_ended("r1", 10)];
        assert_eq!(history(facts).at_work(None, at(0)), Some(SignedDuration::ZERO));
    }
}
