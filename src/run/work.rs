//! What has come of a task, as commits: the same answer for a run that builds on it and for a person who lands, takes or cleans it.

use super::{Attempt, RunError, TaskHistory};
use crate::agent::Outcome;
use crate::genesis::{Genesis, Status};
use crate::git::{EpicRefs, Oid, Repo};

/// A completed task's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its last commit.
    pub head: Oid,
    /// The integration branch's commit that brought it in, where that is known.
    pub merge: Option<Oid>,
}

impl Work {
    /// Of a task, by its slug; none if it is not completed, is skipped, or was done without a branch.
    ///
    /// # Errors
    /// [`RunError::Git`] if the repository can't be read.
    pub fn of(
        repo: &Repo,
        refs: &EpicRefs,
        genesis: &Genesis,
        story: Option<&TaskHistory>,
        (task, slug): (&str, &str),
    ) -> Result<Option<Self>, RunError> {
        let Some(known) = genesis.task(task).filter(|task| task.status == Status::Completed) else {
            return Ok(None);
        };
        if genesis.is_skipped(known) {
            return Ok(None);
        }
        if let Some(done) = story.and_then(TaskHistory::success) {
            let merge = done.merge.as_deref().and_then(|merge| merge.parse().ok());
            return Ok(done.commit().map(|head| Self { head, merge }));
        }
        let head = repo.target(&refs.branch(slug).full())?;
        let head = head.filter(|head| !story.is_some_and(|story| is_left_over(story, *head)));
        Ok(head.map(|head| Self { head, merge: None }))
    }
}

/// Whether that commit is merely what an attempt left that did not complete the task: no work, because a person has done it elsewhere. What
/// an agent finished and only could not be merged is.
pub fn is_left_over(story: &TaskHistory, head: Oid) -> bool {
    let is_its = |attempt: &Attempt| {
        attempt.commit() == Some(head) && attempt.outcome() != Some(Outcome::MergeConflict)
    };
    story.attempts.iter().any(is_its) && !story.is_let_pass(head)
}
