//! The work of completed tasks: where it is, and that it is where it should be.

use super::Dispatcher;
use crate::agent::Outcome;
use crate::git::{Integrated, Message, Oid};
use crate::plan::TaskIndex;
use crate::run::{Attempt, RunError, RunEvent, TaskHistory};

impl Dispatcher<'_> {
    /// Finds a completed task's work, and merges it if it is not in the integration branch (any more).
    ///
    /// A task completed by hand without a branch has none, and adds nothing to a base.
    pub(super) fn find_result(&mut self, index: TaskIndex) -> Result<(), RunError> {
        let (id, outset) = (self.id(index), &self.ground.outset);
        let Some(commit) = self.result_of(index)? else {
            let is_needed =
                self.ground.plan.dependents(index).into_iter().any(|after| outset.is_to_do(after));
            if is_needed {
                let text =
                    format!("{id} was completed by hand, not on its branch: it adds nothing to a base");
                self.tell(RunEvent::Note(text));
            }
            return Ok(());
        };
        self.results.insert(index, commit);
        self.merge_again(index, commit)
    }

    /// The commit that the journal names; else the task's branch, unless it is merely what a failed attempt left: that is no work because
    /// a person has done it elsewhere. What an agent finished and only could not be merged is.
    fn result_of(&self, index: TaskIndex) -> Result<Option<Oid>, RunError> {
        if let Some(done) = self.success_of(index) {
            return Ok(done.commit());
        }
        self.warn_of_uncommitted(index);
        let head = self.common.repo.target(&self.common.refs.branch(&self.ground.slugs[index.0]).full())?;
        Ok(head.filter(|head| !self.is_left_over(index, *head)))
    }

    fn is_left_over(&self, index: TaskIndex, head: Oid) -> bool {
        let story = self.books.history.task(self.ground.plan.task(index).id.as_str());
        let mut attempts = story.into_iter().flat_map(|story| &story.attempts);
        attempts.any(|attempt| {
            attempt.commit() == Some(head) && attempt.outcome() != Some(Outcome::MergeConflict)
        })
    }

    fn success_of(&self, index: TaskIndex) -> Option<&Attempt> {
        let story = self.books.history.task(self.ground.plan.task(index).id.as_str())?;
        story.attempts.iter().rev().find(|attempt| attempt.succeeded())
    }

    /// Only commits can be merged.
    fn warn_of_uncommitted(&self, index: TaskIndex) {
        let id = self.id(index);
        let Some(last) = self.books.history.task(id.as_str()).and_then(TaskHistory::last_attempt) else {
            return;
        };
        let place = &last.started.worktree;
        if self.common.repo.worktree(place).is_dirty().unwrap_or(false) {
            let text =
                format!("is completed by hand, but not everything in {} is committed", place.display());
            self.tell(RunEvent::Warning { task: Some(id), text });
        }
    }

    /// Work that counts as completed is in the integration branch; where it is not (a branch that was deleted, an epic that got another
    /// name, work that a person finished), it is merged now.
    fn merge_again(&mut self, index: TaskIndex, commit: Oid) -> Result<(), RunError> {
        let task = self.ground.plan.task(index);
        let message = Message::new(&format!("Merge task {}: {}", task.id, task.name))
            .with_trailer("Blueprint-Task", task.id.as_str());
        let (id, integration) = (task.id.clone(), self.common.refs.integration());
        match self.common.repo.integrate(&self.common.refs, commit, &message)? {
            Integrated::AlreadyIn => {}
            Integrated::Merged { .. } if self.success_of(index).is_none() => {
                self.tell(RunEvent::Note(format!("{id}: the work that was finished by hand is merged")));
            }
            Integrated::Merged { .. } => {
                let text = format!("is completed, but its work was not in {integration}; it is merged now");
                self.tell(RunEvent::Warning { task: Some(id), text });
            }
            Integrated::Conflict(paths) => {
                let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                let paths = paths.join(", ");
                let text = format!("is completed, but its work conflicts with {integration}, in {paths}");
                self.tell(RunEvent::Warning { task: Some(id), text });
                self.unmerged.push(index);
            }
        }
        Ok(())
    }
}
