//! Which parts of the git folder a worktree's own git writes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::{BranchName, GitError, Worktree};

impl Worktree {
    /// All that has to be written for commits on `branch`, where that is there; the folders of branch and log are made.
    ///
    /// A ref is written by way of a lock beside it, so that it takes the whole folder of the branch: branches beside it in that folder can
    /// be written as well.
    pub fn places_of_commits(&self, branch: &BranchName) -> Result<Vec<PathBuf>, GitError> {
        let repository = self.open()?;
        let common = &self.common_dir();
        let of_branch = ["", "logs"].map(|root| folder_of(&common.join(root), branch));
        for folder in &of_branch {
            fs::create_dir_all(folder).map_err(GitError::io("create", folder))?;
        }
        let shared = ["objects", "lfs", "rr-cache", "reftable"].map(|name| common.join(name));
        let own = crate::git::repo::settled(repository.path());
        Ok([own].into_iter().chain(shared).chain(of_branch).filter(|place| place.exists()).collect())
    }
}

fn folder_of(root: &Path, branch: &BranchName) -> PathBuf {
    let mut file = root.join(branch.full());
    file.pop();
    file
}
