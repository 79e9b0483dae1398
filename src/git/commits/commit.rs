//! What an agent left uncommitted is committed for it.

use std::path::PathBuf;

use git2::{Index, Oid, Repository};

use super::contents::{Staged, stage};
use super::settle::{break_locks, operation};
use super::snapshot::commit_tree;
use crate::git::merging::conflicts;
use crate::git::refs::{Swapped, swap};
use crate::git::{Authorship, BranchName, GitError, Message, Worktree};

/// A task's result as a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// What the worktree and its branch are at now.
    pub head: Oid,
    /// The commit that was made here; `None` if there was nothing left to commit.
    pub committed: Option<Oid>,
    /// What was found and should be told.
    pub notices: Vec<Notice>,
}

/// Something about a worktree that its task's owner should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// A lock was left by a git program that was killed.
    #[error("removed the lock {} that a killed git left", .0.display())]
    LockRemoved(PathBuf),
    /// A repository in the worktree; what is in it is not committed.
    #[error("{} is a repository of its own; what is in it was not committed", .0.display())]
    NestedRepository(PathBuf),
    /// The worktree was not on its branch.
    #[error("the worktree had left its branch for {}; the branch was moved to it", .from.as_deref().unwrap_or("a detached HEAD"))]
    Reattached {
        /// The branch it was on; `None` for a detached `HEAD`.
        from: Option<String>,
    },
    /// A merge, cherry-pick or revert without conflicts was not concluded.
    #[error("concluded a {0} that was left open")]
    Concluded(&'static str),
}

impl Worktree {
    /// Commits everything that is not ignored, on `branch`: call it when no process of the attempt lives any more.
    ///
    /// The commit's dates are those of the commit it stands on, so that the same work on the same base gives the same id. A merge without
    /// conflicts that was left open is concluded with all its parents. Refused, with nothing changed but dead locks: unresolved
    /// conflicts, a rebase or the like in the middle, and a `HEAD` that does not contain what the branch holds. `.blueprint/` and nested
    /// repositories are left out.
    pub fn commit_leftovers(
        &self,
        branch: &BranchName,
        by: &Authorship,
        message: &Message,
    ) -> Result<Gathered, GitError> {
        let mut repository = self.open()?;
        let mut notices = break_locks(&repository, branch)?;
        self.refuse_unfinished(&repository)?;
        let index = repository.index().map_err(self.failed("read the index"))?;
        self.refuse_unmerged(&index)?;
        let (head, reattached) = self.stand_on(&repository, branch)?;
        notices.extend(reattached);
        let mut staged = stage(&repository)?;
        notices.extend(staged.nested.drain(..).map(Notice::NestedRepository));
        let made = self.commit_index(&mut repository, &mut staged, head, by, message)?;
        let committed = made.filter(|made| *made != head);
        if let Some(commit) = committed {
            advance(&repository, branch, head, commit)?;
        }
        staged.keep(&repository)?;
        notices.extend(self.conclude(&repository)?);
        Ok(Gathered { head: committed.unwrap_or(head), committed, notices })
    }

    fn refuse_unmerged(&self, index: &Index) -> Result<(), GitError> {
        match conflicts(index).map_err(self.failed("read the index"))? {
            files if files.is_empty() => Ok(()),
            files => Err(GitError::Unmerged { path: self.path().to_owned(), files }),
        }
    }

    fn commit_index(
        &self,
        repository: &mut Repository,
        staged: &mut Staged,
        head: Oid,
        by: &Authorship,
        message: &Message,
    ) -> Result<Option<Oid>, GitError> {
        let merging = merge_heads(repository);
        let commit = || -> Result<Option<Oid>, git2::Error> {
            let tree = staged.write_tree(repository)?;
            let others = merging.into_iter().filter(|other| *other != head);
            let parents = [head].into_iter().chain(others).map(|id| repository.find_commit(id));
            let parents = parents.collect::<Result<Vec<_>, _>>()?;
            match parents.as_slice() {
                [head] if head.tree_id() == tree => Ok(None),
                parents => commit_tree(repository, tree, parents, by, message).map(Some),
            }
        };
        commit().map_err(self.failed("commit"))
    }

    fn conclude(&self, repository: &Repository) -> Result<Option<Notice>, GitError> {
        let state = repository.state();
        if state == git2::RepositoryState::Clean {
            return Ok(None);
        }
        repository.cleanup_state().map_err(self.failed("conclude an operation"))?;
        Ok(Some(Notice::Concluded(operation(state))))
    }
}

/// The commits that a merge in progress takes in.
fn merge_heads(repository: &mut Repository) -> Vec<Oid> {
    let mut heads = Vec::new();
    // There is none: not an error.
    let _ = repository.mergehead_foreach(|oid| {
        heads.push(*oid);
        true
    });
    heads
}

/// Moves the task branch to a commit that was made on top of `from`.
pub(super) fn advance(
    repository: &Repository,
    branch: &BranchName,
    from: Oid,
    to: Oid,
) -> Result<(), GitError> {
    match swap(repository, &branch.full(), Some(from), to, "blueprint: commit")? {
        Swapped::Done => Ok(()),
        Swapped::Holds(_) => Err(GitError::RefMoved { name: branch.full() }),
    }
}
