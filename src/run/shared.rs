//! One worktree for the whole plan: its tasks work in it side by side, on one branch, and what is there when one of them is done is committed,
//! one commit after another.
//!
//! Whose a change is, nobody can tell there: a commit holds whatever was in the worktree when its task was done, also what others had begun.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::job::Job;
use super::settings::Isolation;
use super::workplace::{self, Based, Gathered, PrepareError};
use crate::git::{Found, GitError, Oid};
use crate::store::{StoreError, read_json, write_json};

/// How often something is tried that an agent's own git keeps from us, and the pause between two tries.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// What all attempts of a run know of the worktree that they share.
#[derive(Debug)]
pub(super) struct Shared {
    /// One attempt after another finds its place in it.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// How many are in it.
    inside: Arc<AtomicUsize>,
    /// One commit after another.
    commits: Mutex<()>,
    /// Its being there says that the worktree is ready to work in; it holds what was brought.
    ready: PathBuf,
}

/// An attempt that is in the shared worktree.
pub(super) struct Inside {
    count: Arc<AtomicUsize>,
    /// Nobody else comes in, or looks who is there, before it has its place.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Inside {
    /// It has its place: the next one may come in.
    pub(super) fn is_settled(&mut self) {
        self.turn = None;
    }
}

impl Shared {
    pub(super) fn new(ready: PathBuf) -> Self {
        Self { turn: Arc::default(), inside: Arc::default(), commits: Mutex::default(), ready }
    }

    fn enter(&self, turn: Option<OwnedMutexGuard<()>>) -> Inside {
        self.inside.fetch_add(1, Ordering::SeqCst);
        Inside { count: Arc::clone(&self.inside), turn }
    }

    /// What was brought, if the worktree is ready to work in.
    fn brought(&self) -> Option<Vec<PathBuf>> {
        read_json(&self.ready).ok().flatten()
    }
}

/// Waits until the attempt may come in; nothing for one that does not share its place.
pub(super) async fn come_in(job: &Job) -> Option<Inside> {
    if job.cast.isolation != Isolation::Shared {
        return None;
    }
    let shared = &job.common.shared;
    let turn = Arc::clone(&shared.turn).lock_owned().await;
    Some(shared.enter(Some(turn)))
}

/// The same for an attempt that was in it before this run, at once: nobody may come in before who would think that they are alone.
pub(super) fn stay(job: &Job) -> Option<Inside> {
    (job.cast.isolation == Isolation::Shared).then(|| job.common.shared.enter(None))
}

/// Gives the attempt its place, and the commit that the worktree is at. Whoever is alone in it begins with what is merged and nothing else.
pub(super) fn prepare(job: &Job) -> Result<Based, PrepareError> {
    let common = &job.common;
    let is_alone = common.shared.inside.load(Ordering::SeqCst) == 1;
    let base = if is_alone && !is_left(job)? {
        clean_place(job)?
    } else {
        common.repo.worktree(&job.worktree).head()?
    };
    common.repo.keep_base(&common.refs, &job.slug, job.attempt, base)?;
    Ok(Based { commit: base, on_integration: false, conflict: None, is_kept: false })
}

/// Whether the attempt goes on in what an earlier one has left there.
fn is_left(job: &Job) -> Result<bool, GitError> {
    let is_ready = job.continuing.is_some() && job.common.shared.brought().is_some();
    Ok(is_ready && matches!(job.common.repo.worktree_at(&job.worktree)?, Found::Ours(_)))
}

/// As it is, where it holds just that; else made anew.
fn clean_place(job: &Job) -> Result<Oid, GitError> {
    let common = &job.common;
    let tip = common.repo.target(&common.refs.integration().full())?.unwrap_or(common.start);
    if let Found::Ours(worktree) = common.repo.worktree_at(&job.worktree)?
        && common.shared.brought().is_some()
        && worktree.branch()?.as_ref() == Some(&job.branch)
        && !worktree.is_dirty()?
    {
        let head = worktree.head()?;
        if common.repo.changed(head, tip)?.files == 0 {
            return Ok(head);
        }
    }
    let ready = &common.shared.ready;
    match fs::remove_file(ready) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(GitError::Io { action: "remove", path: ready.clone(), source: error });
        }
        Ok(()) | Err(_) => {}
    }
    workplace::make_place(job, tip)?;
    Ok(tip)
}

/// What was brought into the attempt's worktree before, if that is ready to work in: one that is shared is made ready once.
pub(super) fn brought_before(job: &Job) -> Option<Vec<PathBuf>> {
    (job.cast.isolation == Isolation::Shared).then(|| job.common.shared.brought()).flatten()
}

/// The attempt's worktree is ready to work in.
pub(super) fn note_ready(job: &Job, brought: &[PathBuf]) -> Result<(), StoreError> {
    match job.cast.isolation {
        Isolation::Shared => write_json(&job.common.shared.ready, &brought),
        Isolation::Worktree | Isolation::None => Ok(()),
    }
}

/// Commits what is in the worktree when the task is done. What one leaves that is not done stays there uncommitted, and is kept under the
/// attempt's ref, too.
pub(super) fn gather(job: &Job, base: Oid, brought: &[PathBuf], is_done: bool) -> Result<Gathered, GitError> {
    let _one_at_a_time = job.common.shared.commits.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || if is_done { workplace::gather(job, base, brought) } else { workplace::keep(job, base) };
    for _ in 1..TRIES {
        match work() {
            Err(error) if error.is_locked_by_another() => sleep(PAUSE),
            done => return done,
        }
    }
    work()
}
