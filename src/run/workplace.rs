//! What an attempt does with git: its worktree before, its commits and the merge after. Blocking; called off the event loop.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::job::{Common, Job, Report};
use super::provision;
use crate::agent::Outcome;
use crate::git::{
    Authorship, BaseError, Found, GitError, Integrated, Message, Notice, OWN_FOLDER, Oid, Work, Worktree,
};

/// Why an attempt could not get its place.
#[derive(Debug, Error)]
pub(super) enum PrepareError {
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Git(#[from] GitError),
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
pub(super) fn prepare(job: &Job) -> Result<Oid, PrepareError> {
    let common = &job.common;
    let base = common.repo.build_base(common.start, &job.results)?.commit;
    common.repo.keep_base(&common.refs, &job.slug, job.attempt, base)?;
    if job.results.len() > 1 {
        // A merge of ours: half written, it would be in the way of the same merge after a power cut.
        common.repo.sync()?;
    }
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
    Ok(base)
}

/// Keeps what is there already under the ref of the attempt before this one, or, if that keeps something else (somebody amended the
/// commit), under the next number that is free.
fn keep_aside(job: &Job, kept: Oid) -> Result<(), GitError> {
    let common = &job.common;
    let mut number = job.attempt - 1;
    loop {
        match common.repo.keep_attempt(&common.refs, &job.slug, number, kept) {
            Err(GitError::RefTaken { .. }) => number = number.max(job.attempt) + 1,
            done => return done,
        }
    }
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

/// Merges the attempt's work into the integration branch; a second time it changes nothing.
pub(super) fn integrate(job: &Job, base: Option<Oid>, head: Oid) -> Result<Integrated, GitError> {
    let subject = format!("Merge task {}: {}", job.task, job.name);
    let message = Message::new(&subject).for_attempt(job.task.as_str(), job.attempt);
    let Common { repo, refs, strategy, .. } = &*job.common;
    let integrated = repo.integrate(refs, &Work { head, base, message: &message }, *strategy)?;
    repo.sync()?;
    // A run that was killed before it could say so had merged it.
    let before = if integrated == Integrated::AlreadyIn { repo.merge_of(refs, head)? } else { None };
    Ok(before.map_or(integrated, |commit| Integrated::Merged { commit, checked_out: None }))
}

fn authorship(job: &Job) -> Authorship {
    Authorship::on_behalf_of(&job.cast.agent)
}

fn message(what: &str, job: &Job, attempt: u32) -> Message {
    Message::new(&format!("{what} task {}: {}", job.task, job.name)).for_attempt(job.task.as_str(), attempt)
}
