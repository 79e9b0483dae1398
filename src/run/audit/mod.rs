//! Whether an attempt wrote where it must not: the repository outside of its worktree is compared before and after its agent.
//!
//! Only what is proven is held against it: git's own notes (of whoever moved a ref or made a commit) show its address, or there was nobody
//! else who could have done it. What nobody can be shown to have done is a warning; what the sandbox kept the agent from is somebody
//! else's. Nothing is put back: what an agent did to a person's things, and what not, the person knows best.

mod evidence;
mod people;
mod suspicion;
mod workers;

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::job::Job;
use super::record::AttemptStarted;
use super::settings::Isolation;
use crate::git::{Change, Fingerprint, GitError, Scope};
use crate::store::{is_set_aside, is_temp_of, read_json, write_json};
pub(super) use evidence::Findings;
use suspicion::{Case, Suspicion};
pub(super) use workers::{Workers, Working};

/// What is kept beside the attempt's log while its agent works.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    /// The run that looked.
    run: String,
    /// By that run's count of attempts' beginnings and ends.
    turn: u64,
    /// Nobody else was in the checkout.
    is_alone: bool,
    fingerprint: Fingerprint,
}

/// Looks at everything, before the agent is started. Without that look nothing can be said afterwards, which is told.
pub(super) fn look_before(job: &Job, is_confined: bool) -> Option<String> {
    let before = |fingerprint| Before {
        run: job.common.run.clone(),
        turn: job.common.workers.turn(),
        is_alone: is_alone(job),
        fingerprint,
    };
    let looked = fingerprint(job, is_confined, &[]).map(before);
    let written = looked
        .map_err(|error| error.to_string())
        .and_then(|before| write_json(&job.dir.before(), &before).map_err(|error| error.to_string()));
    written.err().map(|error| format!("whether it writes elsewhere will not be known: {error}"))
}

/// Looks again, when the agent and all that it started have ended.
pub(super) fn look_after(job: &Job, started: &AttemptStarted) -> Findings {
    let Ok(Some(before)) = read_json::<Before>(&job.dir.before()) else { return Findings::default() };
    let is_of_this_run = before.run == job.common.run;
    let others = job.common.workers.since(if is_of_this_run { before.turn } else { 0 }, &job.task);
    let busy: Vec<_> = others.iter().map(|other| other.worktree.clone()).collect();
    let after = match fingerprint(job, started.sandbox.is_some(), &busy) {
        Ok(after) => after,
        Err(error) => return Findings::unknown(&error),
    };
    let mut changes = before.fingerprint.changes(&after);
    changes.retain(|change| !is_expected(job, change, &others));
    let is_alone = before.is_alone && others.is_empty() && is_alone(job);
    let case = Case {
        job,
        is_confined: started.sandbox.is_some(),
        is_of_this_run,
        is_alone: is_alone && (changes.is_empty() || nobody_looks(job)),
    };
    let _ = std::fs::remove_file(job.dir.before());
    evidence::findings(job, Suspicion::of(&case, changes))
}

/// Files of the checkout that we write ourselves.
fn is_ours(job: &Job, file: &Path) -> bool {
    let plan = &job.common.genesis;
    file == plan || is_temp_of(plan, file) || is_set_aside(plan, file)
}

fn fingerprint(job: &Job, is_confined: bool, busy: &[std::path::PathBuf]) -> Result<Fingerprint, GitError> {
    let mut busy = busy.to_vec();
    busy.extend([job.worktree.clone(), job.common.verified_in.clone()]);
    busy.extend(job.common.workers.now().into_iter().map(|other| other.worktree));
    // From the sandbox no way leads to other worktrees: they need not be gone through.
    let scope = Scope { busy: &busy, only_here: is_confined, is_ours: &|file| is_ours(job, file) };
    job.common.repo.fingerprint(scope)
}

/// Nobody else is in the checkout or in a worktree: a person may work in one, too.
fn is_alone(job: &Job) -> bool {
    job.common.repo.workdir().is_some() && in_places(job, people::nobody_is_in)
}

/// An editor may be at work there without being in there: then nobody knows who has changed what, and the attempt is not to be blamed.
fn nobody_looks(job: &Job) -> bool {
    in_places(job, people::nobody_looks_at)
}

fn in_places(job: &Job, holds: impl Fn(&[&Path]) -> bool) -> bool {
    let repo = &job.common.repo;
    let worktrees = repo.worktrees().unwrap_or_default();
    let places: Vec<_> = worktrees.iter().map(|(path, _)| path.as_path()).chain(repo.workdir()).collect();
    holds(&places)
}

/// What the attempt itself, or another one, or we do to branches.
fn is_expected(job: &Job, change: &Change, others: &[Working]) -> bool {
    let common = &job.common;
    let own = job.branch.full();
    let is_branch = |name: &str| name == own || others.iter().any(|other| other.branch == name);
    let is_own_move = || {
        let to = change.after.as_deref().and_then(|id| id.parse().ok());
        to.is_some_and(|to| common.repo.is_own_move(&change.name, to))
    };
    // Verbs of ours, as other processes: they add to what is kept.
    let is_kept = change.before.is_none() && change.name.starts_with("refs/blueprint/");
    let is_tried = change.name == common.refs.verification().full();
    is_branch(&change.name) || is_kept || is_tried || is_own_move() || job.cast.isolation == Isolation::None
}
