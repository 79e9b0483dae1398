//! What a person has decided (`blueprint task … --force`) about a task while its agent worked: that wins.

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Ending, Event, TaskId};
use crate::run::job::Report;
use crate::run::record::TransitionRecord;
use crate::run::{Cause, RunError};

impl Dispatcher<'_> {
    /// The decision that takes a task out of our hands, if there is one. It is in the journal, written there by whoever decided.
    pub(super) fn decided(&mut self, task: &TaskId) -> Result<Option<TransitionRecord>, RunError> {
        self.books.hear_others()?;
        Ok(self.decision(task).cloned())
    }

    /// The same, as far as we have heard: a task that is under way was put in progress by us, and by nobody since.
    pub(super) fn decision(&self, task: &TaskId) -> Option<&TransitionRecord> {
        let story = self.books.history().task(task.as_str())?;
        let last = story.transitions.last()?;
        (last.to != Status::InProgress || story.taken_by().is_some()).then_some(last)
    }

    /// The attempt came to nothing that counts: the task is what the person has made of it.
    pub(super) fn leave_to(
        &mut self,
        task: &TaskId,
        report: &Report,
        decision: &TransitionRecord,
    ) -> Result<(), RunError> {
        self.look_until_settled()?;
        let (ending, cause) = match decision.to {
            Status::Completed => {
                self.find_result(task)?;
                (Ending::Completed, Cause::Completed)
            }
            Status::Failed => (Ending::Failed, Cause::Failed),
            Status::Blocked => (Ending::Blocked, Cause::Blocked),
            Status::Cancelled => (Ending::Cancelled, Cause::Cancelled),
            Status::Pending | Status::InProgress => (Ending::Foreign, Cause::Foreign),
        };
        let work = if report.done { "was merged before" } else { "stays on its branch" };
        let decided = if decision.to == Status::InProgress { "was taken" } else { "decided" };
        let text = format!("{decided} by {}; what its agent did {work}", decision.actor);
        let report = Report {
            summary: Some(text.clone()),
            duration: report.duration,
            commit: report.commit,
            ..Report::of(Outcome::Cancelled, text)
        };
        self.tell_ended(task, &report, cause);
        let lost = self.apply(task, Event::End(ending))?;
        if !lost.is_empty() {
            self.tell_lost(lost, task, cause);
        }
        Ok(())
    }
}
