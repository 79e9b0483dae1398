//! What an attempt does with git: its worktree before, its commits and the merge after. Blocking; called off the event loop.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::job::{Common, Job, Report};
use super::settings::Isolation;
use super::{continuing, merging, provision, shared};
use crate::agent::Outcome;
use crate::git::{
    Authorship, BaseError, Conflict, Found, GitError, Message, Notice, OWN_FOLDER, Oid, Worktree,
};

/// What an attempt starts from.
#[derive(Debug, Clone)]
pub(super) struct Based {
    /// What its work is compared with.
    pub(super) commit: Oid,
    /// The prerequisites' work conflicts: it is where the integration branch first had all of it.
    pub(super) on_integration: bool,
    /// The conflict that is in its worktree.
    pub(super) conflict: Option<Conflict>,
    /// Its worktree is as an earlier attempt has left it, and was made ready for that one.
    pub(super) is_kept: bool,
}

/// Why an attempt could not get its place.
#[derive(Debug, Error)]
pub(super) enum PrepareError {
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Git(#[from] GitError),
    /// The conflict that was to be resolved is none any more: the branch has moved on.
    #[error("the conflict is gone: the integration branch has moved on")]
    Gone,
    /// The journal does not say what the attempt made that was to be gone on with.
    #[error("nothing is kept of the attempt that was to be gone on with")]
    NothingKept,
}

impl PrepareError {
    /// A conflict waits for a person; anything else is no fault of the task.
    ///
    /// # Errors
    /// What the disk says: no task can get its place then.
    pub(super) fn into_report(self) -> Result<Report, GitError> {
        match self {
            Self::Base(error @ BaseError::Conflict { .. }) => {
                let detail = format!("its prerequisites' work conflicts: {error}");
                Ok(Report::of(Outcome::MergeConflict, detail))
            }
            Self::Gone => Ok(Report::of(Outcome::Interrupted, self.to_string())),
            Self::Base(BaseError::Git(GitError::BrokenOff { .. }))
            | Self::Git(GitError::BrokenOff { .. }) => {
                Ok(Report::of(Outcome::Interrupted, "the run was ended while its worktree was made"))
            }
            Self::NothingKept => Ok(Report::of(Outcome::CouldNotStart, self.to_string())),
            Self::Base(BaseError::Git(error)) | Self::Git(error) if error.is_of_the_disk() => Err(error),
            Self::Base(BaseError::Git(error)) | Self::Git(error) => {
                Ok(Report::of(Outcome::CouldNotStart, explained(&error)))
            }
        }
    }
}

/// What git said, with what to do about it.
pub(super) fn explained(error: &GitError) -> String {
    error.hint().map_or_else(|| error.to_string(), |hint| format!("{error} ({hint})"))
}

/// Makes the attempt's base and, on it, a clean worktree; what an earlier attempt left there is kept under its ref first.
pub(super) fn prepare(job: &Job) -> Result<Based, PrepareError> {
    if job.cast.isolation == Isolation::Shared {
        return shared::prepare(job);
    }
    if let Some(resolving) = &job.resolving {
        return merging::prepare(job, resolving);
    }
    if let Some(continuing) = &job.continuing {
        return continuing::prepare(job, continuing);
    }
    let common = &job.common;
    let based = base_of(job)?;
    let base = based.commit;
    common.repo.keep_base(&common.refs, &job.slug, job.attempt, base)?;
    if job.results.len() > 1 {
        // A merge of ours: half written, it would be in the way of the same merge after a power cut.
        common.repo.sync()?;
    }
    make_place(job, base)?;
    Ok(based)
}

/// Moves aside what an earlier agent has made of the worktree, if it is none any more; gives what a person should know of it.
pub(super) fn set_aside(job: &Job) -> Result<Option<String>, GitError> {
    // One that is shared may have others at work in it, and the checkout is not ours.
    if job.cast.isolation != Isolation::Worktree {
        return Ok(None);
    }
    let aside = job.common.repo.set_aside_broken(&job.worktree)?;
    Ok(aside.map(|aside| was_set_aside(&job.worktree, &aside)))
}

/// What a person should know of a worktree that was moved aside.
pub(super) fn was_set_aside(worktree: &Path, aside: &Path) -> String {
    format!("{} was no worktree any more: what was there is kept in {}", worktree.display(), aside.display())
}

/// A clean worktree at that commit; what was there before is kept.
pub(super) fn make_place(job: &Job, base: Oid) -> Result<(), GitError> {
    let common = &job.common;
    // Before the first attempt that we know of there may be work, too: of a person, or of a run whose journal is lost.
    let before = job.attempt - 1;
    match common.repo.worktree_at(&job.worktree)? {
        Found::Ours(old) => {
            let by = authorship(job);
            let message = message("Unfinished work of", job, before);
            let kept = old.snapshot(&job.branch, &by, &message)?.commit;
            keep_aside(job, kept)?;
            common.repo.reset_worktree(&job.worktree, &job.branch, base, kept)?;
        }
        // A foreign folder is refused by git's own checks, in its words.
        Found::Nothing | Found::Foreign => {
            if let Some(head) = common.repo.target(&job.branch.full())? {
                keep_aside(job, head)?;
            }
            common.repo.add_worktree(&job.worktree, &job.branch, base)?;
        }
    }
    Ok(())
}

/// Sees to it that the worktree is there and clean, on its branch and at the work. What is in it otherwise is kept first.
pub(super) fn stand_at(job: &Job, head: Oid) -> Result<(), GitError> {
    let Common { repo, .. } = &*job.common;
    let Found::Ours(there) = repo.worktree_at(&job.worktree)? else {
        if let Some(tip) = repo.target(&job.branch.full())? {
            keep_aside(job, tip)?;
        }
        return repo.add_worktree(&job.worktree, &job.branch, head).map(drop);
    };
    let is_on_branch = there.branch()?.as_ref() == Some(&job.branch);
    if is_on_branch && there.head()? == head && !there.is_dirty()? {
        return Ok(());
    }
    let unfinished = message("Unfinished work of", job, job.attempt - 1);
    let kept = there.snapshot(&job.branch, &authorship(job), &unfinished)?.commit;
    keep_aside(job, kept)?;
    repo.reset_worktree(&job.worktree, &job.branch, head, kept).map(drop)
}

/// The prerequisites' work on the start; where that does not fit together, the integration branch as it was when it first had all of it:
/// there somebody has resolved what conflicts.
fn base_of(job: &Job) -> Result<Based, PrepareError> {
    let Common { repo, refs, start, .. } = &*job.common;
    let conflict = match repo.build_base(*start, &job.results) {
        Ok(base) => {
            return Ok(Based { commit: base.commit, on_integration: false, conflict: None, is_kept: false });
        }
        Err(BaseError::Git(error)) => return Err(error.into()),
        Err(conflict @ BaseError::Conflict { .. }) => conflict,
    };
    match repo.first_with(refs, &job.results)? {
        Some(commit) => Ok(Based { commit, on_integration: true, conflict: None, is_kept: false }),
        None => Err(conflict.into()),
    }
}

/// Keeps what is there already, of the attempt before this one: somebody may have amended the commit.
pub(super) fn keep_aside(job: &Job, kept: Oid) -> Result<(), GitError> {
    job.common.repo.keep_aside(&job.common.refs, &job.slug, job.attempt, kept)
}

/// What is in the worktree when the agent has ended.
pub(super) struct Gathered {
    pub(super) head: Oid,
    /// Whether anything differs from the base.
    pub(super) changed: bool,
    /// What a person should know of it.
    pub(super) warnings: Vec<String>,
}

/// Commits what the agent left, takes back a change of the plan's own file, and keeps the result under the attempt's ref.
pub(super) fn gather(job: &Job, base: Oid, brought: &[PathBuf]) -> Result<Gathered, GitError> {
    let common = &job.common;
    let worktree = common.repo.worktree(&job.worktree);
    let by = authorship(job);
    let brought = provision::ours(job, base, brought)?;
    let mut warnings = provision::put_aside(job, &worktree, &brought)?;
    let left = worktree.commit_leftovers(&job.branch, &by, &message("Work of", job, job.attempt))?;
    warnings.extend(left.notices.iter().map(Notice::to_string));
    let restored = restore_plan(job, &worktree, base)?;
    if restored.is_some() {
        warnings.push(
            "its branch changed genesis.xml; that change is left out (blueprint writes the status)".into(),
        );
    }
    let own = drop_change(job, &worktree, base, Path::new(OWN_FOLDER), "Leave out blueprint's own folder")?;
    let without = leave_out_brought(job, &worktree, base, &brought, &mut warnings)?;
    let head = without.or(own).or(restored).unwrap_or(left.head);
    common.repo.keep_attempt(&common.refs, &job.slug, job.attempt, head)?;
    let changed = common.repo.changed(base, head)?.files > 0;
    // Before the journal says that it is there.
    common.repo.sync()?;
    Ok(Gathered { head, changed, warnings })
}

/// Keeps what is there under the attempt's ref, and leaves it as it is.
pub(super) fn keep(job: &Job, base: Oid) -> Result<Gathered, GitError> {
    let common = &job.common;
    let worktree = common.repo.worktree(&job.worktree);
    let message = message("Unfinished work of", job, job.attempt);
    let kept = worktree.snapshot(&job.branch, &authorship(job), &message)?;
    common.repo.keep_attempt(&common.refs, &job.slug, job.attempt, kept.commit)?;
    let changed = common.repo.changed(base, kept.commit)?.files > 0;
    common.repo.sync()?;
    let mut warnings: Vec<_> = kept.notices.iter().map(Notice::to_string).collect();
    if kept.commit != worktree.head()? {
        warnings.push("what is not committed in the shared worktree stays there, and the next task that is done takes it along".into());
    }
    Ok(Gathered { head: kept.commit, changed, warnings })
}

fn restore_plan(job: &Job, worktree: &Worktree, base: Oid) -> Result<Option<Oid>, GitError> {
    let Some(path) = &job.common.genesis_in_repo else { return Ok(None) };
    drop_change(job, worktree, base, path, "Leave genesis.xml as it was")
}

/// An agent may have committed by itself what was brought.
fn leave_out_brought(
    job: &Job,
    worktree: &Worktree,
    base: Oid,
    brought: &[PathBuf],
    warnings: &mut Vec<String>,
) -> Result<Option<Oid>, GitError> {
    let mut head = None;
    for path in brought {
        let without = drop_change(job, worktree, base, path, "Leave out what was brought")?;
        if without.is_some() {
            warnings.push(format!(
                "it has committed `{}`, which was brought into its worktree: that is left out of the last commit, but its branch's \
                 history has it",
                path.display()
            ));
        }
        head = without.or(head);
    }
    Ok(head)
}

fn drop_change(
    job: &Job,
    worktree: &Worktree,
    base: Oid,
    path: &Path,
    subject: &str,
) -> Result<Option<Oid>, GitError> {
    let message = Message::new(subject).for_attempt(job.task.as_str(), job.attempt);
    worktree.drop_path_change(&job.branch, base, path, &Authorship::own(), &message)
}

pub(super) fn authorship(job: &Job) -> Authorship {
    Authorship::on_behalf_of(&job.cast.agent)
}

pub(super) fn message(what: &str, job: &Job, attempt: u32) -> Message {
    Message::new(&format!("{what} task {}: {}", job.task, job.name)).for_attempt(job.task.as_str(), attempt)
}
