//! An attempt that goes on with an earlier one at the same task: in what that one made, and in its session where the program can take it up.
//!
//! It is an attempt of its own, with the next number: its log, its time and its adoption by a later run are as those of any other. That it
//! goes on, and with what, follows from the journal alone, so that a run that is killed in between loses nothing.
//!
//! Knows nothing of the schedule: whether an attempt goes on, the dispatcher decides.

use std::path::Path;

use super::history::GoingOn;
use super::job::{Common, Job};
use super::record::{AttemptStarted, Continues, Resolves};
use super::workplace::{self, Based, PrepareError};
use super::{Attempt, TaskHistory};
use crate::agent::{self, EndedBy, GoingOnBrief, News, Outcome, Reading};
use crate::git::{Found, GitError, Oid};

/// What an attempt goes on with.
pub(super) struct Continuing {
    /// As the journal has it.
    pub(super) record: Continues,
    of: AttemptStarted,
    /// The last commit of what was made.
    head: Option<Oid>,
    /// What was made of a conflict that it resolves.
    resolution: Option<(Resolves, Oid)>,
    /// Nobody has worked there since.
    is_latest: bool,
    news: Vec<News>,
}

impl Continuing {
    pub(super) fn new(story: &TaskHistory, going_on: &GoingOn<'_>) -> Self {
        let GoingOn { with, because, session } = *going_on;
        let resolution = with.started.resolves.clone().zip(with.resolution());
        Self {
            record: Continues { attempt: with.started.attempt, session: session.map(str::to_owned), because },
            of: with.started.clone(),
            head: resolution.as_ref().map(|(_, made)| *made).or(Attempt::commit(with)),
            resolution,
            is_latest: story.is_latest(with),
            news: story.news(going_on),
        }
    }

    /// The session that is taken up again.
    pub(super) fn session(&self) -> Option<&str> {
        self.record.session.as_deref()
    }

    /// The conflict that the earlier attempt was to resolve, and the commit with what it made of that; nothing if it did its task.
    pub(super) fn resolution(&self) -> Option<&(Resolves, Oid)> {
        self.resolution.as_ref()
    }

    /// The earlier attempt: its task's slug, and its number.
    pub(super) fn of(&self) -> (&str, u32) {
        (&self.of.slug, self.of.attempt)
    }

    /// Where the earlier attempt worked.
    pub(super) fn worktree(&self) -> &Path {
        &self.of.worktree
    }

    /// What was brought into its worktree.
    pub(super) fn brought(&self) -> &[std::path::PathBuf] {
        &self.of.brought
    }

    /// What the agent is told of it.
    pub(super) fn brief(&self) -> GoingOnBrief {
        GoingOnBrief {
            attempt: self.record.attempt,
            has_session: self.record.session.is_some(),
            commit: self.head.map(|head| head.to_string()),
            news: self.news.clone(),
        }
    }
}

/// Gives the attempt the worktree as the earlier one has left it, whatever a person has done there since; or what is kept of that one's work,
/// if the worktree is gone, or another attempt has been in it.
pub(super) fn prepare(job: &Job, continuing: &Continuing) -> Result<Based, PrepareError> {
    let Common { repo, refs, .. } = &*job.common;
    let base = continuing.of.base.parse::<Oid>().ok();
    let (Some(base), Some(head)) = (base, continuing.head) else { return Err(PrepareError::NothingKept) };
    repo.keep_base(refs, &job.slug, job.attempt, base)?;
    let is_kept = continuing.is_latest && is_there(job)?;
    if !is_kept {
        workplace::stand_at(job, head)?;
    }
    repo.sync()?;
    Ok(Based { commit: base, on_integration: continuing.of.on_integration, conflict: None, is_kept })
}

fn is_there(job: &Job) -> Result<bool, GitError> {
    match job.common.repo.worktree_at(&job.worktree)? {
        Found::Ours(there) => Ok(there.branch()?.as_ref() == Some(&job.branch)),
        Found::Nothing | Found::Foreign => Ok(false),
    }
}

/// Whether the session that was to be taken up again is gone: the program gave up before its agent began.
pub(super) fn has_lost_session(job: &Job, reading: &Reading, ended_by: Option<EndedBy>) -> bool {
    let takes_up = job.continuing.as_ref().is_some_and(|continuing| continuing.session().is_some());
    let gave_up = ended_by.is_none() && matches!(reading.outcome, Outcome::Failed | Outcome::AgentError);
    takes_up
        && gave_up
        && matches!(agent::is_taken_up(job.cast.runner.as_ref(), &job.dir.stdout()), Ok(false))
}
