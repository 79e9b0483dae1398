//! A folder that was a worktree, until somebody took its `.git` away or bent it: moved aside, so that the worktree can be made anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::registry::{Registry, unlocked_at};
use crate::git::{Found, GitError, Repo, Worktree};

impl Repo {
    /// Moves what is at `path` aside, with all that is in it, if it is registered as a worktree of this repository and is none. Gives
    /// where it is now, beside `path`; nothing if all is well there, or nothing is there, or something that was never ours.
    ///
    /// # Errors
    /// [`GitError::WorktreeLocked`] if a person has locked it; [`GitError::Io`] if it can't be moved.
    pub fn set_aside_broken(&self, path: &Path) -> Result<Option<PathBuf>, GitError> {
        match self.worktree_at(path)? {
            Found::Ours(worktree) if is_broken(&worktree) => self.set_aside(&worktree).map(Some),
            Found::Ours(_) | Found::Nothing | Found::Foreign => Ok(None),
        }
    }

    fn set_aside(&self, worktree: &Worktree) -> Result<PathBuf, GitError> {
        let registry = Registry::lock(self.common_dir())?;
        let path = worktree.path().to_owned();
        let entry = unlocked_at(self.common_dir(), &path)?;
        let aside = free_beside(&path);
        fs::rename(&path, &aside).map_err(GitError::io("move aside", &path))?;
        registry.remove(&entry)?;
        Ok(aside)
    }
}

fn is_broken(worktree: &Worktree) -> bool {
    matches!(worktree.open(), Err(GitError::NotAWorktree { .. }))
}

fn free_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut aside = path.to_owned();
    for number in 1u32.. {
        aside.set_file_name(format!("{name}.aside-{number}"));
        if aside.symlink_metadata().is_err() {
            break;
        }
    }
    aside
}
