//! The second half of an attempt: its work gets into the integration branch, or a conflict on the way there gets resolved by an agent.
//!
//! A resolution is an attempt of its own, with the next number: a merge stands in the task's worktree, and what becomes of it there is a
//! commit of the integration branch. The task's branch and its work stay as they are, and so do the bases of what depends on it.
//!
//! Knows nothing of the schedule: what follows from a conflict, the dispatcher decides.

mod back;
mod dropped;
mod lost;
mod resolving;

pub(super) use back::settle_place;
pub(super) use dropped::DROPPED;
pub(super) use lost::dropped_in;
pub use lost::told_losses;
pub(super) use resolving::{OtherSide, Resolving, add_resolution, prepare};

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::attempt::{Gone, Link, Message, blocking, broken, record};
use super::gates;
use super::job::{Common, Job, Report};
use super::judge::{from_record, to_record};
use super::record::{AttemptStarted, Fact};
use super::{Isolation, call, workplace};
use crate::agent::Outcome;
use crate::git::{self, GitError, Integrated, Loss, MayLose, Oid, Work};

/// Journals how the attempt ended, and merges its work if that counts.
pub(super) async fn finish(
    job: &Arc<Job>,
    started: &AttemptStarted,
    mut report: Report,
    link: &Link,
) -> Result<Report, Gone> {
    if !job.entry.has_ended() {
        record(link, Fact::AttemptEnded(to_record(started, &report))).await?;
    }
    let counts = match report.outcome {
        Outcome::Completed => true,
        Outcome::NoChanges => !job.cast.must_change_something() || job.may_change_nothing,
        _ => false,
    };
    let (true, Some(head)) = (counts, report.commit) else { return Ok(report) };
    if !gates::pass(job, started, &mut report, link).await? || !may_merge(job, link).await? {
        return Ok(report);
    }
    let work = Finished {
        base: started.base.parse().ok(),
        head,
        resolution: report.resolution,
        dropped: dropped_in([report.summary.as_ref(), report.notes.as_ref()]),
    };
    match blocking(job, move |job| integrate(job, &work)).await {
        Ok(Ok(integrated)) => merged(job, started, &mut report, integrated, link).await?,
        Ok(Err(error)) if error.is_of_the_disk() => return Err(broken(job, link, error)),
        Ok(Err(error)) => {
            let why = format!("its work can't be merged: {}", workplace::explained(&error));
            not_merged(started, &mut report, Outcome::Blocked, why, link).await?;
        }
        Err(bug) => return Ok(bug),
    }
    Ok(report)
}

/// Of an attempt that is to resolve a conflict: whether the work can be merged by now as it is.
pub(super) async fn without_an_agent(job: &Arc<Job>, link: &Link) -> Result<Option<Report>, Gone> {
    let Some(resolving) = &job.resolving else { return Ok(None) };
    let (started, mut report) = (resolving.of.clone(), from_record(&resolving.work));
    let Some(head) = report.commit else { return Ok(None) };
    let (base, dropped) = (started.base.parse().ok(), resolving.work.dropped());
    let work = Finished { base, head, resolution: None, dropped };
    match blocking(job, move |job| integrate(job, &work)).await {
        Ok(Ok(Integrated::Conflict(_))) => return Ok(None),
        Ok(Ok(integrated)) => {
            (report.outcome, report.detail) = (Outcome::Completed, None);
            record(link, Fact::AttemptEnded(to_record(&started, &report))).await?;
            merged(job, &started, &mut report, integrated, link).await?;
        }
        Ok(Err(error)) if error.is_of_the_disk() => return Err(broken(job, link, error)),
        Ok(Err(error)) => report.detail = Some(workplace::explained(&error)),
        Err(bug) => return Ok(Some(bug)),
    }
    Ok(Some(report))
}

/// Work that is to be merged.
struct Finished {
    base: Option<Oid>,
    head: Oid,
    resolution: Option<Oid>,
    /// Files of which it is said that something of others' is left out on purpose.
    dropped: Vec<PathBuf>,
}

impl Finished {
    /// In a worktree that several share, whose a line is nobody can tell.
    fn may_lose(&self, job: &Job) -> MayLose<'_> {
        match job.cast.isolation {
            Isolation::Worktree => MayLose::In(&self.dropped),
            Isolation::Shared | Isolation::None => MayLose::Anything,
        }
    }
}

/// Brings the work into the integration branch; a second time it changes nothing.
fn integrate(job: &Job, finished: &Finished) -> Result<Integrated, GitError> {
    let message = git::Message::new(&format!("Merge task {}: {}", job.task, job.name))
        .for_attempt(job.task.as_str(), job.attempt);
    let Common { repo, refs, strategy, .. } = &*job.common;
    let Finished { base, head, resolution, .. } = *finished;
    let work = Work { head, base, message: &message, may_lose: finished.may_lose(job) };
    let integrated = match resolution {
        Some(resolution) => repo.integrate_resolved(refs, &work, resolution, *strategy)?,
        None => repo.integrate(refs, &work, *strategy)?,
    };
    repo.sync()?;
    // A run that was killed before it could say so had merged it.
    let before = if integrated == Integrated::AlreadyIn { repo.merge_of(refs, head)? } else { None };
    Ok(before.map_or(integrated, |commit| Integrated::Merged { commit, checked_out: None }))
}

async fn merged(
    job: &Job,
    started: &AttemptStarted,
    report: &mut Report,
    integrated: Integrated,
    link: &Link,
) -> Result<(), Gone> {
    let head = report.commit.map(|commit| commit.to_string()).unwrap_or_default();
    let merge = match integrated {
        Integrated::Merged { commit, checked_out } => {
            if let Some(place) = checked_out {
                let text = format!(
                    "the integration branch is checked out in {} and now ahead of it",
                    place.display()
                );
                let _ = link.messages.send(Message::Warning(job.task.clone(), text));
            }
            report.merge = Some(commit);
            commit.to_string()
        }
        Integrated::AlreadyIn => head.clone(),
        Integrated::Conflict(paths) => {
            let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let how = if report.resolution.is_some() { OVERTAKEN } else { CONFLICTS };
            let why = format!("{how}, in {} ({})", names.join(", "), way_out(job));
            return not_merged(started, report, Outcome::MergeConflict, why, link).await;
        }
        Integrated::Losing(losses) => {
            let why = taken_away(job, &losses);
            return not_merged(started, report, Outcome::Blocked, why, link).await;
        }
    };
    let (task, attempt) = (job.task.clone(), started.attempt);
    record(link, Fact::Merged { task, attempt, commit: head, merge }).await?;
    report.done = true;
    Ok(())
}

/// That finished work conflicts.
const CONFLICTS: &str = "conflicts with work that is merged already";
/// That others were faster.
const OVERTAKEN: &str =
    "had its conflict resolved, but work that was merged meanwhile conflicts with what was made of it";

fn taken_away(job: &Job, losses: &[Loss]) -> String {
    let of = |verb: &str, rest: &str| call(verb, &job.common.plan_word(), job.task.as_str(), rest);
    format!(
        "its work has merged what others have done, and takes some of it away again: {} (way out: `{}`, put that back in its worktree, \
         then `{}`; `--dropped PATH` for a file that is right as it is)",
        told_losses(losses),
        of("take", ""),
        of("give", ""),
    )
}

/// What a person can do about a conflict, on whatever machine: where the worktree is there, `take` says.
fn way_out(job: &Job) -> String {
    let of = |verb: &str| call(verb, &job.common.plan_word(), job.task.as_str(), "");
    format!(
        "way out: `{}`, in its worktree `git merge {}`, resolve, `git add`, then `{}`",
        of("take"),
        job.common.refs.integration(),
        of("give"),
    )
}

/// The attempt ended otherwise than its agent did: that is journaled as its end, in place of the first one.
async fn not_merged(
    started: &AttemptStarted,
    report: &mut Report,
    outcome: Outcome,
    why: String,
    link: &Link,
) -> Result<(), Gone> {
    report.outcome = outcome;
    report.detail = Some(why);
    record(link, Fact::AttemptEnded(to_record(started, report))).await
}

/// Somebody may have decided about the task while its agent worked.
async fn may_merge(job: &Job, link: &Link) -> Result<bool, Gone> {
    let (ask, answer) = oneshot::channel();
    link.messages.send(Message::MayMerge(job.task.clone(), ask)).map_err(|_| Gone)?;
    answer.await.map_err(|_| Gone)
}
