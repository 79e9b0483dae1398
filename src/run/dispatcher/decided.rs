//! What a person has decided (`blueprint task … --force`) about a task while its agent worked: that wins.

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Ending, TaskIndex};
use crate::run::job::Report;
use crate::run::record::{Record, TransitionRecord};
use crate::run::{Cause, RunError};

impl Dispatcher<'_> {
    /// The decision that takes a task out of our hands, if there is one. It is in the journal, written there by whoever decided.
    pub(super) fn decided(&mut self, index: TaskIndex) -> Result<Option<TransitionRecord>, RunError> {
        for record in self.books.journal.others::<Record>()? {
            self.books.history.add(record);
        }
        let story = self.books.history.task(self.ground.plan.task(index).id.as_str());
        let last = story.and_then(|story| story.transitions.last());
        Ok(last.filter(|last| last.to != Status::InProgress).cloned())
    }

    /// The attempt came to nothing that counts: the task is what the person has made of it.
    pub(super) fn leave_to(
        &mut self,
        index: TaskIndex,
        report: &Report,
        decision: &TransitionRecord,
    ) -> Result<(), RunError> {
        self.books.genesis = self.site.plan.load()?;
        let (ending, cause) = match decision.to {
            Status::Completed => {
                self.find_result(index)?;
                (Ending::Completed, Cause::Completed)
            }
            Status::Failed => (Ending::Failed, Cause::Failed),
            Status::Blocked => (Ending::Blocked, Cause::Blocked),
            Status::Cancelled => (Ending::Cancelled, Cause::Cancelled),
            Status::Pending | Status::InProgress => (Ending::Foreign, Cause::Foreign),
        };
        let text = format!("decided by {}; what its agent did stays on its branch", decision.actor);
        let report = Report {
            summary: Some(text.clone()),
            duration: report.duration,
            commit: report.commit,
            ..Report::of(Outcome::Cancelled, text)
        };
        self.tell_ended(index, &report, cause);
        self.leave(index, ending, cause).map(drop)
    }
}
