//! What git ignores, and how large a checkout is.

use std::path::Path;

use crate::git::{GitError, Repo, Worktree};

/// A block of most file systems: a file takes whole ones.
const BLOCK: u64 = 4096;

/// The size of the files that git has in a checkout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeSize {
    /// How many there are.
    pub files: usize,
    /// What they take of a disk, in bytes.
    pub bytes: u64,
}

impl Worktree {
    /// Whether git ignores what is, or would be, at `path` (relative to the root): so that no `git add` takes it in without being forced.
    pub fn ignores(&self, path: &Path, is_folder: bool) -> Result<bool, GitError> {
        let repository = self.open()?;
        // By its last letter git knows a folder that is not there yet.
        let path = if is_folder { path.join("") } else { path.to_owned() };
        repository.is_path_ignored(path).map_err(self.failed("read what is ignored"))
    }
}

impl Repo {
    /// What the files of the user's checkout take, by the index: about as much as any worktree will.
    pub fn checkout_size(&self) -> Result<TreeSize, GitError> {
        let index = self.open_here()?.index().map_err(GitError::git("read the index", self.place()))?;
        let sizes = index.iter().map(|entry| u64::from(entry.file_size).div_ceil(BLOCK) * BLOCK);
        Ok(sizes.fold(TreeSize::default(), |size, file| TreeSize {
            files: size.files + 1,
            bytes: size.bytes.saturating_add(file),
        }))
    }
}
