//! What a worktree holds, as a tree and as a commit, without changing anything in it.

use std::path::PathBuf;

use git2::{Commit, Oid, Repository};

use super::commit::Notice;
use super::contents::stage;
use crate::git::refs::{contains, target};
use crate::git::repo::head_of;
use crate::git::worktree::path_of;
use crate::git::{Authorship, BranchName, GitError, Message, Worktree};

/// A commit of everything in a worktree that is not ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// It contains the worktree's `HEAD` and what its branch holds; `HEAD` itself if nothing is beside it.
    pub commit: Oid,
    /// What it could not take in.
    pub notices: Vec<Notice>,
}

impl Worktree {
    /// Commits everything that is not ignored, conflict markers too, on top of `HEAD` (and of `branch`, where `HEAD` does not contain it).
    /// Neither branch, index nor files change: keep the commit with [`Repo::keep_attempt`](crate::git::Repo::keep_attempt).
    pub fn snapshot(
        &self,
        branch: &BranchName,
        by: &Authorship,
        message: &Message,
    ) -> Result<Snapshot, GitError> {
        let repository = self.open()?;
        let head = head_of(&repository, self.path()).ok();
        let tip = target(&repository, &branch.full());
        let tip = tip.filter(|tip| head.is_none_or(|head| !contains(&repository, head, *tip)));
        let (tree, nested) = staged(self, &repository)?;
        let commit = || -> Result<Oid, git2::Error> {
            let parents: Vec<Commit<'_>> = [head, tip]
                .into_iter()
                .flatten()
                .map(|id| repository.find_commit(id))
                .collect::<Result<_, _>>()?;
            match parents.as_slice() {
                [only] if only.tree_id() == tree => Ok(only.id()),
                parents => commit_tree(&repository, tree, parents, by, message),
            }
        };
        let commit = commit().map_err(self.failed("commit a snapshot"))?;
        Ok(Snapshot { commit, notices: nested.into_iter().map(Notice::NestedRepository).collect() })
    }
}

/// Makes a commit that no ref keeps yet, dated as the latest of its parents.
pub(super) fn commit_tree(
    repository: &Repository,
    tree: Oid,
    parents: &[Commit<'_>],
    by: &Authorship,
    message: &Message,
) -> Result<Oid, git2::Error> {
    let seconds = parents.iter().map(|parent| parent.time().seconds()).max().unwrap_or_default();
    let by = by.signature(seconds)?;
    let tree = repository.find_tree(tree)?;
    let parents: Vec<&Commit<'_>> = parents.iter().collect();
    repository.commit(None, &by, &by, &message.render(), &tree, &parents)
}

/// The tree of what is in the worktree and not ignored, and the nested repositories left out of it. The index file is not written.
pub(in crate::git) fn staged(
    worktree: &Worktree,
    repository: &Repository,
) -> Result<(Oid, Vec<PathBuf>), GitError> {
    let mut staged = stage(repository)?;
    let mut written = || -> Result<Oid, git2::Error> {
        let index = &mut staged.index;
        let left: Vec<_> =
            index.conflicts()?.flatten().flat_map(|c| [c.ancestor, c.our, c.their]).flatten().collect();
        for entry in left {
            index.conflict_remove(&path_of(&entry.path))?;
        }
        index.write_tree_to(repository)
    };
    let tree = written().map_err(worktree.failed("read the changes"))?;
    Ok((tree, std::mem::take(&mut staged.nested)))
}
