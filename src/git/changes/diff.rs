//! What changed: between two commits, and in the user's checkout.

use std::path::{Path, PathBuf};

use git2::{Diff, DiffOptions, Oid, Patch, Repository, Status, StatusOptions};

use crate::git::commits::{asks_for_git, dirty_by_git};
use crate::git::{GitError, Repo};

/// The size of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffStat {
    /// Files that differ.
    pub files: usize,
    /// Lines that only the later one has.
    pub insertions: usize,
    /// Lines that only the earlier one has.
    pub deletions: usize,
}

/// What a checkout holds that its commit doesn't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uncommitted {
    /// Relative to the checkout, sorted; a folder of new files counts as one.
    pub paths: Vec<PathBuf>,
    /// How many more there are.
    pub more: usize,
}

impl Repo {
    /// The size of the change from `base` to `head`.
    pub fn changed(&self, base: Oid, head: Oid) -> Result<DiffStat, GitError> {
        self.changed_but_for(base, head, None)
    }

    /// The same without what has become of the file at `left_out`, relative to the root.
    pub fn changed_but_for(
        &self,
        base: Oid,
        head: Oid,
        left_out: Option<&Path>,
    ) -> Result<DiffStat, GitError> {
        let store = self.open_store()?;
        let stat = between(&store, base, head).and_then(|diff| stat(&diff, left_out));
        stat.map_err(GitError::git("compare commits", self.place()))
    }

    /// What a branch got by `merge`, where that merges `work` into it; nothing where it has come to it in another shape.
    pub fn changed_by_merge(&self, merge: Oid, work: Oid) -> Result<Option<DiffStat>, GitError> {
        let parents: Vec<_> = {
            let store = self.open_store()?;
            let commit = store.find_commit(merge).map_err(GitError::git("read a commit", self.place()))?;
            commit.parent_ids().collect()
        };
        match parents[..] {
            [before, merged] if merged == work => self.changed(before, merge).map(Some),
            _ => Ok(None),
        }
    }

    /// The files that differ between `base` and `head`, relative to the root, sorted.
    pub fn changed_paths(&self, base: Oid, head: Oid) -> Result<Vec<PathBuf>, GitError> {
        let store = self.open_store()?;
        let diff = between(&store, base, head).map_err(GitError::git("compare commits", self.place()))?;
        let files = diff.deltas().flat_map(|delta| {
            [delta.old_file().path(), delta.new_file().path()].map(|p| p.map(Path::to_owned))
        });
        let mut paths: Vec<PathBuf> = files.flatten().collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// Whether the tree of `commit` has something at `path` (relative to the root).
    pub fn is_tracked(&self, commit: Oid, path: &Path) -> Result<bool, GitError> {
        let store = self.open_store()?;
        let tree = store.find_commit(commit).and_then(|commit| commit.tree());
        let tree = tree.map_err(GitError::git("read a commit", self.place()))?;
        Ok(tree.get_path(path).is_ok())
    }

    /// What the checkout holds that is not committed, `limit` paths of it at most. Nothing is written, not even the index.
    pub fn uncommitted(&self, limit: usize) -> Result<Uncommitted, GitError> {
        self.require_workdir()?;
        let repository = self.open_here()?;
        let mut paths =
            dirty_paths(&repository, false).map_err(GitError::git("read the status", self.place()))?;
        let more = paths.len().saturating_sub(limit);
        paths.truncate(limit);
        Ok(Uncommitted { paths, more })
    }
}

/// Everything in a checkout that is not as in `HEAD` and not ignored. With `each_file`, new folders are looked into.
pub(in crate::git) fn dirty_paths(
    repository: &Repository,
    each_file: bool,
) -> Result<Vec<PathBuf>, git2::Error> {
    if asks_for_git(repository)? {
        return dirty_by_git(repository, each_file)
            .map_err(|error| git2::Error::from_str(&error.to_string()));
    }
    let mut options = StatusOptions::new();
    options
        .include_untracked(true)
        .recurse_untracked_dirs(each_file)
        .include_ignored(false)
        .no_refresh(false)
        .update_index(false);
    let statuses = repository.statuses(Some(&mut options))?;
    let dirty = statuses.iter().filter(|entry| entry.status() != Status::CURRENT);
    let mut paths: Vec<_> = dirty.map(|entry| crate::git::worktree::path_of(entry.path_bytes())).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn stat(diff: &Diff<'_>, left_out: Option<&Path>) -> Result<DiffStat, git2::Error> {
    let all = diff.stats()?;
    let mut stat =
        DiffStat { files: all.files_changed(), insertions: all.insertions(), deletions: all.deletions() };
    for (at, delta) in diff.deltas().enumerate() {
        if left_out.is_some() && delta.new_file().path() == left_out {
            let lines = Patch::from_diff(diff, at)?.map(|patch| patch.line_stats()).transpose()?;
            let (_, insertions, deletions) = lines.unwrap_or_default();
            stat.files = stat.files.saturating_sub(1);
            stat.insertions = stat.insertions.saturating_sub(insertions);
            stat.deletions = stat.deletions.saturating_sub(deletions);
        }
    }
    Ok(stat)
}

fn between(store: &Repository, base: Oid, head: Oid) -> Result<Diff<'_>, git2::Error> {
    let (base, head) = (store.find_commit(base)?.tree()?, store.find_commit(head)?.tree()?);
    let mut options = DiffOptions::new();
    options.include_typechange(true);
    store.diff_tree_to_tree(Some(&base), Some(&head), Some(&mut options))
}
