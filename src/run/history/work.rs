//! When attempts were worked on: the one place that says how long anything took.
//!
//! An attempt is worked on from its start to the end of its agent and of its gates. While it waits for a person, or for a gate that could not
//! be run, nothing goes on: it is over for then, and a new stretch begins when a run takes it up again.

use std::time::Duration;

use jiff::Timestamp;

use crate::genesis::Status;
use crate::plan::TaskId;
use crate::run::record::{AgentStarted, Fact, Record};
use crate::run::{Attempt, History, PERSON, TaskHistory};

/// A time without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// From then.
    pub from: Timestamp,
    /// Until then.
    pub to: Timestamp,
}

impl Stretch {
    pub(super) fn at(time: Timestamp) -> Self {
        Self { from: time, to: time }
    }

    /// How long it is; a clock that was set back makes no time less than none.
    pub fn length(&self) -> Duration {
        Duration::try_from(self.to.duration_since(self.from)).unwrap_or_default()
    }
}

impl Attempt {
    /// When it was worked on, the first time first. What is under way goes on to `until`, where that is known.
    pub fn stretches(&self, until: Option<Timestamp>) -> impl Iterator<Item = Stretch> {
        let open = self.stretches.len().checked_sub(1).filter(|_| self.is_at_work);
        self.stretches.iter().enumerate().map(move |(at, stretch)| {
            let to = if open == Some(at) { stretch.to.max(until.unwrap_or(stretch.to)) } else { stretch.to };
            Stretch { to, ..*stretch }
        })
    }

    /// For how long it was worked on; what is under way counts to `until`, where that is known.
    pub fn took(&self, until: Option<Timestamp>) -> Duration {
        self.stretches(until).map(|stretch| stretch.length()).sum()
    }

    /// Whether its agent or its gates are at work, as far as the journal says.
    pub fn is_at_work(&self) -> bool {
        self.is_at_work
    }

    /// Whether a person did it: what that took is nothing that agents did.
    pub fn is_by_a_person(&self) -> bool {
        self.started.runner == PERSON
    }

    fn work(&mut self, time: Timestamp) {
        if let Some(last) = self.stretches.last_mut().filter(|_| self.is_at_work) {
            last.to = last.to.max(time);
        }
    }

    fn rest(&mut self, time: Timestamp) {
        self.work(time);
        self.is_at_work = false;
    }

    fn go_on(&mut self, time: Timestamp) {
        if !self.is_at_work {
            self.is_at_work = true;
            super::push_tightly(&mut self.stretches, Stretch::at(time));
        }
    }
}

impl TaskHistory {
    /// For how long its attempts were worked on, together; what is under way counts to `until`, where that is known.
    pub fn took(&self, until: Option<Timestamp>) -> Duration {
        self.attempts.iter().map(|attempt| attempt.took(until)).sum()
    }
}

impl History {
    /// Until when what is under way counts: until `now` where a run lives; of one that was killed, until it was last heard of.
    pub fn counts_until(&self, lives: bool, now: Timestamp) -> Option<Timestamp> {
        let last = self.runs.last().filter(|run| run.ended.is_none());
        if lives { Some(now) } else { last.map(|run| run.last_seen) }
    }

    /// The same of one attempt: whether one that no run of ours began, as a person or a job elsewhere does, is still at it the journal can't
    /// tell.
    pub fn attempt_counts_until(&self, attempt: &Attempt, lives: bool, now: Timestamp) -> Option<Timestamp> {
        let own = self.runs.iter().rfind(|run| run.run == attempt.started.run);
        if lives { Some(now) } else { Some(own.map_or(now, |run| run.last_seen)) }
    }

    /// Notes what a record, which has not been taken in yet, says of work.
    pub(super) fn note_work(&mut self, record: &Record) {
        let time = record.time;
        match &record.fact {
            Fact::RunStarted { .. } | Fact::RunEnded { .. } => self.end_work(),
            Fact::Transition(change) => self.turn(&change.task, change.to, time),
            Fact::SetBack(set_back) => {
                set_back.transitions.iter().for_each(|change| self.turn(&change.task, change.to, time));
            }
            Fact::Taken(taken) => {
                taken.transitions.iter().for_each(|change| self.turn(&change.task, change.to, time));
            }
            Fact::Answered(answered) => {
                answered.transitions.iter().for_each(|change| self.turn(&change.task, change.to, time));
            }
            Fact::TakenOut(out) => {
                out.transitions.iter().for_each(|change| self.turn(&change.task, change.to, time));
            }
            Fact::AgentStarted(AgentStarted { task, attempt, .. })
            | Fact::AgentSpoke { task, attempt }
            | Fact::GatesInterrupted { task, attempt }
            | Fact::Merged { task, attempt, .. } => self.work(task, *attempt, time),
            Fact::AttemptEnded(ended) => self.work(&ended.task, ended.attempt, time),
            Fact::GateEnded(ended) => self.work(&ended.task, ended.attempt, time),
            Fact::Reported(reported) => self.work(&reported.task, reported.attempt, time),
            // An attempt's own start is where it is taken in.
            Fact::AttemptStarted(_)
            | Fact::JournalBegun { .. }
            | Fact::RunEnding { .. }
            | Fact::Kept { .. }
            | Fact::OverEstimate(_)
            | Fact::Rebased { .. }
            | Fact::Asked { .. }
            | Fact::Verified(_)
            | Fact::OfLaterVersion => {}
        }
    }

    fn work(&mut self, task: &TaskId, attempt: u32, time: Timestamp) {
        if let Some(attempt) = self.attempt(task, attempt) {
            attempt.work(time);
        }
    }

    /// A task that leaves `in-progress` is not worked on; one that comes back to it may go on with its last attempt.
    fn turn(&mut self, task: &TaskId, to: Status, time: Timestamp) {
        let Some(last) = self.tasks.get_mut(task).and_then(|story| story.attempts.last_mut()) else { return };
        if to == Status::InProgress { last.go_on(time) } else { last.rest(time) }
    }

    /// What a run leaves open it has left: of one that was killed, when it was last heard of.
    fn end_work(&mut self) {
        let seen = |run: &str| self.runs.iter().rfind(|span| span.run == run).map(|span| span.last_seen);
        for attempt in self.tasks.values_mut().flat_map(|story| &mut story.attempts) {
            if let Some(seen) = seen(&attempt.started.run).filter(|_| attempt.is_at_work) {
                attempt.rest(seen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::agent::Outcome;
    use crate::genesis::Status::{Blocked, Completed, InProgress, Pending};
    use crate::run::sample::{at, ended, history, started, transition};

    use super::*;

    fn run_started(run: &str, second: i64) -> (i64, Fact) {
        let (run, host, version, start) = (run.into(), "box".into(), "1".into(), "b".repeat(40));
        let (branch, process_start, boot) = (None, None, None);
        (second, Fact::RunStarted { run, pid: 1, host, version, start, branch, process_start, boot })
    }

    #[test]
    fn what_a_task_waits_for_a_person_is_no_time_that_it_took() {
        let facts = [
            run_started("r1", 1_000),
            transition("a", Pending, InProgress, 1_001),
            started("a", 1, 1_002),
            ended("a", 1, Outcome::Completed, 1_010),
            ended("a", 1, Outcome::Blocked, 1_012),
            transition("a", InProgress, Blocked, 1_013),
            (1_014, Fact::RunEnded { run: "r1".into(), exit: 4, budget: None, needed: None }),
            run_started("r2", 9_000),
            (9_001, Fact::GatesInterrupted { task: "a".into(), attempt: 1 }),
            ended("a", 1, Outcome::Completed, 9_001),
            transition("a", Pending, InProgress, 9_002),
            ended("a", 1, Outcome::Completed, 9_004),
            transition("a", InProgress, Completed, 9_005),
        ];
        let history = history(facts);
        let story = history.task("a").unwrap();
        assert_eq!(story.took(None), Duration::from_secs(11 + 3));
        assert_eq!(story.took(Some(at(20_000))), story.took(None), "it is over");
    }

    #[test]
    fn what_is_under_way_counts_until_now_and_of_a_killed_run_until_it_was_heard_of() {
        let facts = [run_started("r1", 1_000), started("a", 1, 1_002), started("b", 1, 1_007)];
        let took = |history: &History, lives| {
            let until = history.counts_until(lives, at(1_100));
            history.task("a").unwrap().took(until).as_secs()
        };
        let open = history(facts.clone());
        assert_eq!((took(&open, true), took(&open, false)), (98, 5));
        let later = history(facts.into_iter().chain([run_started("r2", 1_090)]));
        assert_eq!((took(&later, true), took(&later, false)), (5, 5));
    }
}
