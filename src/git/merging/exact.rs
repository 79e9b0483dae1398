//! A worktree that is to be exactly at a commit, whatever somebody has made of it meanwhile.

use std::path::{Path, PathBuf};

use git2::{IndexEntry, IndexEntryExtendedFlag, IndexEntryFlag, IndexTime, Oid, Repository, RepositoryState};

use crate::git::commits::{GITLINK, break_locks};
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::repo::head_of;
use crate::git::worktree::branch_of;
use crate::git::{BranchName, GitError, Repo, Worktree};

/// Where a worktree is to stand: on its branch, or, if that is at another commit, with `HEAD` detached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The branch of its task.
    pub branch: BranchName,
    /// Where that is.
    pub tip: Oid,
    /// The commit whose files are there.
    pub head: Oid,
}

impl Repo {
    /// The commits at which the worktree or its branch is instead, if they hold anything that neither `head` nor `tip` holds: to be kept
    /// before [`Repo::stand_again`].
    pub fn commits_beside(&self, path: &Path, stand: &Stand) -> Result<Vec<Oid>, GitError> {
        let repository = self.worktree(path).open()?;
        let found = [head_of(&repository, path).ok(), target(&repository, &stand.branch.full())];
        let is_known =
            |oid: Oid| [stand.head, stand.tip].into_iter().any(|of| contains(&repository, of, oid));
        let mut beside: Vec<_> = found.into_iter().flatten().filter(|oid| !is_known(*oid)).collect();
        beside.dedup();
        Ok(beside)
    }

    /// Puts the worktree's `HEAD` and its branch back, with nothing under way there any more; no file changes. Says whether they were
    /// elsewhere.
    pub fn stand_again(&self, path: &Path, stand: &Stand) -> Result<bool, GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        break_locks(&repository, &stand.branch)?;
        if repository.state() != RepositoryState::Clean {
            repository.cleanup_state().map_err(worktree.failed("end an operation"))?;
        }
        let has_moved = put_branch_back(&repository, stand)? | put_head_back(&worktree, &repository, stand)?;
        show_changes(&repository).map_err(worktree.failed("look at all files again"))?;
        Ok(has_moved)
    }

    /// What is in the worktree, which is at `commit`, otherwise than there, and not ignored. Of submodules only their commits count.
    pub fn strays(&self, path: &Path, commit: Oid) -> Result<Vec<PathBuf>, GitError> {
        let worktree = self.worktree(path);
        let mut strays = worktree.uncommitted()?;
        if strays.is_empty() {
            return Ok(strays);
        }
        let repository = worktree.open()?;
        let tree = repository.find_commit(commit).and_then(|commit| commit.tree());
        let tree = tree.map_err(worktree.failed("read a commit"))?;
        let is_module =
            |path: &Path| tree.get_path(path).is_ok_and(|entry| entry.filemode().cast_unsigned() == GITLINK);
        strays.retain(|path| !is_module(path));
        Ok(strays)
    }
}

fn put_branch_back(repository: &Repository, stand: &Stand) -> Result<bool, GitError> {
    let name = stand.branch.full();
    let there = target(repository, &name);
    if there == Some(stand.tip) {
        return Ok(false);
    }
    match swap(repository, &name, there, stand.tip, "blueprint: put back")? {
        Swapped::Done => Ok(true),
        Swapped::Holds(_) => Err(GitError::RefMoved { name }),
    }
}

fn put_head_back(worktree: &Worktree, repository: &Repository, stand: &Stand) -> Result<bool, GitError> {
    let is_detached = stand.tip != stand.head;
    let on = branch_of(repository);
    let is_there = if is_detached {
        on.is_none() && head_of(repository, worktree.path()).ok() == Some(stand.head)
    } else {
        on.as_ref() == Some(&stand.branch)
    };
    if is_there {
        return Ok(false);
    }
    let put = if is_detached {
        repository.set_head_detached(stand.head)
    } else {
        repository.set_head(&stand.branch.full())
    };
    put.map_err(worktree.failed("put its HEAD back"))?;
    Ok(true)
}

/// Git may have been told not to look at some files, so that their changes would not be seen. A sparse checkout does so by itself.
fn show_changes(repository: &Repository) -> Result<(), git2::Error> {
    let is_sparse = repository.config()?.get_bool("core.sparsecheckout").unwrap_or_default();
    let is_hidden = |entry: &IndexEntry| {
        let extended = IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended);
        let flags = IndexEntryFlag::from_bits_truncate(entry.flags);
        flags.is_valid() || (!is_sparse && extended.is_skip_worktree())
    };
    let mut index = repository.index()?;
    let hidden: Vec<_> = index.iter().filter(is_hidden).collect();
    let is_none = hidden.is_empty();
    for mut entry in hidden {
        entry.flags &= !IndexEntryFlag::VALID.bits();
        entry.flags_extended &= !IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
        // So that its content is read, however old it claims to be.
        entry.mtime = IndexTime::new(0, 0);
        index.add(&entry)?;
    }
    if is_none { Ok(()) } else { index.write() }
}
