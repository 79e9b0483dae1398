//! What is found of a resolution when whoever took it out of the worktree was killed on the way.

use std::path::Path;

use git2::{Oid, Repository, Tree};

use crate::git::commits::staged;
use crate::git::refs::target;
use crate::git::worktree::path_of;
use crate::git::{Conflict, EpicRefs, GitError, Repo};

impl Repo {
    /// The resolution of that conflict which the ref of attempt `n` at a task keeps, if it does: what is in the worktree does not count any
    /// more then.
    pub fn kept_resolution(
        &self,
        refs: &EpicRefs,
        task: &str,
        n: u32,
        conflict: &Conflict,
    ) -> Result<Option<Oid>, GitError> {
        let store = self.open_store()?;
        let is_meant = |kept: &Oid| {
            let found = store.find_commit(*kept);
            found.is_ok_and(|commit| commit.parent_ids().eq([conflict.tip, conflict.head]))
        };
        Ok(target(&store, &refs.attempt(task, n)).filter(is_meant))
    }

    /// Whether each file in the worktree is as one of the two commits has it, so that nothing gets lost if it becomes either. Ignored files
    /// don't count.
    pub fn is_between(&self, path: &Path, one: Oid, other: Oid) -> Result<bool, GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        let (now, nested) = staged(&worktree, &repository)?;
        let between = is_between(&repository, now, one, other);
        Ok(nested.is_empty() && between.map_err(worktree.failed("compare with commits"))?)
    }
}

fn is_between(repository: &Repository, now: Oid, one: Oid, other: Oid) -> Result<bool, git2::Error> {
    let tree = |commit: Oid| repository.find_commit(commit)?.tree();
    let (now, one, other) = (repository.find_tree(now)?, tree(one)?, tree(other)?);
    let diff = repository.diff_tree_to_tree(Some(&one), Some(&now), None)?;
    let mut changed = diff.deltas().filter_map(|delta| delta.new_file().path_bytes().map(path_of));
    Ok(changed.all(|path| entry_at(&now, &path) == entry_at(&other, &path)))
}

fn entry_at(tree: &Tree<'_>, path: &Path) -> Option<(Oid, i32)> {
    tree.get_path(path).ok().map(|entry| (entry.id(), entry.filemode()))
}
