//! What follows a conflict of finished work with what was merged before: the task's agent resolves it, or a person has to.

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Ending, TaskId};
use crate::run::budget::Fit;
use crate::run::job::{Entry, Report};
use crate::run::merging::{OtherSide, Resolving};
use crate::run::record::Fact;
use crate::run::settings::OnConflict;
use crate::run::{Attempt, Cause, Isolation, RunError, RunEvent, TaskHistory};

impl Dispatcher<'_> {
    /// The conflict that an attempt at the task is to resolve, if it is not to do the task itself.
    pub(super) fn resolving(&self, task: &TaskId, entry: &Entry) -> Option<Resolving> {
        let story = self.books.history().task(task.as_str())?;
        let work = match entry {
            Entry::Resumed(resumed) => story.attempt(resumed.started.resolves.as_ref()?.attempt)?,
            Entry::Fresh | Entry::Prepared(_) => self.unresolved(task)?,
        };
        let (ended, _) = work.ended.as_ref()?;
        Some(Resolving { of: work.started.clone(), work: ended.clone(), others: self.other_sides(task) })
    }

    /// The attempt whose work waits for somebody who merges it, where agents do that.
    fn unresolved(&self, task: &TaskId) -> Option<&Attempt> {
        let is_for_agents = self.settings.on_conflict == OnConflict::Agent;
        let is_isolated = self.isolation(task) == Isolation::Worktree;
        let story = self.books.history().task(task.as_str());
        story.filter(|_| is_for_agents && is_isolated).and_then(TaskHistory::unresolved)
    }

    fn other_sides(&self, task: &TaskId) -> Vec<OtherSide> {
        let genesis = self.books.genesis();
        let others = self.results.keys().filter(|id| *id != task);
        let side = |id: &TaskId| {
            let summary = genesis.details(id.as_str()).result.map(|result| result.summary);
            let later = self.books.later_result(id.as_str()).map(|result| result.summary.clone());
            OtherSide { id: id.clone(), name: self.name(id), summary: later.or(summary) }
        };
        others.map(side).collect()
    }

    /// Whether the task's end is a conflict that its agent is to resolve.
    pub(super) fn is_to_be_resolved(&self, task: &TaskId, report: &Report) -> bool {
        let is_planned = self.ground.plan.find(task.as_str()).is_some();
        report.outcome == Outcome::MergeConflict && is_planned && self.unresolved(task).is_some()
    }

    /// The task stays in progress, with another attempt at once. A run that is about to end leaves that to the next one.
    pub(super) fn resolve(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        if self.stage.is_some() {
            return self.end(task, report, Status::Pending, Ending::Interrupted, Cause::Interrupted);
        }
        if self.fit(task) != Fit::Now {
            let attempt = self.attempt_number(task);
            let description =
                format!("attempt {attempt} {}; that is to be resolved", report.outcome.sentence());
            return self.wait_for_share(task, &description);
        }
        let number = self.next_attempt(task)?;
        let why = report.detail.as_deref().unwrap_or_default();
        let why = why.split(" (way out").next().unwrap_or_default();
        let story = self.books.history().task(task.as_str());
        let alone = if story.is_some_and(|story| story.times_overtaken() > 0) {
            "; nothing else is merged until then"
        } else {
            ""
        };
        self.tell(RunEvent::Note(format!(
            "{task} {why}; its agent is to resolve that, in attempt {number}{alone}"
        )));
        self.spawn(task, number, Entry::Fresh)?;
        // It was the work that was tried, not the merge.
        self.tries.entry(task.clone()).and_modify(|tries| *tries -= 1);
        Ok(())
    }

    /// Whether the task's last attempt was to resolve a conflict.
    pub(super) fn was_resolving(&self, task: &TaskId) -> bool {
        let last = self.books.history().task(task.as_str()).and_then(TaskHistory::last_attempt);
        last.is_some_and(|last| last.started.resolves.is_some())
    }

    /// The work is there, and nobody could merge it: that waits for a person.
    pub(super) fn give_up_resolving(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        let last = self.books.history().task(task.as_str()).and_then(TaskHistory::last_attempt);
        let ended = last.and_then(|last| last.ended.as_ref()).map(|(ended, _)| ended.clone());
        let how = report.outcome.sentence();
        let why = report.detail.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        let detail = format!(
            "conflicts with work that is merged already, and its agent, which was to resolve that, {how}{why}"
        );
        if let Some(mut ended) = ended {
            ended.outcome = Outcome::MergeConflict;
            // One that no gate let through is none.
            ended.resolution = None;
            ended.detail = Some(detail.clone());
            self.record(Fact::AttemptEnded(ended))?;
        }
        let report = Report { outcome: Outcome::MergeConflict, detail: Some(detail), ..report.clone() };
        self.end(task, &report, Status::Blocked, Ending::Blocked, Cause::Blocked)
    }
}
