//! A note of what a rehearsal makes, written before it is made: by it others find what one has left that was killed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::git::{Found, GitError, Repo};
use crate::run::RunError;
use crate::store::{Lock, StateDir, StoreError};

/// What it makes.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    worktree: PathBuf,
    logs: PathBuf,
}

/// The note of a rehearsal under way; its file is locked until that is over.
#[derive(Debug)]
pub(super) struct Note {
    file: PathBuf,
    _lock: Lock,
}

impl Note {
    pub(super) fn write(
        state: &StateDir,
        name: &str,
        worktree: &Path,
        logs: &Path,
    ) -> Result<Self, RunError> {
        let folder = state.rehearsals();
        fs::create_dir_all(&folder).map_err(StoreError::io("create folder", &folder))?;
        let file = folder.join(name);
        let lock = Lock::wait(&file)?;
        let made = Made { worktree: worktree.to_owned(), logs: logs.to_owned() };
        let text = serde_json::to_vec(&made).map_err(std::io::Error::from)?;
        // In place: by another file of that name nobody would see that it is locked.
        fs::write(&file, text).map_err(StoreError::io("write", &file))?;
        Ok(Self { file, _lock: lock })
    }

    /// Nothing is left of the rehearsal.
    pub(super) fn remove(self) {
        remove(&self.file);
    }
}

/// With the folders that were made for it, if nothing else is in them.
fn remove(file: &Path) {
    let _ = fs::remove_file(file);
    for folder in file.ancestors().skip(1).take(2) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// A rehearsal whose process is gone without having cleared up.
#[derive(Debug)]
pub struct Abandoned {
    /// The worktree that it has made.
    pub worktree: PathBuf,
    logs: PathBuf,
    file: PathBuf,
    _lock: Lock,
}

/// All that are noted in that plan's state; none that is under way.
pub fn abandoned(state: &StateDir) -> Vec<Abandoned> {
    let entries = fs::read_dir(state.rehearsals()).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| read(entry.path())).collect()
}

fn read(file: PathBuf) -> Option<Abandoned> {
    let lock = Lock::try_take(&file).ok()??;
    let Made { worktree, logs } = serde_json::from_slice(&fs::read(&file).ok()?).ok()?;
    Some(Abandoned { worktree, logs, file, _lock: lock })
}

impl Abandoned {
    /// Removes what it has left; nothing in it was anybody's work.
    ///
    /// # Errors
    /// [`GitError`] when its worktree can't be removed.
    pub fn remove(self, repo: &Repo) -> Result<(), GitError> {
        if matches!(repo.worktree_at(&self.worktree)?, Found::Ours(_)) {
            repo.remove_worktree_with_its_work(&self.worktree)?;
        }
        // Only what is named as ours are: a note could be anybody's.
        let name = self.logs.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(super::stage::LOGS) {
            let _ = fs::remove_dir_all(&self.logs);
        }
        remove(&self.file);
        Ok(())
    }
}
