//! Taking a worktree away, or making it anew: only when nothing in it gets lost.

use std::fs;
use std::path::Path;

use git2::{Oid, Repository, RepositoryState};

use super::add::kept_elsewhere;
use super::registry::{Registry, unlocked_at};
use super::trash;
use crate::git::commits::operation;
use crate::git::commits::staged;
use crate::git::refs::{contains, target};
use crate::git::worktree::branch_of;
use crate::git::{BranchName, GitError, Repo, Worktree};

impl Repo {
    /// Removes the worktree at `path`, folder and registration; its branch stays. Refused if it is locked, in the middle of something,
    /// has uncommitted changes, or is at a commit that no ref keeps. Ignored files go.
    pub fn remove_worktree(&self, path: &Path) -> Result<(), GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        let path = worktree.path().to_owned();
        if repository.state() != RepositoryState::Clean {
            return Err(GitError::Unfinished { path, operation: operation(repository.state()) });
        }
        let files = worktree.uncommitted()?;
        if !files.is_empty() {
            return Err(GitError::Dirty { path, files });
        }
        let head = worktree.head()?;
        if branch_of(&repository).is_none() && !kept(&repository, head) {
            return Err(GitError::WouldLose { path, what: format!("commit {head}") });
        }
        self.discard(&worktree)
    }

    /// Makes the worktree at `path` anew, on `branch` at `commit`. `kept` is the [`Worktree::snapshot`] of what is there, kept by
    /// [`Repo::keep_attempt`]; it is refused if the worktree or its branch holds anything that `kept` does not.
    pub fn reset_worktree(
        &self,
        path: &Path,
        branch: &BranchName,
        commit: Oid,
        kept: Oid,
    ) -> Result<Worktree, GitError> {
        let worktree = self.worktree(path);
        if let Some(what) = unkept(&worktree, branch, kept)? {
            return Err(GitError::WouldLose { path: worktree.path().to_owned(), what });
        }
        self.discard(&worktree)?;
        self.add_worktree(path, branch, commit)
    }

    /// Renamed away first: that is quick, done under the lock, and leaves no half of a worktree if we end in the middle of the rest.
    pub(in crate::git) fn discard(&self, worktree: &Worktree) -> Result<(), GitError> {
        let trash = trash::name_beside(worktree.path());
        {
            let registry = Registry::lock(self.common_dir())?;
            let path = worktree.path().to_owned();
            let entry = unlocked_at(self.common_dir(), &path)?;
            fs::rename(&path, &trash).map_err(GitError::io("move away", &path))?;
            registry.remove(&entry)?;
        }
        trash::delete(trash);
        Ok(())
    }
}

/// The first thing found that a reset would lose.
fn unkept(worktree: &Worktree, branch: &BranchName, kept: Oid) -> Result<Option<String>, GitError> {
    let repository = worktree.open()?;
    if !kept_elsewhere(&repository, kept, branch) {
        return Ok(Some(format!("commit {kept}")));
    }
    let heads = [worktree.head().ok(), target(&repository, &branch.full())];
    if let Some(head) = heads.into_iter().flatten().find(|head| !contains(&repository, kept, *head)) {
        return Ok(Some(format!("commit {head}")));
    }
    let (now, nested) = staged(worktree, &repository)?;
    if let Some(nested) = nested.first() {
        return Ok(Some(format!("a repository at {}", nested.display())));
    }
    let then = repository.find_commit(kept).map_err(worktree.failed("read a commit"))?.tree_id();
    Ok((then != now).then(|| "uncommitted changes".to_owned()))
}

/// Whether any branch or ref keeps `commit` reachable.
fn kept(repository: &Repository, commit: Oid) -> bool {
    let Ok(all) = repository.references() else {
        return false;
    };
    all.flatten().filter_map(|reference| reference.target()).any(|tip| contains(repository, tip, commit))
}
