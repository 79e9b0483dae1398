//! The worktree that a person gets.

use std::path::Path;

use super::{Hands, PERSON};
use crate::agent::Outcome;
use crate::git::{Authorship, Found, GitError, Message, Oid};
use crate::run::process::kill_leftover;
use crate::run::record::{AttemptStarted, Fact, Record, open_journal};
use crate::run::workplace::was_set_aside;
use crate::run::{Attempt, History, Isolation, RunError, TaskHistory, step};

/// A folder to work in.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What is to be journaled of it.
    pub started: AttemptStarted,
    /// Whether what an earlier attempt left is in it.
    pub has_work: bool,
    /// What the person should know of what was there before.
    pub notice: Option<String>,
}

/// Makes the person's worktree anew from its branch, if it has vanished or is none any more. Gives what the person should know of it;
/// nothing, if it is as it was.
///
/// # Errors
/// [`RunError::Git`] if it can't be made.
pub fn remake(hands: &Hands<'_>, attempt: &Attempt) -> Result<Option<String>, RunError> {
    let Hands { repo, refs, slug, .. } = *hands;
    let path = &attempt.started.worktree;
    let aside = repo.set_aside_broken(path)?;
    if matches!(repo.worktree_at(path)?, Found::Ours(_)) {
        return Ok(None);
    }
    let head = committed(hands, attempt)?;
    repo.add_worktree(path, &refs.branch(slug), head)?;
    let made = format!("its worktree is made anew from {}", attempt.started.branch);
    Ok(Some(aside.map_or(made.clone(), |aside| format!("{}; {made}", was_set_aside(path, &aside)))))
}

/// The last that is committed of the person's work; the base, if there is not even a branch.
pub(super) fn committed(hands: &Hands<'_>, attempt: &Attempt) -> Result<Oid, GitError> {
    let head = hands.repo.target(&hands.refs.branch(hands.slug).full())?;
    head.map_or_else(|| hands.repo.resolve(&attempt.started.base), Ok)
}

/// Ends what an earlier attempt at the task still has running. Only while no run is live: that one does it itself.
///
/// # Errors
/// [`RunError::Store`] if the attempt's folder can't be used.
pub fn end_agent(hands: &Hands<'_>, history: &History) -> Result<(), RunError> {
    let Some(last) = history.task(hands.task).and_then(TaskHistory::last_attempt) else { return Ok(()) };
    let dir = hands.state.attempt(&last.started.slug, last.started.attempt);
    if last.started.runner != PERSON && dir.path().exists() {
        kill_leftover(&dir)?;
        step::end_leftovers(&dir.steps())?;
    }
    Ok(())
}

/// Gives the person the task's worktree, with what is in it; made at `folder` from `start` and its prerequisites' `results`, if there is
/// none, or none that counts. It is the person's with [`begin`].
///
/// # Errors
/// [`RunError::Git`] if it can't be made, with nothing changed; the results may conflict.
pub fn place(
    hands: &Hands<'_>,
    history: &History,
    start: Oid,
    results: &[Oid],
    folder: &Path,
) -> Result<Place, RunError> {
    let story = history.task(hands.task);
    let number = next_number(hands, story)?;
    let aside = hands.repo.set_aside_broken(folder)?;
    let left = story.filter(|story| !story.is_set_back()).and_then(TaskHistory::last_attempt);
    let kept = left.map(|left| in_place(hands, left)).transpose()?.flatten();
    let has_work = kept.is_some();
    let back =
        if has_work { left.map(|left| go_back(hands, left, number)).transpose()?.flatten() } else { None };
    let started = match kept {
        Some((base, before)) => {
            hands.repo.keep_base(hands.refs, hands.slug, number, base)?;
            let (brought, port_base) = (before.brought.clone(), before.port_base);
            AttemptStarted { port_base, brought, ..hands.started(number, base, before.worktree.clone()) }
        }
        None => fresh(hands, number, start, results, folder)?,
    };
    hands.repo.sync()?;
    let notice = aside.map(|aside| was_set_aside(folder, &aside)).or(back);
    Ok(Place { started, has_work, notice })
}

/// Journals that the person's attempt has begun, in a place that is ready.
///
/// # Errors
/// [`RunError::Store`] if the journal can't be written.
pub fn begin(hands: &Hands<'_>, started: &AttemptStarted) -> Result<(), RunError> {
    open_journal(&hands.state.journal())?.append(&Record::now(Fact::AttemptStarted(started.clone())))?;
    Ok(())
}

/// The base of an earlier attempt, if its worktree is still there.
fn in_place<'a>(hands: &Hands<'_>, left: &'a Attempt) -> Result<Option<(Oid, &'a AttemptStarted)>, GitError> {
    let base = left.started.base.parse().ok().filter(|_| left.started.isolation == Isolation::Worktree);
    let Some(base) = base else { return Ok(None) };
    let found = hands.repo.worktree_at(&left.started.worktree)?;
    Ok(matches!(found, Found::Ours(_)).then_some((base, &left.started)))
}

/// Sees to it that what the person works on is what goes on the task's branch; gives what they should know of that. Nothing gets lost.
fn go_back(hands: &Hands<'_>, left: &Attempt, number: u32) -> Result<Option<String>, RunError> {
    let Hands { repo, refs, slug, .. } = *hands;
    let (worktree, branch) = (repo.worktree(&left.started.worktree), refs.branch(slug));
    if worktree.branch()?.as_ref() == Some(&branch) {
        return Ok(None);
    }
    let Some(head) = work_in_conflict(left) else {
        return match worktree.go_back(&branch) {
            Ok(notice) => Ok(notice.map(|notice| notice.to_string())),
            Err(error @ GitError::Astray { .. }) => Ok(Some(format!(
                "{error}: see what is right (`git log --all --graph`), and `git switch {branch}` there before you give it"
            ))),
            Err(error) => Err(error.into()),
        };
    };
    let message = Message::new(&format!("Unfinished work of task {}: {}", hands.task, hands.name));
    let message = message.for_attempt(hands.task, left.started.attempt);
    let kept = worktree.snapshot(&branch, &Authorship::own(), &message)?.commit;
    // Neither under the ref of the work, nor under those of the resolution and of what the person will do.
    repo.keep_aside(refs, slug, number + 2, kept)?;
    repo.sync()?;
    repo.end_resolution(worktree.path(), &branch, head, kept)?;
    Ok(Some(format!(
        "its conflict was being resolved when that was broken off: the worktree is at the task's own work on {branch} again, and what was \
         there is kept as {kept}"
    )))
}

/// The task's work, where the attempt was to resolve a conflict of it, or one was about to be put into its worktree.
fn work_in_conflict(left: &Attempt) -> Option<Oid> {
    match &left.started.resolves {
        Some(resolves) => resolves.head.parse().ok(),
        None => left.commit().filter(|_| left.outcome() == Some(Outcome::MergeConflict)),
    }
}

fn fresh(
    hands: &Hands<'_>,
    number: u32,
    start: Oid,
    results: &[Oid],
    folder: &Path,
) -> Result<AttemptStarted, RunError> {
    let Hands { repo, refs, slug, .. } = *hands;
    let base = repo.build_base(start, results).map_err(|error| RunError::Casting(error.to_string()))?.commit;
    repo.keep_base(refs, slug, number, base)?;
    let branch = refs.branch(slug);
    match repo.worktree_at(folder)? {
        Found::Ours(old) => {
            let message = Message::new(&format!("Unfinished work of task {}: {}", hands.task, hands.name));
            let message = message.for_attempt(hands.task, number - 1);
            let kept = old.snapshot(&branch, &Authorship::own(), &message)?.commit;
            repo.keep_aside(refs, slug, number, kept)?;
            repo.reset_worktree(folder, &branch, base, kept)?;
        }
        Found::Nothing | Found::Foreign => {
            if let Some(head) = repo.target(&branch.full())? {
                repo.keep_aside(refs, slug, number, head)?;
            }
            repo.add_worktree(folder, &branch, base)?;
        }
    }
    Ok(hands.started(number, base, repo.worktree(folder).path().to_owned()))
}

/// The journal's next number, but none that has a ref already.
fn next_number(hands: &Hands<'_>, story: Option<&TaskHistory>) -> Result<u32, GitError> {
    let mut number = story.map_or(1, TaskHistory::next_attempt);
    let is_taken = |name: &str| hands.repo.target(name).map(|found| found.is_some());
    while is_taken(&hands.refs.attempt(hands.slug, number))?
        || is_taken(&hands.refs.base(hands.slug, number))?
    {
        number += 1;
    }
    Ok(number)
}
