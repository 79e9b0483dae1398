//! A worktree in which a conflict was resolved becomes its task's again, and nothing that is in it gets lost, however often whoever does that
//! is killed.

use super::super::job::{Common, Job};
use super::super::workplace::{authorship, keep_aside, message};
use super::resolving::from_record;
use crate::git::{Conflict, Found, GitError, Oid};
use crate::run::record::AttemptStarted;

/// The resolution is kept: from now on what is in the worktree is no part of it.
pub(super) fn go_back(job: &Job, conflict: &Conflict, kept: Oid) -> Result<(), GitError> {
    let Common { repo, .. } = &*job.common;
    if let Some(moved) = repo.target(&job.branch.full())?.filter(|there| *there != conflict.head) {
        keep_aside(job, moved)?;
    }
    repo.end_resolution(&job.worktree, &job.branch, conflict.head, kept)?;
    repo.sync()
}

/// The resolution that a run which was killed has kept, if it has come so far. The worktree may be anywhere between that and the task's work
/// then, and is the task's again.
pub(super) fn kept_before(job: &Job, conflict: &Conflict) -> Result<Option<Oid>, GitError> {
    let Common { repo, refs, .. } = &*job.common;
    let Some(kept) = repo.kept_resolution(refs, &job.slug, job.attempt, conflict)? else { return Ok(None) };
    if let Found::Ours(there) = repo.worktree_at(&job.worktree)? {
        let is_back = there.branch()?.as_ref() == Some(&job.branch)
            && there.head()? == conflict.head
            && !there.is_dirty()?;
        if !is_back {
            keep_what_is_else(job, conflict, kept)?;
            go_back(job, conflict, kept)?;
        }
    }
    Ok(Some(kept))
}

/// What neither side of that way has, somebody else has put there.
fn keep_what_is_else(job: &Job, conflict: &Conflict, kept: Oid) -> Result<(), GitError> {
    let Common { repo, refs, .. } = &*job.common;
    if repo.is_between(&job.worktree, kept, conflict.head)? {
        return Ok(());
    }
    let text = message("Unfinished work of", job, job.attempt);
    let found = repo.worktree(&job.worktree).snapshot(&job.branch, &authorship(job), &text)?.commit;
    // Neither under this attempt's own ref nor under that of the work.
    repo.keep_aside(refs, &job.slug, job.attempt + 2, found)
}

/// The same for an attempt whose end is journaled already: the run may have been killed while its gates looked at the resolution. What is
/// none of ours there stays for them to tell of.
pub(in crate::run) fn settle_place(job: &Job, started: &AttemptStarted) -> Result<(), GitError> {
    let Common { repo, refs, .. } = &*job.common;
    let Some(conflict) = started.resolves.as_ref().and_then(from_record) else { return Ok(()) };
    let Found::Ours(there) = repo.worktree_at(&job.worktree)? else { return Ok(()) };
    if there.branch()?.is_some() {
        return Ok(());
    }
    match repo.kept_resolution(refs, &job.slug, job.attempt, &conflict)? {
        Some(kept) if repo.is_between(&job.worktree, kept, conflict.head)? => go_back(job, &conflict, kept),
        Some(_) | None => Ok(()),
    }
}
