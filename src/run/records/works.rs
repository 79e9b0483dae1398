//! Finished work that other machines have made: merged here, in the order in which it ended.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::agent::Outcome;
use crate::genesis::{Genesis, Status};
use crate::git::{EpicRefs, GitError, Integrated, Loss, MayLose, Message, Oid, Repo, Strategy, Work};
use crate::plan::{Plan, Task, TaskId, TaskIndex};
use crate::run::record::Fact;
use crate::run::{Attempt, History, Isolation, told_losses};

/// The work of a completed task.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) task: TaskId,
    name: String,
    pub(super) attempt: u32,
    head: Oid,
    base: Option<Oid>,
    resolution: Option<Oid>,
    /// Files of which it is said that something of others' is left out on purpose.
    dropped: Vec<PathBuf>,
    isolation: Isolation,
    /// The integration branch's commit that has it, as far as the journal knows.
    merge: Option<String>,
    /// The commit that has the work of another clone's attempt of the same number, which was made at the same time.
    twin: Option<Oid>,
    ended: Timestamp,
}

/// Why work could not be merged.
#[derive(Debug)]
pub(super) enum NotMerged {
    /// It conflicts in these files.
    Conflict(Vec<PathBuf>),
    /// It takes away some of what others have done.
    Losing(Vec<Loss>),
}

impl NotMerged {
    /// What becomes of its attempt.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Conflict(_) => Outcome::MergeConflict,
            Self::Losing(_) => Outcome::Blocked,
        }
    }

    /// Where.
    pub(super) fn paths(self) -> Vec<PathBuf> {
        match self {
            Self::Conflict(paths) => paths,
            Self::Losing(losses) => losses.into_iter().map(|loss| loss.path).collect(),
        }
    }

    /// The same in words.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Conflict(paths) => {
                let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                format!("conflicts with work that is merged already, in {}", names.join(", "))
            }
            Self::Losing(losses) => {
                format!(
                    "holds what others have done, and takes some of it away again: {}",
                    told_losses(losses)
                )
            }
        }
    }
}

/// The work of all completed tasks that are meant, what ended first first.
pub(super) fn finished(
    plan: &Plan,
    genesis: &Genesis,
    history: &History,
    is_meant: impl Fn(TaskIndex) -> bool,
) -> Vec<Finished> {
    let is_done = |task: &Task| {
        let found = genesis.task(task.id.as_str()).filter(|task| task.status == Status::Completed);
        found.is_some_and(|task| !genesis.is_skipped(task))
    };
    let done = plan.tasks().filter(|(index, task)| is_meant(*index) && is_done(task));
    let mut found: Vec<_> = done.filter_map(|(_, task)| work_of(task, history)).collect();
    found.sort_by(|one, other| one.ended.cmp(&other.ended).then_with(|| one.task.cmp(&other.task)));
    found
}

fn work_of(task: &Task, history: &History) -> Option<Finished> {
    let story = history.task(task.id.as_str())?;
    let forgotten = story.again.as_ref().map_or(0, |again| again.attempts_before);
    let counts = |attempt: &&Attempt| {
        matches!(attempt.outcome(), Some(Outcome::Completed | Outcome::NoChanges))
            && attempt.started.isolation != Isolation::None
    };
    let attempt = story.attempts.iter().skip(forgotten).rev().find(counts)?;
    let is_twin = |other: &&Attempt| {
        other.started.attempt == attempt.started.attempt && other.commit() != attempt.commit()
    };
    let twin = story.attempts.iter().skip(forgotten).filter(counts).filter(is_twin);
    Some(Finished {
        task: task.id.clone(),
        name: task.name.clone(),
        attempt: attempt.started.attempt,
        head: attempt.commit()?,
        base: attempt.started.base.parse().ok(),
        resolution: attempt.resolution(),
        dropped: attempt.ended.as_ref().map(|(ended, _)| ended.dropped()).unwrap_or_default(),
        isolation: attempt.started.isolation,
        merge: attempt.merge.clone(),
        twin: twin.filter_map(|twin| twin.merge.as_ref()?.parse().ok()).next_back(),
        ended: attempt.ended.as_ref()?.1,
    })
}

impl Finished {
    /// Whether the journal knows of its merge.
    pub(super) fn is_merged(&self) -> bool {
        self.merge.is_some()
    }

    /// Has the integration branch hold it, as the run would that it was made in. Gives what is to be journaled of that, if anything; or where it
    /// conflicts. Of a task that two machines have done, what was merged first stays.
    pub(super) fn merge(
        &self,
        repo: &Repo,
        refs: &EpicRefs,
        strategy: Strategy,
    ) -> Result<Result<Option<Fact>, NotMerged>, GitError> {
        if self.merge.is_none() && self.has_merged_twin(repo, refs)? {
            return Ok(Ok(None));
        }
        let text = format!("Merge task {}: {}", self.task, self.name);
        let message = Message::new(&text).for_attempt(self.task.as_str(), self.attempt);
        let may_lose = self.may_lose();
        let work = Work { head: self.head, base: self.base, message: &message, may_lose };
        let integrated = match self.resolution {
            Some(resolution) => repo.integrate_resolved(refs, &work, resolution, strategy)?,
            None => repo.integrate(refs, &work, strategy)?,
        };
        let merge = match integrated {
            Integrated::Merged { commit, .. } => commit,
            Integrated::AlreadyIn => repo.merge_of(refs, self.head)?.unwrap_or(self.head),
            Integrated::Conflict(paths) => return Ok(Err(NotMerged::Conflict(paths))),
            Integrated::Losing(losses) => return Ok(Err(NotMerged::Losing(losses))),
        };
        let is_known = self.merge.as_deref() == Some(&*merge.to_string());
        Ok(Ok((!is_known).then(|| Fact::Merged {
            task: self.task.clone(),
            attempt: self.attempt,
            commit: self.head.to_string(),
            merge: merge.to_string(),
        })))
    }

    fn may_lose(&self) -> MayLose<'_> {
        match self.isolation {
            Isolation::Worktree => MayLose::In(&self.dropped),
            Isolation::Shared | Isolation::None => MayLose::Anything,
        }
    }

    fn has_merged_twin(&self, repo: &Repo, refs: &EpicRefs) -> Result<bool, GitError> {
        let Some(twin) = self.twin else { return Ok(false) };
        let tip = repo.target(&refs.integration().full())?;
        Ok(tip.is_some_and(|tip| repo.has(tip, twin)))
    }
}
