//! An attempt that resolves a conflict: its worktree before, and what is made of it after.

use std::path::PathBuf;

use super::super::continuing::Continuing;
use super::super::job::{Common, Job, Report};
use super::super::provision;
use super::super::record::{AttemptEnded, AttemptStarted, Resolves};
use super::super::workplace::{Based, PrepareError, authorship, explained, stand_at};
use super::back::{go_back, kept_before};
use super::dropped::{DROPPED, dropped};
use super::lost::{SHOWN, and_more, harmed, quoted, told_losses};
use super::way_out;
use crate::agent::{Brief, ConflictBrief, Outcome};
use crate::git::{Conflict, Flaws, GitError, Loss, LostLine, Message, Oid, Side};
use crate::plan::TaskId;

/// A conflict that an attempt is to resolve.
pub(in crate::run) struct Resolving {
    /// The attempt whose work it is.
    pub(in crate::run) of: AttemptStarted,
    /// How that one ended.
    pub(in crate::run) work: AttemptEnded,
    /// Completed tasks: the other side is among them.
    pub(in crate::run) others: Vec<OtherSide>,
}

/// A task that is completed, and what came of it.
pub(in crate::run) struct OtherSide {
    pub(in crate::run) id: TaskId,
    pub(in crate::run) name: String,
    pub(in crate::run) summary: Option<String>,
}

impl Resolving {
    fn head(&self) -> Option<Oid> {
        self.work.commit.as_deref()?.parse().ok()
    }

    fn base(&self) -> Option<Oid> {
        self.of.base.parse().ok()
    }

    /// What the journal has of it.
    pub(in crate::run) fn record(&self, conflict: &Conflict) -> Option<Resolves> {
        Some(Resolves {
            attempt: self.of.attempt,
            head: self.head()?.to_string(),
            tip: conflict.tip.to_string(),
            on: conflict.base.to_string(),
            paths: conflict.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            with: conflict.with.iter().map(|task| TaskId::from(task.as_str())).collect(),
        })
    }
}

/// The same as it was journaled.
pub(super) fn from_record(resolves: &Resolves) -> Option<Conflict> {
    Some(Conflict {
        tip: resolves.tip.parse().ok()?,
        head: resolves.head.parse().ok()?,
        base: resolves.on.parse().ok()?,
        paths: resolves.paths.iter().map(PathBuf::from).collect(),
        with: resolves.with.iter().map(ToString::to_string).collect(),
    })
}

impl Job {
    /// What its agent is told.
    pub(in crate::run) fn brief_of(&self, conflict: Option<&Conflict>) -> Brief {
        let (Some(resolving), Some(conflict)) = (&self.resolving, conflict) else {
            return self.brief.clone();
        };
        let is_other = |other: &&OtherSide| conflict.with.iter().any(|task| task == other.id.as_str());
        let other = |other: &OtherSide| agent_side(other.id.as_str(), &other.name, other.summary.as_ref());
        Brief {
            earlier: Vec::new(),
            conflict: Some(ConflictBrief {
                files: conflict.paths.iter().map(|path| path.display().to_string()).collect(),
                summary: resolving.work.summary.clone(),
                others: resolving.others.iter().filter(is_other).map(other).collect(),
                integration: self.common.refs.integration().to_string(),
            }),
            ..self.brief.clone()
        }
    }
}

fn agent_side(id: &str, name: &str, summary: Option<&String>) -> crate::agent::OtherSide {
    crate::agent::OtherSide { id: id.to_owned(), name: name.to_owned(), summary: summary.cloned() }
}

/// Puts the merge into the task's worktree.
pub(in crate::run) fn prepare(job: &Job, resolving: &Resolving) -> Result<Based, PrepareError> {
    let Common { repo, refs, strategy, .. } = &*job.common;
    let (Some(head), Some(base)) = (resolving.head(), resolving.base()) else {
        return Err(PrepareError::Gone);
    };
    let made = job.continuing.as_ref().and_then(Continuing::resolution);
    let conflict = match made {
        // However the integration branch has moved on since: that is seen to when it is merged.
        Some((resolves, _)) => from_record(resolves),
        None => repo.conflict(refs, head, Some(base), *strategy)?,
    };
    let conflict = conflict.ok_or(PrepareError::Gone)?;
    repo.keep_base(refs, &job.slug, job.attempt, conflict.tip)?;
    stand_at(job, head)?;
    match made {
        Some((_, made)) => repo.reopen_resolution(&job.worktree, &conflict, *made, *strategy)?,
        None => repo.begin_resolution(&job.worktree, &conflict, *strategy)?,
    }
    repo.sync()?;
    Ok(Based {
        commit: base,
        on_integration: resolving.of.on_integration,
        conflict: Some(conflict),
        is_kept: true,
    })
}

/// Takes what the agent made of the merge out of its worktree, which is the task's again then, and says whether it is a resolution.
///
/// Gives warnings.
pub(in crate::run) fn add_resolution(
    job: &Job,
    resolving: &Resolving,
    started: &AttemptStarted,
    report: &mut Report,
) -> Result<Vec<String>, GitError> {
    let conflict = started.resolves.as_ref().and_then(from_record);
    let Some(conflict) = conflict else { return Ok(Vec::new()) };
    report.commit = Some(conflict.head);
    let ours = provision::ours(job, conflict.head, &started.brought)?;
    let warnings = provision::put_aside(job, &job.common.repo.worktree(&job.worktree), &ours)?;
    match take(job, &conflict) {
        Ok(taken) => judge(job, resolving, &conflict, taken, report)?,
        Err(error) if error.is_of_the_disk() => return Err(error),
        // Something else is kept in its place, and what it has made may be gone from the worktree: it is tried again.
        Err(error @ GitError::RefTaken { .. }) => {
            (report.outcome, report.detail) = (Outcome::Interrupted, Some(explained(&error)));
        }
        Err(error) => {
            refuse(job, &conflict, report, &format!("it can't be committed: {}", explained(&error)));
        }
    }
    Ok(warnings)
}

/// First it is kept, then the worktree changes: whoever is killed in between finds it kept, or finds it in the worktree.
fn take(job: &Job, conflict: &Conflict) -> Result<Oid, GitError> {
    if let Some(kept) = kept_before(job, conflict)? {
        return Ok(kept);
    }
    let Common { repo, refs, genesis_in_repo, .. } = &*job.common;
    let paths: Vec<_> = conflict.paths.iter().map(|path| path.display().to_string()).collect();
    let body = format!(
        "It conflicted with what was there in {}; attempt {} at the task, by {}, has resolved that.",
        paths.join(", "),
        job.attempt,
        job.cast.agent
    );
    let text = Message::new(&format!("Merge task {}: {}", job.task, job.name))
        .with_body(&body)
        .for_attempt(job.task.as_str(), job.attempt);
    let sides = (conflict.tip, conflict.head);
    let plan = genesis_in_repo.as_deref();
    let taken = repo.take_resolution(&job.worktree, &job.branch, sides, plan, &authorship(job), &text)?;
    repo.keep_attempt(refs, &job.slug, job.attempt, taken)?;
    repo.sync()?;
    go_back(job, conflict, taken)?;
    Ok(taken)
}

fn judge(
    job: &Job,
    resolving: &Resolving,
    conflict: &Conflict,
    taken: Oid,
    report: &mut Report,
) -> Result<(), GitError> {
    match report.outcome {
        Outcome::Completed | Outcome::NoChanges => {}
        _ if report.lost_session => return Ok(()),
        // It did not get so far by no fault of its own, and is tried again like any other.
        outcome if outcome.is_transient() || outcome == Outcome::Interrupted => return Ok(()),
        Outcome::Cancelled | Outcome::Authentication | Outcome::OutOfCredit | Outcome::Escaped => {
            return Ok(());
        }
        outcome => {
            let detail = report.question.take().or_else(|| report.detail.take()).unwrap_or_default();
            let why = format!("its agent, which was to resolve that, {}", outcome.sentence());
            let why = if detail.is_empty() { why } else { format!("{why}: {detail}") };
            refuse(job, conflict, report, &why);
            return Ok(());
        }
    }
    let said = [&report.summary, &report.notes].map(|text| text.as_deref().unwrap_or_default()).join("\n");
    let flaws = without_dropped(job.common.repo.flaws(conflict, taken, job.common.strategy)?, &said);
    let own = changes_of_its_own(job, conflict, taken)?;
    let protected = job.common.protected.among(&own);
    let protected = (!protected.is_empty())
        .then(|| format!("its resolution changes protected paths: {}", protected.join(", ")));
    let losses = losses(job, resolving, conflict, taken, &said)?;
    let complaint = complaint(&flaws, job, conflict);
    match complaint.or_else(|| taken_away(&losses)).or(protected) {
        Some(complaint) => refuse(job, conflict, report, &complaint),
        None => accept(job, resolving, conflict, taken, report),
    }
    Ok(())
}

/// What the work has taken away of others' that somebody had merged into it before there was a conflict.
fn losses(
    job: &Job,
    resolving: &Resolving,
    conflict: &Conflict,
    taken: Oid,
    said: &str,
) -> Result<Vec<Loss>, GitError> {
    let Common { repo, refs, .. } = &*job.common;
    let Some(base) = resolving.base() else { return Ok(Vec::new()) };
    let mut losses = repo.losses(refs, (base, conflict.head), conflict.tip, taken)?;
    let dropped = dropped(said);
    losses.retain(|loss| !dropped.iter().any(|(named, _)| *named == loss.path));
    Ok(losses)
}

fn taken_away(losses: &[Loss]) -> Option<String> {
    let told = told_losses(losses);
    (!losses.is_empty()).then(|| {
        format!("its resolution takes away what others have added, and no line `{DROPPED} PATH: reason` says why: {told}")
    })
}

/// What the resolution changes on the branch that the work did not.
fn changes_of_its_own(job: &Job, conflict: &Conflict, taken: Oid) -> Result<Vec<PathBuf>, GitError> {
    if job.common.protected.is_empty() {
        return Ok(Vec::new());
    }
    let works = job.common.repo.changed_paths(conflict.base, conflict.head)?;
    let mut own = job.common.repo.changed_paths(conflict.tip, taken)?;
    own.retain(|path| !works.contains(path));
    Ok(own)
}

/// Without what became of those files of which the agent has said that it left something out.
fn without_dropped(mut flaws: Flaws, said: &str) -> Flaws {
    let dropped = dropped(said);
    let is_said = |path: &PathBuf| dropped.iter().any(|(named, _)| named == path);
    flaws.lost.retain(|(path, _)| !is_said(path));
    flaws.harmed.retain(|(path, _)| !is_said(path));
    flaws
}

fn complaint(flaws: &Flaws, job: &Job, conflict: &Conflict) -> Option<String> {
    let mut said: Vec<_> = flaws
        .markers
        .iter()
        .map(|(path, line)| {
            format!("the markers of the conflict are still in {}, line {line}", path.display())
        })
        .collect();
    if !flaws.harmed.is_empty() {
        let files =
            flaws.harmed.iter().take(SHOWN).map(|(path, harm)| harmed(&path.display().to_string(), *harm));
        let files = files.collect::<Vec<_>>().join("; ");
        let more = and_more(flaws.harmed.len());
        said.push(format!(
            "its resolution has changed files in which nothing conflicts, and no line `{DROPPED} PATH: reason` says why: {files}{more}"
        ));
    }
    if !flaws.lost.is_empty() {
        let lines = flaws
            .lost
            .iter()
            .take(SHOWN)
            .map(|(path, line)| lost(job, conflict, &path.display().to_string(), line));
        let more = and_more(flaws.lost.len());
        let lines = lines.collect::<Vec<_>>().join("; ");
        said.push(format!(
            "its resolution has lost lines, and no line `{DROPPED} PATH: reason` says why: {lines}{more}"
        ));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

fn lost(job: &Job, conflict: &Conflict, path: &str, line: &LostLine) -> String {
    let whose = match line.side {
        Side::Task => job.task.to_string(),
        Side::Integration if conflict.with.is_empty() => "the integration branch".to_owned(),
        Side::Integration => conflict.with.join(" or "),
        Side::Before => "what was there before both".to_owned(),
    };
    format!("{path}: {} of {whose}", quoted(&line.text))
}

fn refuse(job: &Job, conflict: &Conflict, report: &mut Report, why: &str) {
    let paths: Vec<_> = conflict.paths.iter().map(|path| path.display().to_string()).collect();
    report.outcome = Outcome::MergeConflict;
    report.detail = Some(format!(
        "conflicts with work that is merged already, in {}: {why} ({}; what the agent made of it is kept in {})",
        paths.join(", "),
        way_out(job),
        job.common.refs.attempt(&job.slug, job.attempt)
    ));
}

/// The task's result is what its work came to; what the resolution did is noted with it.
fn accept(job: &Job, resolving: &Resolving, conflict: &Conflict, taken: Oid, report: &mut Report) {
    let paths: Vec<_> = conflict.paths.iter().map(|path| path.display().to_string()).collect();
    let said =
        [report.summary.take(), report.notes.take()].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let resolved =
        format!("Its merge conflict in {} was resolved in attempt {}: {said}", paths.join(", "), job.attempt);
    let work = &resolving.work;
    report.outcome = Outcome::Completed;
    report.summary.clone_from(&work.summary);
    report.deliverables.clone_from(&work.deliverables);
    report.notes = Some(work.notes.as_ref().map_or(resolved.clone(), |notes| format!("{notes}\n{resolved}")));
    report.resolution = Some(taken);
}
