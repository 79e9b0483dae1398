//! A merge in memory: two commits in, a tree or the conflicting paths out. Nobody's checkout takes part.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use git2::{Commit, Index, IndexEntry, MergeOptions, Oid, Repository, Tree};

/// What a merge came to.
pub(super) enum Merged {
    /// The merged tree, already stored.
    Tree(Oid),
    /// The paths of either side that conflict, sorted, each once.
    Conflict(Vec<PathBuf>),
}

/// Merges `theirs` into `ours`. `store` must have been opened without a checkout: its index is replaced in memory.
pub(super) fn merge(
    store: &Repository,
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
) -> Result<Merged, git2::Error> {
    take_attributes_from(store, &ours.tree()?)?;
    let mut options = MergeOptions::new();
    options.find_renames(true);
    let mut index = store.merge_commits(ours, theirs, Some(&options))?;
    if index.has_conflicts() {
        return Ok(Merged::Conflict(conflicts(&index)?));
    }
    index.write_tree_to(store).map(Merged::Tree)
}

/// Merge drivers (`merge=union`, `merge=binary`) are to come from the commits, not from what lies in somebody's checkout or index:
/// the same two commits must give the same tree. libgit2 looks for `.gitattributes` in the index of a repository without checkout.
pub(super) fn take_attributes_from(store: &Repository, tree: &Tree<'_>) -> Result<(), git2::Error> {
    let mut index = Index::new()?;
    index.read_tree(tree)?;
    store.set_index(&mut index)
}

/// The paths with conflicts in an index, sorted, each once.
pub(super) fn conflicts(index: &Index) -> Result<Vec<PathBuf>, git2::Error> {
    let mut paths = BTreeSet::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let sides = [conflict.our, conflict.their];
        // A path that only the ancestor has was renamed or deleted on both sides.
        let named = sides.iter().flatten().map(path_of).collect::<Vec<_>>();
        let ancestor = conflict.ancestor.as_ref().filter(|_| named.is_empty()).map(path_of);
        paths.extend(named.into_iter().chain(ancestor));
    }
    Ok(paths.into_iter().collect())
}

fn path_of(entry: &IndexEntry) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(&entry.path))
}
