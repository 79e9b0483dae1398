//! What was brought into a worktree is never committed, not even where an agent has git ignore it no more.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bring::How;
use super::copy::copy_tree;
use crate::git::{GitError, Oid, Worktree};
use crate::run::job::Job;

/// What of the brought things git has nothing of at the attempt's base: all of such a thing is ours to keep out.
pub(in crate::run) fn ours(job: &Job, base: Oid, brought: &[PathBuf]) -> Result<Vec<PathBuf>, GitError> {
    let mut ours = Vec::new();
    for path in brought {
        if !job.common.repo.is_tracked(base, path)? {
            ours.push(path.clone());
        }
    }
    Ok(ours)
}

/// Moves what the next commit would take in beside the attempt's log; says what that was.
pub(in crate::run) fn put_aside(
    job: &Job,
    worktree: &Worktree,
    ours: &[PathBuf],
) -> Result<Vec<String>, GitError> {
    let mut said = Vec::new();
    for path in ours {
        let place = worktree.path().join(path);
        let Ok(there) = place.symlink_metadata() else { continue };
        if worktree.ignores(path, there.is_dir())? {
            continue;
        }
        let aside = job.dir.path().join("brought").join(path);
        move_away(&place, &aside).map_err(failed("move away", &place))?;
        said.push(format!(
            "`{}`, which was brought into its worktree, is not ignored there any more, and was put aside: {}",
            path.display(),
            aside.display()
        ));
    }
    Ok(said)
}

/// Moves a file or a folder to a place that need not be there yet, on another disk perhaps.
pub(in crate::run) fn move_away(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        moved => return moved,
    }
    copy_tree(from, to, How::Copy, from, to).map_err(io::Error::other)?;
    if from.symlink_metadata()?.is_dir() { fs::remove_dir_all(from) } else { fs::remove_file(from) }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GitError {
    let path = path.to_owned();
    move |source| GitError::Io { action, path, source }
}
