//! Finished work that conflicts with what was merged before.

use super::OURS;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::run::record::AttemptEnded;
use crate::run::{Attempt, TaskHistory};

impl TaskHistory {
    /// The attempt of that number.
    pub(in crate::run) fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.started.attempt == number)
    }

    /// The attempt whose work conflicts, and nobody has tried in earnest to resolve that: it was not tried, something came in between, what
    /// was made of it goes back to its agent, or the integration branch moved on so that it conflicts again. Nothing where a person has set the task back since.
    pub(in crate::run) fn unresolved(&self) -> Option<&Attempt> {
        let last = self.last_attempt().filter(|_| !self.is_set_back())?;
        let Some(resolves) = &last.started.resolves else {
            let is_conflict = last.outcome() == Some(Outcome::MergeConflict) && last.commit().is_some();
            return is_conflict.then_some(last);
        };
        let is_open = match &last.ended {
            None => true,
            // Others were faster: that is no fault of the resolution's, however often it happens.
            Some((ended, _)) if ended.outcome == Outcome::MergeConflict => ended.resolution.is_some(),
            Some((ended, _)) if ended.lost_session => true,
            Some((ended, _)) => {
                ended.outcome.is_transient()
                    || matches!(ended.outcome, Outcome::Interrupted | Outcome::GateFailed)
            }
        };
        self.attempt(resolves.attempt).filter(|_| is_open)
    }

    /// Whether its work was finished by a job of its own, and turned out to conflict when all jobs' work was brought together: nobody has tried to
    /// resolve that, nor decided anything since.
    pub(in crate::run) fn is_untried_conflict(&self) -> bool {
        let Some(last) = self.last_attempt().filter(|last| last.started.resolves.is_none()) else {
            return false;
        };
        let since = self.transitions.get(last.transitions_before..).unwrap_or_default();
        let is_brought_together = matches!(since, [done, blocked]
            if done.to == Status::Completed && blocked.to == Status::Blocked && blocked.actor == OURS);
        last.outcome() == Some(Outcome::MergeConflict) && is_brought_together
    }

    /// How often the conflict of its work was resolved, and something else was merged before that could be which conflicts with it.
    pub(in crate::run) fn times_overtaken(&self) -> usize {
        let resolving = self.attempts.iter().rev().take_while(|attempt| attempt.started.resolves.is_some());
        let ends = resolving.filter_map(|attempt| attempt.ended.as_ref());
        let is_overtaken =
            |ended: &AttemptEnded| ended.resolution.is_some() && ended.outcome == Outcome::MergeConflict;
        ends.filter(|(ended, _)| is_overtaken(ended)).count()
    }
}
