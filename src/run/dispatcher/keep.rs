//! Which worktrees stay when nobody works in them any more, and how many there may be at once.
//!
//! One goes only if everything in it is in a commit that is merged, or that was there before its task began. Its branch stays.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::Dispatcher;
use super::assign::worktree_path;
use crate::genesis::Status;
use crate::git::{Found, GitError, Oid, Repo};
use crate::plan::{Ending, Event, State, TaskId, TaskIndex};
use crate::run::attempt::Message;
use crate::run::{Attempt, Isolation, Keep, RunError, RunEvent, TaskHistory};

/// What is known of worktrees that nobody needs.
#[derive(Debug, Default)]
pub(super) struct Retiring {
    /// They are being removed.
    under_way: BTreeSet<TaskId>,
    /// They can't be removed: something in them would be lost.
    refused: BTreeSet<TaskId>,
    /// It was told that all places are taken.
    is_told: bool,
}

impl Retiring {
    pub(super) fn is_over(&self) -> bool {
        self.under_way.is_empty()
    }
}

/// Whether there may be one more worktree.
pub(super) enum PlaceFor {
    Now,
    /// When another one goes.
    Later,
    /// In this run none goes any more, because of that task.
    Never(TaskIndex),
}

impl Dispatcher<'_> {
    /// Removes those that a run was killed before it could remove, or that are kept no more.
    pub(super) fn retire_merged(&mut self) {
        if self.settings.keep.goes_when_merged() {
            self.spent_tasks().into_iter().for_each(|task| self.retire(task));
        }
    }

    /// The task is over.
    pub(super) fn retire_ended(&mut self, task: &TaskId, ending: Ending) {
        let goes = match ending {
            Ending::Completed => self.settings.keep.goes_when_merged(),
            Ending::Failed => self.settings.keep == Keep::None,
            Ending::Blocked
            | Ending::Cancelled
            | Ending::Interrupted
            | Ending::Foreign
            | Ending::NotRun { .. } => false,
        };
        if goes {
            self.retire(task.clone());
        }
    }

    /// Removes the worktree that has been of no use for the longest time; false if there is none that may go.
    pub(super) fn retire_oldest(&mut self) -> bool {
        if !self.retiring.under_way.is_empty() {
            return true;
        }
        if self.settings.keep == Keep::All {
            return false;
        }
        let ended = |task: &TaskId| Some(self.last_attempt(task)?.ended.as_ref()?.1);
        let oldest = self.spent_tasks().into_iter().min_by_key(|task| ended(task).unwrap_or(Timestamp::MIN));
        let Some(oldest) = oldest else { return false };
        self.tell(RunEvent::Note(format!(
            "{oldest} is merged, and its worktree is removed to make room; its branch stays"
        )));
        self.retire(oldest);
        true
    }

    /// Completed tasks whose work is merged and whose worktree is still there.
    fn spent_tasks(&self) -> Vec<TaskId> {
        let tasks = self.ground.plan.tasks().map(|(_, task)| &task.id);
        let is_spent = |task: &&TaskId| {
            self.results.contains_key(*task)
                && self.books.status(task.as_str()) == Some(Status::Completed)
                && !self.unmerged.contains_key(*task)
                && !self.running.contains_key(*task)
                && !self.retiring.refused.contains(*task)
                && self.own_folder(task).exists()
        };
        tasks.filter(is_spent).cloned().collect()
    }

    /// Beside the run: to look whether anything would be lost takes time, too.
    fn retire(&mut self, task: TaskId) {
        let (repo, place) = (self.common.repo.clone(), self.own_folder(&task));
        let base = self.last_attempt(&task).and_then(|last| last.started.base.parse().ok());
        let merged = self.results.get(&task).copied();
        let spent: Vec<Oid> = [merged, base].into_iter().flatten().collect();
        let sender = self.sender.clone();
        self.retiring.under_way.insert(task.clone());
        spawn_blocking(move || {
            let removed = remove_if_spent(&repo, &place, &spent);
            let _ = sender.send(Message::Retired(task, removed));
        });
    }

    pub(super) fn on_retired(&mut self, task: TaskId, removed: &Result<bool, GitError>) {
        self.retiring.under_way.remove(&task);
        // There may be room again.
        self.pacing.look_again();
        self.retiring.is_told = false;
        if let Err(error) = removed {
            let text = format!("its worktree stays: {error}");
            self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        }
        if !matches!(removed, Ok(true)) {
            self.retiring.refused.insert(task);
        }
    }

    /// Whether the task may have a worktree now, by `max-worktrees`.
    pub(super) fn place_for(&mut self, task: &TaskId) -> PlaceFor {
        let Some(most) = self.settings.max_worktrees.map(NonZeroUsize::get) else { return PlaceFor::Now };
        if self.isolation(task) != Isolation::Worktree || self.own_folder(task).exists() {
            return PlaceFor::Now;
        }
        let holders = self.holders();
        if holders.len() < most {
            return PlaceFor::Now;
        }
        if self.retire_oldest() {
            return PlaceFor::Later;
        }
        let is_resting = |state: &State| matches!(state, State::Resting { .. });
        let culprit = holders.iter().find(|index| is_stuck(self.schedule.state(**index)));
        let is_alone = self.running.is_empty() && !self.schedule.states().any(|(_, state)| is_resting(state));
        match culprit {
            Some(culprit) if is_alone => {
                self.tell_full(most, &holders);
                PlaceFor::Never(*culprit)
            }
            // Who has the others is none of this run: it would wait for ever.
            None if is_alone => PlaceFor::Now,
            Some(_) | None => PlaceFor::Later,
        }
    }

    /// Tasks that have a worktree, or will in a moment.
    fn holders(&self) -> Vec<TaskIndex> {
        let has = |task: &TaskId| {
            (self.running.contains_key(task) && self.isolation(task) == Isolation::Worktree)
                || self.own_folder(task).exists()
        };
        let tasks = self.ground.plan.tasks().filter(|(_, task)| has(&task.id));
        tasks.map(|(index, _)| index).collect()
    }

    fn tell_full(&mut self, most: usize, holders: &[TaskIndex]) {
        if !std::mem::replace(&mut self.retiring.is_told, true) {
            let names: Vec<_> = holders.iter().map(|index| self.id(*index).to_string()).collect();
            let text = format!(
                "max-worktrees is {most}, and as many hold what isn't merged ({}): no other task starts",
                names.join(", ")
            );
            self.tell(RunEvent::Warning { task: None, text });
        }
    }

    /// The task can't be run: it would need a worktree, and that task's can't go.
    pub(super) fn refuse_a_place(&mut self, index: TaskIndex, because: TaskIndex) -> Result<(), RunError> {
        let mut lost = vec![index];
        lost.extend(self.schedule.apply(index, Event::End(Ending::NotRun { because }))?);
        let lost = lost.into_iter().map(|index| self.id(index)).collect();
        self.tell_lost(lost, &self.id(because), self.cause_of(because));
        Ok(())
    }

    fn last_attempt(&self, task: &TaskId) -> Option<&Attempt> {
        self.books.history().task(task.as_str()).and_then(TaskHistory::last_attempt)
    }

    /// Where the task's own worktree is, or would be.
    fn own_folder(&self, task: &TaskId) -> PathBuf {
        let checkout = self.common.repo.workdir().unwrap_or(self.common.repo.common_dir());
        worktree_path(&self.settings.worktree_dir, checkout, self.common.refs.epic(), self.ground.slug(task))
    }
}

/// Whether the task ended so that its worktree stays, for a person to look at.
fn is_stuck(state: &State) -> bool {
    match state {
        State::Ended(Ending::Failed | Ending::Blocked | Ending::Cancelled | Ending::Foreign) => true,
        State::Ended(Ending::Completed | Ending::Interrupted | Ending::NotRun { .. })
        | State::LeftOut
        | State::Waiting { .. }
        | State::Ready
        | State::Running
        | State::Resting { .. } => false,
    }
}

/// Removes a worktree that is at one of those commits and holds nothing else; whether it is gone.
fn remove_if_spent(repo: &Repo, place: &std::path::Path, spent: &[Oid]) -> Result<bool, GitError> {
    let Found::Ours(worktree) = repo.worktree_at(place)? else { return Ok(!place.exists()) };
    if !spent.contains(&worktree.head()?) {
        return Ok(false);
    }
    match repo.remove_worktree(place) {
        Ok(()) => Ok(true),
        Err(GitError::Dirty { .. } | GitError::Unfinished { .. } | GitError::WouldLose { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
