//! What the journal has of runs: when they were at work.

use std::time::Duration;

use jiff::Timestamp;

use super::{OURS, Stretch};
use crate::run::record::{AttemptEnded, Fact, Record};
use crate::run::{Attempt, Caps, History, Used, Verdict};

/// The time that one run was at work.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSpan {
    /// Its id.
    pub run: String,
    /// On which machine.
    pub host: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; nothing while it lives, or if it was killed.
    pub ended: Option<Timestamp>,
    /// When it was last heard of.
    pub last_seen: Timestamp,
    /// What was used up in it, as far as that is known: what a review of an earlier run's work cost is in here, not there.
    pub used: Used,
    /// What it might use up, as far as that is known, if it ended because that was used up.
    pub out_of_budget: Option<Caps>,
    /// What one attempt may use up then, if no run with that budget could begin it.
    pub needed: Option<Caps>,
}

impl RunSpan {
    /// From its start to its end, or until it was last heard of.
    pub fn length(&self) -> Duration {
        Stretch { from: self.started, to: self.ended.unwrap_or(self.last_seen) }.length()
    }
}

impl History {
    /// The runs, the first one first.
    pub fn runs(&self) -> &[RunSpan] {
        &self.runs
    }

    /// The machine that an attempt was made on, where the journal has its run: of a job that did one task alone it has only what is about
    /// the task.
    pub fn host_of(&self, attempt: &Attempt) -> Option<&str> {
        let run = self.runs.iter().rfind(|run| run.run == attempt.started.run)?;
        Some(&run.host).filter(|host| !host.is_empty()).map(String::as_str)
    }

    /// For how long anything was at work, where there was any: each run from its start to its end, and agents that were at work outside of runs,
    /// as jobs of single tasks have them; what was at once counts once. Of a run that was killed it counts until that was last heard of; of the
    /// one with the id `live`, until `now`.
    pub fn at_work(&self, live: Option<&str>, now: Timestamp) -> Option<Duration> {
        let run = |run: &RunSpan| {
            let open = if live == Some(run.run.as_str()) { now } else { run.last_seen };
            Stretch { from: run.started, to: run.ended.unwrap_or(open) }
        };
        let until = self.counts_until(live.is_some(), now);
        let attempts = self.tasks.values().flat_map(|story| &story.attempts);
        let by_agents = attempts.filter(|attempt| !attempt.is_by_a_person());
        let stretches = by_agents.flat_map(|attempt| attempt.stretches(until));
        let mut all: Vec<_> = self.runs.iter().map(run).chain(stretches).collect();
        all.sort_by_key(|stretch| stretch.from);
        let mut end = all.first()?.from;
        let mut new = |stretch: &Stretch| {
            let from = end.max(stretch.from);
            end = end.max(stretch.to);
            Stretch { from, to: stretch.to }.length()
        };
        Some(all.iter().map(&mut new).sum())
    }

    /// Notes what a record, which has not been taken in yet, says of runs.
    pub(super) fn note_runs(&mut self, record: &Record) {
        let time = record.time;
        match &record.fact {
            Fact::RunStarted { run, host, .. } => {
                let (run, host) = (run.clone(), host.clone());
                self.runs.push(RunSpan {
                    run,
                    host,
                    started: time,
                    ended: None,
                    last_seen: time,
                    used: Used::default(),
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
            Fact::AttemptEnded(ended) => {
                self.see_run_of(ended.task.as_str(), ended.attempt, time);
                self.book(ended);
            }
            Fact::Reported(reported) => self.see_run_of(reported.task.as_str(), reported.attempt, time),
            Fact::GateEnded(ended) => self.see_run_of(ended.task.as_str(), ended.attempt, time),
            Fact::AgentStarted(started) => self.see_run_of(started.task.as_str(), started.attempt, time),
            Fact::Transition(change) if change.actor == OURS => {
                if let Some(span) = self.runs.last_mut().filter(|span| span.ended.is_none()) {
                    span.last_seen = span.last_seen.max(time);
                }
            }
            // What a person does may stand after a run that was killed.
            Fact::JournalBegun { .. }
            | Fact::RunEnding { .. }
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

    /// What an end of an attempt tells more than the one before was used up in the run that is under way; of what jobs of single tasks tell,
    /// which no run started, nothing.
    fn book(&mut self, ended: &AttemptEnded) {
        let story = self.tasks.get(&ended.task).map(|story| story.attempts.as_slice()).unwrap_or_default();
        let Some(attempt) = story.iter().rfind(|attempt| attempt.started.attempt == ended.attempt) else {
            return;
        };
        let more = Used { cost_usd: ended.cost_usd, tokens: ended.tokens }.since(attempt.used());
        let own = self.runs.iter().rposition(|run| run.run == attempt.started.run);
        let Some(own) = own.filter(|_| more.is_known()) else { return };
        let under_way = self.runs.len().checked_sub(1).filter(|last| self.runs[*last].ended.is_none());
        let run = &mut self.runs[under_way.unwrap_or(own)];
        run.used = run.used.plus(more);
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
                (started.run, started.runner) = (String::new(), crate::run::PERSON.into());
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
    fn what_a_later_run_spends_on_an_attempt_is_its_own() {
        let spent = |cost: f64, second| {
            let (second, mut fact) = ended("a", 1, Outcome::Completed, second);
            if let Fact::AttemptEnded(ended) = &mut fact {
                ended.cost_usd = Some(cost);
            }
            (second, fact)
        };
        let facts = [
            run_started("r1", 1),
            started("a", 1, 2),
            spent(0.75, 3),
            run_ended("r1", 4),
            run_started("r2", 5),
        ];
        let facts = facts.into_iter().chain([spent(0.75, 6), spent(1.0, 7), run_ended("r2", 8)]);
        let history = history(facts);
        let used: Vec<_> = history.runs().iter().map(|run| run.used.cost_usd.unwrap_or_default()).collect();
        assert_eq!(used, [0.75, 0.25]);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_time_less_than_none() {
        let facts = [run_started("r1", 1_000), run_ended("r1", 10)];
        assert_eq!(history(facts).at_work(None, at(0)), Some(Duration::ZERO));
    }
}
