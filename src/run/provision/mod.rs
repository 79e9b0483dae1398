//! What a new worktree gets before an agent begins in it: ignored files of the user's checkout, ports of its own, folders of a build cache,
//! and what the configured setup steps make.
//!
//! Nothing of it is in the journal before all of it is there: who is killed half-way begins anew, in a new worktree.

mod bring;
mod copy;
mod keep_out;
mod outlay;
mod ports;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) use bring::Brought;
pub use bring::{Bring, BringError, How};
pub(super) use keep_out::{move_away, ours, put_aside};
pub(super) use outlay::{Outlay, Remark};
pub(super) use ports::{PortBlock, Ports};

use super::attempt::{Link, Message, blocking};
use super::continuing::Continuing;
use super::job::{Job, Report};
use super::settings::Isolation;
use super::shared;
use super::step::{self, Step, StepEnd, StepPlace};
use crate::agent::{BuildJobs, Outcome};
use crate::git::{GitError, Repo};
use crate::store::StoreError;

/// What the configuration wants to be in every worktree.
#[derive(Debug, Clone, Default)]
pub struct Provisioning {
    /// Ignored files and folders of the checkout.
    pub bring: Vec<Bring>,
    /// Run one after another, in the worktree.
    pub setup: Vec<Step>,
    /// Variables, each with a folder of its own that all worktrees of the plan share.
    pub build_cache: Vec<String>,
}

/// What all attempts of a run share of it.
#[derive(Debug)]
pub(super) struct Provisions {
    wanted: Provisioning,
    /// Where the shared folders of the build cache are.
    cache: PathBuf,
    /// What was said already: it is the same for every worktree.
    noted: Mutex<BTreeSet<String>>,
}

impl Provisions {
    pub(super) fn new(wanted: Provisioning, cache: PathBuf) -> Self {
        Self { wanted, cache, noted: Mutex::default() }
    }

    /// Variables for steps and whoever works in a worktree; the folders that they name are made.
    pub(super) fn environment(
        &self,
        ports: Option<&PortBlock>,
    ) -> Result<Vec<(OsString, OsString)>, StoreError> {
        let mut env = Vec::new();
        for (name, folder) in self.caches() {
            fs::create_dir_all(&folder).map_err(StoreError::io("create folder", &folder))?;
            env.push((name.into(), folder.into()));
        }
        env.extend(ports.map(PortBlock::variable));
        Ok(env)
    }

    /// Brings all that is wanted into a worktree that is new.
    pub(super) fn bring(&self, repo: &Repo, worktree: &Path) -> Result<Brought, BringError> {
        let wanted = &self.wanted.bring;
        match repo.workdir() {
            Some(checkout) if !wanted.is_empty() => bring::bring(wanted, checkout, &repo.worktree(worktree)),
            Some(_) | None => Ok(Brought::default()),
        }
    }

    /// Whether there is anything to be run in a new worktree.
    pub(super) fn has_setup(&self) -> bool {
        !self.wanted.setup.is_empty()
    }

    /// Runs the setup steps, one after another; `place` has no name for them yet.
    pub(super) async fn set_up(&self, place: StepPlace<'_>, link: &Link) -> Result<(), NotSetUp> {
        for (number, step) in (1..).zip(&self.wanted.setup) {
            let slug = format!("setup-{number}");
            let run = step::run(step, StepPlace { slug: &slug, ..place }, link).await;
            match run.end {
                StepEnd::Passed => {}
                StepEnd::Stopped => return Err(NotSetUp::Stopped),
                StepEnd::Failed(_)
                | StepEnd::TimedOut
                | StepEnd::Killed(_)
                | StepEnd::TooMuchOutput
                | StepEnd::CouldNotStart(_) => {
                    let why = run.complaint(step).unwrap_or_default();
                    return Err(NotSetUp::Failed(format!("setup step {why}")));
                }
            }
        }
        Ok(())
    }

    /// Variables and folders of the build cache.
    pub(super) fn caches(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.wanted.build_cache.iter().map(|name| (name.as_str(), self.cache.join(name)))
    }

    /// Whether this has not been said before.
    pub(super) fn is_new(&self, note: &str) -> bool {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(note.to_owned())
    }
}

/// Why a worktree is not set up.
pub(super) enum NotSetUp {
    /// It was told to end.
    Stopped,
    /// A step has failed: which one, how, and the end of what it printed.
    Failed(String),
}

/// What a worktree has got.
#[derive(Debug, Default)]
pub(super) struct Provided {
    /// Variables for whoever works in it.
    pub(super) env: Vec<(OsString, OsString)>,
    /// What was brought into it, relative to it: it is never committed.
    pub(super) brought: Vec<PathBuf>,
}

/// Why a worktree is not ready to work in.
pub(super) enum Unprovided {
    /// No task gets further: the disk.
    Broken(StoreError),
    /// This attempt does not.
    Report(Box<Report>),
}

impl From<Report> for Unprovided {
    fn from(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
}

/// Makes the attempt's worktree ready to work in. One that is kept as an earlier attempt has left it was set up for that one.
pub(super) async fn provide(job: &Arc<Job>, is_kept: bool, link: &Link) -> Result<Provided, Unprovided> {
    let env = blocking(job, environment).await?.map_err(Unprovided::Broken)?;
    if let Some(brought) = blocking(job, brought_before).await? {
        return Ok(Provided { env, brought });
    }
    let Brought { paths, notes } = blocking(job, bring_all).await??;
    for note in notes.iter().filter(|note| job.common.provisions.is_new(note)) {
        let _ = link.messages.send(Message::Note(note.clone()));
    }
    // Setup would also meet the markers of a conflict that is to be resolved, and fail.
    if !is_kept {
        set_up(job, &env, link).await?;
    }
    let provided = Provided { env, brought: paths };
    let noted = provided.brought.clone();
    blocking(job, move |job| shared::note_ready(job, &noted)).await?.map_err(Unprovided::Broken)?;
    Ok(provided)
}

/// Ends the steps that an earlier run has left running for the task, whose worktree is about to be made anew.
pub(super) fn end_leftovers(job: &Job) -> Result<(), StoreError> {
    let attempts = job.dir.path().parent().map(step::folders_in).unwrap_or_default();
    let steps = attempts.into_iter().map(|attempt| crate::store::AttemptDir::at(attempt).steps());
    steps.filter(|steps| steps.is_dir()).try_for_each(|steps| step::end_leftovers(&steps))
}

/// What was brought into the worktree before, where that is gone on with as it is: it is shared, or an earlier attempt's work stands in it.
fn brought_before(job: &Job) -> Option<Vec<PathBuf>> {
    if job.cast.isolation == Isolation::Shared {
        return shared::brought_before(job);
    }
    let of_resolved = job.resolving.as_ref().map(|resolving| resolving.of.brought.as_slice());
    let brought = of_resolved.or(job.continuing.as_ref().map(Continuing::brought))?;
    let is_there = |path: &PathBuf| job.worktree.join(path).symlink_metadata().is_ok();
    (!brought.is_empty() && brought.iter().all(is_there)).then(|| brought.to_vec())
}

fn bring_all(job: &Job) -> Result<Brought, Unprovided> {
    job.common.provisions.bring(&job.common.repo, &job.worktree).map_err(|error| match error {
        BringError::Io { action, path, source } if is_of_the_disk(&source) => {
            Unprovided::Broken(StoreError::Io { action, path, source })
        }
        error @ (BringError::Io { .. } | BringError::Git(_)) => {
            Report::of(Outcome::CouldNotStart, format!("its worktree could not be provided for: {error}"))
                .into()
        }
    })
}

fn is_of_the_disk(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem)
}

fn environment(job: &Job) -> Result<Vec<(OsString, OsString)>, StoreError> {
    job.common.provisions.environment(job.ports.as_ref())
}

/// What gates find in their environment: the same as setup steps.
pub(super) fn of_gates(job: &Job) -> Result<Vec<(OsString, OsString)>, StoreError> {
    environment(job).map(|env| [variables(job), env].concat())
}

async fn set_up(job: &Arc<Job>, env: &[(OsString, OsString)], link: &Link) -> Result<(), Report> {
    let env = [&variables(job), env].concat();
    let (means, logs) = (job.common.means(), job.dir.steps());
    let place =
        StepPlace { means, folder: &job.worktree, env: &env, logs: &logs, slug: "", confined_as: None };
    job.common.provisions.set_up(place, link).await.map_err(|why| match why {
        NotSetUp::Stopped => {
            Report::of(Outcome::Interrupted, "the run was ended while its worktree was set up")
        }
        NotSetUp::Failed(why) => Report::of(Outcome::CouldNotStart, why),
    })
}

/// What setup steps are told of the attempt; not its token, which is the agent's alone.
fn variables(job: &Job) -> Vec<(OsString, OsString)> {
    let number = job.attempt.to_string();
    let own = [
        ("GENESIS_FILE_PATH", job.common.genesis.as_os_str()),
        ("TASK_ID", OsStr::new(job.task.as_str())),
        ("WORKTREE_PATH", job.worktree.as_os_str()),
        ("BLUEPRINT_AGENT", OsStr::new(&job.cast.agent)),
        ("BLUEPRINT_ATTEMPT", OsStr::new(&number)),
    ];
    let of_builds = job.build_jobs.as_ref().map(BuildJobs::vars).unwrap_or_default();
    let of_builds = of_builds.into_iter().map(|(name, value)| (name.into(), value.into()));
    own.into_iter().map(|(name, value)| (name.into(), value.to_owned())).chain(of_builds).collect()
}

impl From<GitError> for BringError {
    fn from(error: GitError) -> Self {
        Self::Git(Box::new(error))
    }
}
