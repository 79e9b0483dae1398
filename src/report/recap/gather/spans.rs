//! When attempts began and ended, their gates included: an attempt is over when its work is merged, or has come to its last gate.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Sources;
use crate::plan::TaskId;
use crate::run::{Fact, Record};

/// The times of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) began: Timestamp,
    /// Its agent was done; what follows are its gates.
    pub(super) agent_ended: Option<Timestamp>,
    /// Nothing while it goes on.
    pub(super) ended: Option<Timestamp>,
}

/// The times of all attempts.
pub(super) struct Spans(HashMap<(TaskId, u32), Span>);

impl Spans {
    /// What nobody saw the end of ended with the last that its journal says before the next run.
    pub(super) fn of(sources: &Sources<'_>) -> Self {
        let mut spans = Self(HashMap::new());
        let mut last = sources.now;
        for record in sources.records {
            if matches!(record.fact, Fact::RunStarted { .. }) {
                spans.close(last);
            }
            spans.add(record);
            last = record.time;
        }
        if !sources.live {
            spans.close(last);
        }
        spans
    }

    pub(super) fn of_attempt(&self, task: &TaskId, attempt: u32) -> Option<Span> {
        self.0.get(&(task.clone(), attempt)).copied()
    }

    fn add(&mut self, record: &Record) {
        let time = record.time;
        match &record.fact {
            Fact::AttemptStarted(started) => {
                let span = Span { began: time, agent_ended: None, ended: None };
                self.0.insert((started.task.clone(), started.attempt), span);
            }
            Fact::AttemptEnded(ended) => self.end(&ended.task, ended.attempt, time),
            Fact::GateEnded(ended) => self.end(&ended.task, ended.attempt, time),
            Fact::GatesInterrupted { task, attempt } | Fact::Merged { task, attempt, .. } => {
                self.end(task, *attempt, time);
            }
            // They are no part of an attempt's work.
            Fact::JournalBegun { .. }
            | Fact::RunStarted { .. }
            | Fact::RunEnding { .. }
            | Fact::RunEnded { .. }
            | Fact::AgentStarted(_)
            | Fact::Reported(_)
            | Fact::Kept { .. }
            | Fact::OverEstimate(_)
            | Fact::Transition(_)
            | Fact::SetBack(_)
            | Fact::Answered(_)
            | Fact::Taken(_)
            | Fact::Rebased { .. }
            | Fact::Asked { .. }
            | Fact::AgentSpoke { .. }
            | Fact::Verified(_)
            | Fact::TakenOut(_)
            | Fact::OfLaterVersion => {}
        }
    }

    fn end(&mut self, task: &TaskId, attempt: u32, time: Timestamp) {
        if let Some(span) = self.0.get_mut(&(task.clone(), attempt)) {
            span.agent_ended.get_or_insert(time);
            span.ended = Some(time);
        }
    }

    fn close(&mut self, at: Timestamp) {
        for span in self.0.values_mut().filter(|span| span.ended.is_none()) {
            span.ended = Some(at.max(span.began));
        }
    }
}
