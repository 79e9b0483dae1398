//! What an attempt's agent may write, and what it may not read: the walls of its sandbox, made from the job, the runner's own needs and
//! the configuration.
//!
//! Knows nothing of how they are held up; that is the supervisor's.

mod caches;
mod secrets;
mod temp;

pub(super) use temp::remove as remove_temp;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::job::Job;
use super::settings::Isolation;
use super::supervisor::{Sandbox, Walls};
use crate::agent::{CommandLine, Kind, OwnPlaces};
use crate::git::{GitError, OWN_FOLDER};
use crate::store::AttemptDir;

/// What a run's configuration says of sandboxes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Which one agents in worktrees are kept in.
    pub sandbox: Option<Sandbox>,
    /// What else they may write (`sandbox-write`), absolute.
    pub write: Vec<PathBuf>,
    /// What they may read although it counts as secret (`sandbox-read`), absolute.
    pub read: Vec<PathBuf>,
}

/// Why an attempt's walls can't be made.
#[derive(Debug, Error)]
pub(super) enum WallsError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("can't make a folder for temporary files: {0}")]
    Temp(#[from] io::Error),
}

/// What every program may write on a device, and shared memory.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];
const SHARED_MEMORY: &str = "/dev/shm";

/// The walls for an attempt that is about to be started by `command`, which is given `of_place` as variables of its place; nothing, where
/// agents are not confined. The command may be told of another folder for temporary files.
pub(super) fn walls(
    job: &Job,
    command: &mut CommandLine,
    of_place: &[(OsString, OsString)],
) -> Result<Option<Walls>, WallsError> {
    if job.cast.runner.has_own_sandbox() {
        return Ok(None);
    }
    around(job, &job.dir, command, of_place)
}

/// The same for a command that runs what the attempt's agent has written, and that has `dir` for its own.
pub(super) fn around(
    job: &Job,
    dir: &AttemptDir,
    command: &mut CommandLine,
    of_place: &[(OsString, OsString)],
) -> Result<Option<Walls>, WallsError> {
    let Confinement { sandbox: Some(by), write, read } = &job.common.confinement else { return Ok(None) };
    if job.cast.isolation == Isolation::None {
        return Ok(None);
    }
    let home = command.var("HOME").map(|home| settled(Path::new(home)));
    let keep_out = keep_out(job, home.as_deref());
    let own = home.as_deref().map(|home| job.cast.kind.places(home, command)).unwrap_or_default();
    if let Some(home) = home.as_deref().filter(|_| job.cast.kind != Kind::Command) {
        make_ready(&own, home);
    }
    let mut places: Vec<PathBuf> = own.write;
    places.extend(home.iter().flat_map(|home| caches::of(home)));
    places.extend(caches::named_by(command));
    // Build caches that the tasks share.
    places.extend(of_place.iter().map(|(_, value)| PathBuf::from(value)).filter(|place| place.is_absolute()));
    places.extend(temp::folders(command, dir, &keep_out)?);
    places.push(SHARED_MEMORY.into());
    let mut may_write: Vec<_> = places.iter().map(|place| settled(place)).collect();
    // Whatever variables say: nothing is opened that others' work lies in.
    may_write.retain(|place| !keep_out.iter().any(|kept| kept.starts_with(place)));
    may_write.extend(DEVICES.map(PathBuf::from));
    may_write.extend(write.iter().map(|place| settled(place)));
    may_write.extend(job.build_jobs.iter().map(|jobs| settled(&jobs.pipe)));
    may_write.push(settled(&job.worktree));
    may_write.extend(own_outbox(job)?);
    may_write.extend(job.common.repo.worktree(&job.worktree).places_of_commits(&job.branch)?);
    may_write.retain(|place| place.exists());
    let allowed: Vec<_> = read.iter().chain(&own.read).map(|place| settled(place)).collect();
    let secrets = home.iter().flat_map(|home| secrets::of(home)).filter(|secret| !is_in(secret, &allowed));
    let worktree = settled(&job.worktree);
    let hidden = beside(&worktree, &keep_out).into_iter().collect();
    let read = allowed.iter().cloned().chain([worktree]).collect();
    Ok(Some(Walls { by: *by, write: may_write, secrets: secrets.collect(), hidden, read }))
}

/// The folder in which the worktrees of other tasks are, too, if there is nothing else in it that an attempt needs.
fn beside(worktree: &Path, needed: &[PathBuf]) -> Option<PathBuf> {
    let folder = worktree.parent()?;
    let is_needed = |place: &PathBuf| place != worktree && place.starts_with(folder);
    (folder.parent().is_some() && !needed.iter().any(is_needed)).then(|| folder.to_owned())
}

/// Where the agent leaves its reports, if that is not its worktree.
fn own_outbox(job: &Job) -> io::Result<Option<PathBuf>> {
    if job.outbox() == job.worktree {
        return Ok(None);
    }
    let folder = job.outbox().join(OWN_FOLDER);
    fs::create_dir_all(&folder)?;
    Ok(Some(settled(&folder)))
}

fn is_in(place: &Path, others: &[PathBuf]) -> bool {
    others.iter().any(|other| place.starts_with(other) || other.starts_with(place))
}

/// Where the work of others lies.
fn keep_out(job: &Job, home: Option<&Path>) -> Vec<PathBuf> {
    let repo = &job.common.repo;
    let places = [repo.workdir(), Some(repo.common_dir()), Some(job.dir.path()), home, Some(&job.worktree)];
    places.into_iter().flatten().map(settled).collect()
}

/// A program that is used for the first time makes its folders itself, but not in there.
fn make_ready(own: &OwnPlaces, home: &Path) {
    for folder in own.write.iter().filter(|folder| folder.extension().is_none() && home.is_dir()) {
        let is_its_own = folder.starts_with(home) || folder.parent().is_some_and(Path::exists);
        if is_its_own {
            let _ = fs::create_dir_all(folder);
        }
    }
}

/// The path without symbolic links, as far as it is there.
fn settled(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    match there {
        Some((above, real)) => {
            path.strip_prefix(above).map_or_else(|_| path.to_owned(), |rest| joined(&real, rest))
        }
        None => path.to_owned(),
    }
}

/// Without the slash that an empty rest would leave at the end.
fn joined(folder: &Path, rest: &Path) -> PathBuf {
    if rest.as_os_str().is_empty() { folder.to_owned() } else { folder.join(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_worktrees_is_hidden_unless_the_checkout_or_anything_else_that_is_needed_lies_in_it() {
        let needed = ["/home/ada/shop", "/home/ada/shop/.git", "/home/ada", "/w/shop/a"].map(PathBuf::from);
        let hidden = |worktree: &str| beside(Path::new(worktree), &needed);
        assert_eq!(hidden("/home/ada/shop.worktrees/e/a"), Some("/home/ada/shop.worktrees/e".into()));
        assert_eq!(hidden("/w/shop/a"), Some("/w/shop".into()));
        assert_eq!(hidden("/home/ada/shop-a"), None);
        assert_eq!(hidden("/a"), None);
    }
}
