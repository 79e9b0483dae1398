//! A merge in memory: two commits in, a tree or the conflicting paths out. Nobody's checkout takes part.
//!
//! By git itself (`git merge-tree`) where libgit2 could not do it, or would do it otherwise.

use std::collections::BTreeSet;
use std::path::PathBuf;

use git2::{Commit, Config, Index, IndexEntry, MergeOptions, Oid, Repository, Tree};

use crate::git::Program;
use crate::git::checkout::is_partial;
use crate::git::worktree::path_of as worktree_path;

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
    if Program::is_there() && (store.is_shallow() || asks_for_git(&store.config()?.snapshot()?)) {
        return by_git(store, ours, theirs);
    }
    take_attributes_from(store, &ours.tree()?)?;
    let mut options = MergeOptions::new();
    options.find_renames(true);
    let mut index = store.merge_commits(ours, theirs, Some(&options))?;
    if index.has_conflicts() {
        return Ok(Merged::Conflict(conflicts(&index)?));
    }
    index.write_tree_to(store).map(Merged::Tree)
}

/// Whether objects may have to be fetched, or programs of the user's take part. (In a shallow clone libgit2 finds no merge base.)
fn asks_for_git(config: &Config) -> bool {
    let has_drivers =
        config.entries(Some(r"^merge\..*\.driver$")).is_ok_and(|mut found| found.next().is_some());
    has_drivers || is_partial(config) || config.get_bool("merge.renormalize").unwrap_or_default()
}

fn by_git(store: &Repository, ours: &Commit<'_>, theirs: &Commit<'_>) -> Result<Merged, git2::Error> {
    let sides = [ours, theirs].map(|commit| commit.id().to_string());
    let program = Program::new("merge commits", store.commondir())
        // As below: not from what lies in somebody's checkout.
        .var("GIT_ATTR_SOURCE", ours.tree_id().to_string())
        .args(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"])
        .args(sides);
    let failed = |said: String| git2::Error::from_str(&said);
    let ended = program.end().map_err(|error| failed(error.to_string()))?;
    let mut parts = ended.stdout.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let tree = parts.next().and_then(|id| Oid::from_str(std::str::from_utf8(id).ok()?).ok());
    match (ended.code, tree) {
        (Some(0), Some(tree)) => Ok(Merged::Tree(tree)),
        (Some(1), Some(_)) => {
            let paths: BTreeSet<_> = parts.map(worktree_path).collect();
            Ok(Merged::Conflict(paths.into_iter().collect()))
        }
        _ => Err(failed(ended.said())),
    }
}

/// Merge drivers (`merge=union`, `merge=binary`) are to come from the commits, not from what lies in somebody's checkout or index:
/// the same two commits must give the same tree. libgit2 looks for `.gitattributes` in the index of a repository without checkout.
pub(super) fn take_attributes_from(store: &Repository, tree: &Tree<'_>) -> Result<(), git2::Error> {
    let mut index = Index::new()?;
    index.read_tree(tree)?;
    store.set_index(&mut index)
}

/// The paths with conflicts in an index, sorted, each once.
pub(in crate::git) fn conflicts(index: &Index) -> Result<Vec<PathBuf>, git2::Error> {
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
    worktree_path(&entry.path)
}
