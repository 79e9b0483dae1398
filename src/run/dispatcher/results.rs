//! The work of completed tasks: where it is, and that it is where it should be.

use std::path::PathBuf;

use super::Dispatcher;
use crate::git::{Integrated, MayLose, Message, Oid, Work};
use crate::plan::TaskId;
use crate::run::ground::Ground;
use crate::run::merging::dropped_in;
use crate::run::record::Fact;
use crate::run::{Attempt, Isolation, Lacks, RunError, RunEvent, TaskHistory, is_left_over, told_losses};

impl Dispatcher<'_> {
    /// Finds a completed task's work, and merges it if it is not in the integration branch (any more).
    ///
    /// A task completed by hand without a branch has none, and adds nothing to a base.
    pub(super) fn find_result(&mut self, id: &TaskId) -> Result<(), RunError> {
        if self.settings.alone && !self.is_asked_for_or_needed(id) {
            return Ok(());
        }
        let genesis = self.books.genesis();
        if genesis.task(id.as_str()).is_some_and(|task| genesis.is_skipped(task)) {
            self.tell(RunEvent::Note(format!(
                "{id} is skipped: it adds nothing to a base but what it needs"
            )));
            return Ok(());
        }
        let Some(commit) = self.result_of(id)? else {
            let is_in_place = |done: &Attempt| done.started.isolation == Isolation::None;
            if self.success_of(id).is_some_and(is_in_place) {
                return Ok(());
            }
            if self.is_needed(id) {
                self.tell(RunEvent::Note(self.without_work(id)));
            }
            return Ok(());
        };
        self.results.insert(id.clone(), commit);
        self.merge_again(id, commit)
    }

    /// A branch that was made anew has the merges that stay as other commits.
    pub(super) fn record_moved_merges(&mut self) -> Result<(), RunError> {
        let merges = self.common.repo.merges(&self.common.refs)?;
        let mut moved = Vec::new();
        for (task, commit) in &self.results {
            let Some(done) = self.success_of(task) else { continue };
            let now = merges.get(commit).map(ToString::to_string);
            if let Some(merge) = now.filter(|now| done.merge.as_ref() != Some(now)) {
                let (task, attempt, commit) = (task.clone(), done.started.attempt, commit.to_string());
                moved.push(Fact::Merged { task, attempt, commit, merge });
            }
        }
        moved.into_iter().try_for_each(|fact| self.record(fact))
    }

    /// What its attempts have left may be there, and does not count.
    fn without_work(&self, id: &TaskId) -> String {
        let story = self.books.history().task(id.as_str());
        let left = story.and_then(|story| story.attempts.iter().rev().find_map(Attempt::commit));
        let gate = story.and_then(TaskHistory::lacks).and_then(|lacks| match lacks {
            Lacks::Approval(gate) | Lacks::Pass(gate) | Lacks::Run(gate) => Some(gate),
            Lacks::Rest | Lacks::Leave(_) => None,
        });
        match (left, gate) {
            (None, _) => format!("{id} was completed by hand, not on its branch: it adds nothing to a base"),
            (Some(left), None) => format!(
                "{id} was completed by hand, and the unfinished work of its agent, {left}, does not count: it adds nothing to a base"
            ),
            (Some(left), Some(gate)) => format!(
                "{id} was completed by hand, and the work of its agent, {left}, has not passed the gate `{gate}`: it adds nothing to a base"
            ),
        }
    }

    fn is_asked_for_or_needed(&self, id: &TaskId) -> bool {
        let plan = &self.ground.plan;
        let named: Vec<_> = self.settings.only.iter().filter_map(|id| plan.find(id.as_str())).collect();
        plan.find(id.as_str()).is_some_and(|index| plan.with_prerequisites(&named)[index.0])
    }

    fn is_needed(&self, id: &TaskId) -> bool {
        let Ground { plan, outset, .. } = &self.ground;
        let after = plan.find(id.as_str()).map(|index| plan.dependents(index));
        after.into_iter().flatten().any(|after| outset.is_to_do(after))
    }

    /// The commit that the journal names; else the task's branch, unless it is merely what a failed attempt left: that is no work because
    /// a person has done it elsewhere. What an agent finished and only could not be merged is.
    fn result_of(&self, id: &TaskId) -> Result<Option<Oid>, RunError> {
        if let Some(done) = self.success_of(id) {
            return Ok(done.commit());
        }
        self.warn_of_uncommitted(id);
        let head = self.common.repo.target(&self.common.refs.branch(self.ground.slug(id)).full())?;
        Ok(head.filter(|head| !self.is_left_over(id, *head)))
    }

    fn is_left_over(&self, id: &TaskId, head: Oid) -> bool {
        self.books.history().task(id.as_str()).is_some_and(|story| is_left_over(story, head))
    }

    /// What came before a person set the task back does not count any more.
    fn success_of(&self, id: &TaskId) -> Option<&Attempt> {
        self.books.history().task(id.as_str())?.success()
    }

    /// Only commits can be merged.
    fn warn_of_uncommitted(&self, id: &TaskId) {
        let Some(last) = self.books.history().task(id.as_str()).and_then(TaskHistory::last_attempt) else {
            return;
        };
        let place = &last.started.worktree;
        if self.common.repo.worktree(place).is_dirty().unwrap_or(false) {
            let text =
                format!("is completed by hand, but not everything in {} is committed", place.display());
            self.tell(RunEvent::Warning { task: Some(id.clone()), text });
        }
    }

    /// The files, as a list, in which a person has left markers of a conflict that was to be resolved by hand.
    fn markers_of(&self, id: &TaskId, commit: Oid) -> Result<String, RunError> {
        if self.success_of(id).is_some() {
            return Ok(String::new());
        }
        let last = self.books.history().task(id.as_str()).and_then(TaskHistory::last_attempt);
        let base = last.and_then(|last| last.started.base.parse().ok());
        let paths = self.common.repo.markers_left(&self.common.refs, base, commit)?;
        Ok(paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))
    }

    /// Work that counts as completed is in the integration branch; where it is not (a branch that was deleted, an epic that got another
    /// name, work that a person finished), it is merged now.
    fn merge_again(&mut self, id: &TaskId, commit: Oid) -> Result<(), RunError> {
        let markers = self.markers_of(id, commit)?;
        if !markers.is_empty() {
            let text =
                format!("is completed, but its work has conflict markers in {markers}: it is not merged");
            self.tell(RunEvent::Warning { task: Some(id.clone()), text });
            self.unmerged.insert(id.clone(), format!("its work has conflict markers in {markers}"));
            return Ok(());
        }
        let name = self.name(id);
        let message =
            Message::new(&format!("Merge task {id}: {name}")).with_trailer("Blueprint-Task", id.as_str());
        let integration = self.common.refs.integration();
        // What was completed has been looked at.
        let done = self.success_of(id);
        let dropped = self.said_to_be_dropped(id);
        let may_lose = if done.is_some() { MayLose::Anything } else { MayLose::In(&dropped) };
        let base = done.or_else(|| self.last_in_worktree(id)).and_then(|of| of.started.base.parse().ok());
        let work = Work { head: commit, base, message: &message, may_lose };
        let integrated = self.common.repo.integrate(&self.common.refs, &work, self.common.strategy)?;
        self.is_to_be_verified();
        match integrated {
            Integrated::AlreadyIn => {}
            Integrated::Merged { .. } if self.success_of(id).is_none() => {
                self.tell(RunEvent::Note(format!("{id}: the work that was finished by hand is merged")));
            }
            Integrated::Merged { .. } => {
                let text = format!("is completed, but its work was not in {integration}; it is merged now");
                self.tell(RunEvent::Warning { task: Some(id.clone()), text });
            }
            Integrated::Conflict(paths) => {
                let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                let paths = paths.join(", ");
                let why = format!("its work conflicts with {integration}, in {paths}");
                let text = format!("is completed, but {why}");
                self.tell(RunEvent::Warning { task: Some(id.clone()), text });
                self.unmerged.insert(id.clone(), why);
            }
            Integrated::Losing(losses) => {
                let why = format!(
                    "its work holds what others have done, and takes some of it away again: {}",
                    told_losses(&losses)
                );
                let text = format!(
                    "is completed, but {why}: it is not merged (way out: commit on {} what is missing, then run again)",
                    self.branch(id)
                );
                self.tell(RunEvent::Warning { task: Some(id.clone()), text });
                self.unmerged.insert(id.clone(), why);
            }
        }
        Ok(())
    }

    /// The files of which whoever completed the task by hand has said that something of others' is left out on purpose.
    fn said_to_be_dropped(&self, id: &TaskId) -> Vec<PathBuf> {
        let result = self.books.genesis().details(id.as_str()).result;
        result.map(|result| dropped_in([Some(&result.summary), result.notes.as_ref()])).unwrap_or_default()
    }

    /// The attempt on whose branch a person has gone on, if there was one.
    fn last_in_worktree(&self, id: &TaskId) -> Option<&Attempt> {
        let last = self.books.history().task(id.as_str()).and_then(TaskHistory::last_attempt);
        last.filter(|last| last.started.isolation == Isolation::Worktree)
    }
}
