//! A merge in memory: two commits in, a tree or the conflicting paths out. Nobody's checkout takes part.
//!
//! By git itself (`git merge-tree`) where libgit2 could not do it, or would do it otherwise.

use std::collections::BTreeSet;
use std::path::PathBuf;

use git2::{Commit, Index, IndexEntry, IndexTime, MergeOptions, Oid, Repository, Tree};

use crate::git::Program;
use crate::git::checkout::is_partial;
use crate::git::worktree::path_of as worktree_path;

/// Where in an entry's flags its stage is.
const STAGE_SHIFT: u16 = 12;

/// What a merge came to.
pub(in crate::git) enum Merged {
    /// The merged tree, already stored.
    Tree(Oid),
    /// The paths of either side that conflict, sorted, each once.
    Conflict(Vec<PathBuf>),
}

/// Merges `theirs` into `ours`. `store` must have been opened without a checkout: its index is replaced in memory.
pub(in crate::git) fn merge(
    store: &Repository,
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
) -> Result<Merged, git2::Error> {
    settled(store, merged_index(store, None, ours, theirs)?)
}

/// What changed from `before` to `after`, changed in `on`; `store` as for [`merge`].
pub(super) fn three_way(
    store: &Repository,
    before: &Commit<'_>,
    on: &Commit<'_>,
    after: &Commit<'_>,
) -> Result<Merged, git2::Error> {
    settled(store, merged_index(store, Some(before), on, after)?)
}

fn settled(store: &Repository, mut index: Index) -> Result<Merged, git2::Error> {
    if index.has_conflicts() {
        return Ok(Merged::Conflict(conflicts(&index)?));
    }
    index.write_tree_to(store).map(Merged::Tree)
}

/// The merge as an index, conflicts and all, from what both have in common or from `base`; `store` as for [`merge`].
pub(super) fn merged_index(
    store: &Repository,
    base: Option<&Commit<'_>>,
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
) -> Result<Index, git2::Error> {
    if asks_for_git(store)? {
        return by_git(store, base, ours, theirs);
    }
    take_attributes_from(store, &ours.tree()?)?;
    let mut options = MergeOptions::new();
    options.find_renames(true);
    match base {
        None => store.merge_commits(ours, theirs, Some(&options)),
        Some(base) => store.merge_trees(&base.tree()?, &ours.tree()?, &theirs.tree()?, Some(&options)),
    }
}

/// Whether objects may have to be fetched, or programs of the user's take part. (In a shallow clone libgit2 finds no merge base.)
pub(super) fn asks_for_git(store: &Repository) -> Result<bool, git2::Error> {
    let config = store.config()?.snapshot()?;
    let has_drivers =
        config.entries(Some(r"^merge\..*\.driver$")).is_ok_and(|mut found| found.next().is_some());
    let renormalizes = config.get_bool("merge.renormalize").unwrap_or_default();
    let asks = has_drivers || renormalizes || store.is_shallow() || is_partial(&config);
    Ok(asks && Program::is_there())
}

fn by_git(
    store: &Repository,
    base: Option<&Commit<'_>>,
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
) -> Result<Index, git2::Error> {
    let program = Program::new("merge commits", store.commondir())
        // As below: not from what lies in somebody's checkout.
        .var("GIT_ATTR_SOURCE", ours.tree_id().to_string())
        .args(["merge-tree", "--write-tree", "-z", "--no-messages"])
        .args(base.map(|base| format!("--merge-base={}", base.id())))
        .args([ours, theirs].map(|commit| commit.id().to_string()));
    let failed = |said: String| git2::Error::from_str(&said);
    let ended = program.end().map_err(|error| failed(error.to_string()))?;
    let mut parts = ended.stdout.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let tree = parts.next().and_then(|id| Oid::from_str(std::str::from_utf8(id).ok()?).ok());
    let (Some(0 | 1), Some(tree)) = (ended.code, tree) else { return Err(failed(ended.said())) };
    let open: Vec<_> = parts.filter_map(unmerged).collect();
    if ended.code == Some(1) && open.is_empty() {
        return Err(failed("git finds a conflict that is in no single file".to_owned()));
    }
    let mut index = Index::new()?;
    index.read_tree(&store.find_tree(tree)?)?;
    for entry in &open {
        index.remove_path(&path_of(entry))?;
    }
    open.iter().try_for_each(|entry| index.add(entry))?;
    Ok(index)
}

/// A side of a conflict as `merge-tree` lists it: `mode id stage TAB path`.
fn unmerged(line: &[u8]) -> Option<IndexEntry> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (words, path) = line.split_at(tab);
    let mut words = std::str::from_utf8(words).ok()?.split(' ');
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let id = Oid::from_str(words.next()?).ok()?;
    let stage: u16 = words.next()?.parse().ok()?;
    let none = IndexTime::new(0, 0);
    Some(IndexEntry {
        ctime: none,
        mtime: none,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: stage << STAGE_SHIFT,
        flags_extended: 0,
        path: path.get(1..)?.to_owned(),
    })
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

/// 0, or which side of a conflict it is.
pub(super) fn stage_of(entry: &IndexEntry) -> u16 {
    (entry.flags >> STAGE_SHIFT) & 3
}

fn path_of(entry: &IndexEntry) -> PathBuf {
    worktree_path(&entry.path)
}
