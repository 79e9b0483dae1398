//! Steps of the integration branch made again on other ground: merges, what people committed there, and resolutions of conflicts.

use std::path::{Path, PathBuf};

use git2::{
    Commit, Index, IndexConflict, IndexEntry, MergeFileInput, MergeOptions, Oid, Repository, Tree, merge_file,
};

use super::conflict::three_way;
use super::lines::markers;
use super::merge::{Merged, conflicts, stage_of, take_attributes_from};
use super::resolve::content;
use super::unmerge::merged_task;
use crate::git::Strategy;
use crate::git::refs::contains;
use crate::git::worktree::path_of;

/// The bits of an index entry's flags that say which side of a conflict it is.
const STAGE: u16 = 0x3000;

/// The same step on another ground; the paths in which that can't be.
pub(super) fn made_again<'s>(
    store: &'s Repository,
    new: &Commit<'s>,
    step: &Commit<'s>,
) -> Result<Result<Commit<'s>, Vec<PathBuf>>, git2::Error> {
    if step.parent_id(0)? == new.id() {
        return Ok(Ok(step.clone()));
    }
    let tree = if merged_task(step).is_some() && step.parent_count() == 2 {
        if contains(store, new.id(), step.parent_id(1)?) {
            return Ok(Ok(new.clone()));
        }
        merged_again(store, new, step)?
    } else {
        changed_alike(store, new, step)?
    };
    let tree = match tree {
        Merged::Tree(tree) => store.find_tree(tree)?,
        Merged::Conflict(paths) => return Ok(Err(paths)),
    };
    let others: Vec<_> = step.parents().skip(1).collect();
    let parents: Vec<_> = std::iter::once(new).chain(&others).collect();
    let message = step.message_raw().unwrap_or_default();
    let made = store.commit(None, &step.author(), &step.committer(), message, &tree, &parents)?;
    store.find_commit(made).map(Ok)
}

/// The work merged again. Where its merge had conflicts, somebody has resolved them: what comes again is resolved alike.
fn merged_again(store: &Repository, new: &Commit<'_>, step: &Commit<'_>) -> Result<Merged, git2::Error> {
    let (ground, head) = (step.parent_id(0)?, step.parent_id(1)?);
    let merged = |on: Oid| three_way(store, store.merge_base(on, head)?, on, head, Strategy::Merge);
    let (before, mut now) = (merged(ground)?, merged(new.id())?);
    if before.has_conflicts() {
        Resolved { store, before, result: step.tree()? }.carry_over(&mut now)?;
    }
    if now.has_conflicts() {
        return Ok(Merged::Conflict(conflicts(&now)?));
    }
    now.write_tree_to(store).map(Merged::Tree)
}

/// A merge with conflicts, and what somebody made of it.
struct Resolved<'s> {
    store: &'s Repository,
    before: Index,
    result: Tree<'s>,
}

impl Resolved<'_> {
    fn carry_over(&self, now: &mut Index) -> Result<(), git2::Error> {
        let open: Vec<_> = now.conflicts()?.collect::<Result<_, _>>()?;
        for conflict in &open {
            let Some(model) = named(conflict) else { continue };
            let path = path_of(&model.path);
            let Ok(known) = self.before.conflict_get(&path) else { continue };
            if ids(&known) == ids(conflict) {
                settle(now, &path, self.result_at(&path, model))?;
            } else if let Some(text) = self.alike(&known, conflict, &path) {
                let id = self.store.blob(&text)?;
                settle(now, &path, Some(IndexEntry { id, ..plain(model) }))?;
            }
        }
        self.carry_over_more(now)
    }

    /// What was changed beside the conflicts, to make the whole work.
    fn carry_over_more(&self, now: &mut Index) -> Result<(), git2::Error> {
        for entry in self.before.iter().filter(|entry| stage_of(entry) == 0) {
            let path = path_of(&entry.path);
            let there = self.result_at(&path, &entry);
            let is_changed = there.as_ref().map(|there| there.id) != Some(entry.id);
            let is_as_before = now.get_path(&path, 0).is_some_and(|merged| merged.id == entry.id);
            if is_changed && is_as_before {
                settle(now, &path, there)?;
            }
        }
        Ok(())
    }

    /// What became of the conflict, done to the one that is there now: the texts with their markers are merged, so that only one that is the
    /// very same is resolved.
    fn alike(&self, known: &IndexConflict, conflict: &IndexConflict, path: &Path) -> Option<Vec<u8>> {
        let (before, now) = (self.marked(known)?, self.marked(conflict)?);
        let result = content(self.store, self.result.get_path(path).ok()?.id());
        let [before, mine, theirs] = [&before, &now, &result].map(|text| {
            let mut input = MergeFileInput::new();
            input.content(text);
            input
        });
        let merged = merge_file(&before, &mine, &theirs, None).ok()?;
        let is_whole = merged.is_automergeable() && markers(b"", b"", merged.content()).is_empty();
        is_whole.then(|| merged.content().to_owned())
    }

    /// The file with its markers; nothing, where a side has none.
    fn marked(&self, conflict: &IndexConflict) -> Option<Vec<u8>> {
        let text = |entry: &Option<IndexEntry>| entry.as_ref().map(|entry| content(self.store, entry.id));
        let (base, ours, theirs) =
            (text(&conflict.ancestor).unwrap_or_default(), text(&conflict.our)?, text(&conflict.their)?);
        let [base, ours, theirs] = [&base, &ours, &theirs].map(|text| {
            let mut input = MergeFileInput::new();
            input.content(text);
            input
        });
        merge_file(&base, &ours, &theirs, None).ok().map(|merged| merged.content().to_owned())
    }

    fn result_at(&self, path: &Path, model: &IndexEntry) -> Option<IndexEntry> {
        let found = self.result.get_path(path).ok()?;
        let mode = u32::try_from(found.filemode()).ok()?;
        Some(IndexEntry { id: found.id(), mode, ..plain(model) })
    }
}

fn named(conflict: &IndexConflict) -> Option<&IndexEntry> {
    conflict.our.as_ref().or(conflict.their.as_ref()).or(conflict.ancestor.as_ref())
}

fn ids(conflict: &IndexConflict) -> [Option<Oid>; 3] {
    [&conflict.ancestor, &conflict.our, &conflict.their].map(|side| side.as_ref().map(|entry| entry.id))
}

/// The entry as that of a path without a conflict.
fn plain(entry: &IndexEntry) -> IndexEntry {
    let copy = IndexEntry { path: entry.path.clone(), ..*entry };
    IndexEntry { flags: copy.flags & !STAGE, ..copy }
}

fn settle(index: &mut Index, path: &Path, entry: Option<IndexEntry>) -> Result<(), git2::Error> {
    if index.conflict_get(path).is_ok() {
        index.conflict_remove(path)?;
    }
    match entry {
        Some(entry) => index.add(&entry),
        None if index.get_path(path, 0).is_some() => index.remove(path, 0),
        None => Ok(()),
    }
}

/// What a commit has changed, changed in another tree.
fn changed_alike(store: &Repository, new: &Commit<'_>, step: &Commit<'_>) -> Result<Merged, git2::Error> {
    take_attributes_from(store, &new.tree()?)?;
    let mut options = MergeOptions::new();
    options.find_renames(true);
    let mainline = u32::from(step.parent_count() > 1);
    let mut index = store.cherrypick_commit(step, new, mainline, Some(&options))?;
    if index.has_conflicts() {
        return Ok(Merged::Conflict(conflicts(&index)?));
    }
    index.write_tree_to(store).map(Merged::Tree)
}
