//! A resolved conflict: what became of both sides in it, and its way into the integration branch.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, IndexEntry, Oid, Repository, Tree, TreeEntry};

use super::base::Commit;
use super::conflict::three_way as merged_index;
use super::lines::{LostLine, Side, is_binary, lost_before, lost_lines, markers};
use super::merge::{Merged, stage_of, three_way};
use crate::git::commits::with_trailers;
use crate::git::refs::{contains, target};
use crate::git::worktree::path_of;
use crate::git::{Authorship, Conflict, EpicRefs, GitError, Integrated, MayLose, Repo, Strategy, Work};

/// What is wrong with a resolution, file by file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flaws {
    /// Markers that are left: the path, and the first line of them.
    pub markers: Vec<(PathBuf, usize)>,
    /// Lines that are gone: of files that conflict, those that a side added; of others, any that the merge alone would leave there.
    pub lost: Vec<(PathBuf, LostLine)>,
    /// What became of whole files in which nothing conflicts.
    pub harmed: Vec<(PathBuf, Harm)>,
}

/// What a resolution did to a file that the merge alone would have had right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// It is not there any more.
    Gone,
    /// It is of another kind, or its executable bit is another: the mode of the merge, and the one it has now, as git writes them.
    Mode(u32, u32),
    /// It is no text, and its content is another.
    Rewritten,
}

impl Repo {
    /// What a resolution (a commit of [`Repo::take_resolution`]) of this conflict has left of markers, and lost of either side.
    ///
    /// Looked at are the paths that conflict, and those that the resolution has otherwise than the merge alone would have them.
    pub fn flaws(&self, conflict: &Conflict, resolved: Oid, strategy: Strategy) -> Result<Flaws, GitError> {
        let store = self.open_store()?;
        find_flaws(&store, conflict, resolved, strategy)
            .map_err(GitError::git("compare a resolution", self.common_dir()))
    }

    /// The files of `head` that hold markers of a conflict with the integration branch that was merged (or rebased onto) by hand since
    /// `base`, sorted. Looked at are those that both have changed.
    pub fn markers_left(
        &self,
        refs: &EpicRefs,
        base: Option<Oid>,
        head: Oid,
    ) -> Result<Vec<PathBuf>, GitError> {
        let store = self.open_store()?;
        let tip = target(&store, &refs.integration().full());
        let (Some(base), Some(tip)) = (base, tip) else { return Ok(Vec::new()) };
        find_markers(&store, base, tip, head).map_err(GitError::git("look for markers", self.common_dir()))
    }

    /// Brings work into the integration branch as it was resolved. Where the branch has moved on since, what the resolution changed is
    /// merged on top of that; this may conflict again.
    pub fn integrate_resolved(
        &self,
        refs: &EpicRefs,
        work: &Work<'_>,
        resolved: Oid,
        strategy: Strategy,
    ) -> Result<Integrated, GitError> {
        // What it would lose was looked at when it was taken.
        let work = &Work { may_lose: MayLose::Anything, ..*work };
        self.advance_integration(refs, work, |store, tip| {
            on_tip(store, tip, work, resolved, strategy)
                .map_err(GitError::git("merge a resolution", self.common_dir()))
        })
    }
}

fn find_markers(store: &Repository, base: Oid, tip: Oid, head: Oid) -> Result<Vec<PathBuf>, git2::Error> {
    // What of the integration branch is in there.
    let merged = match store.merge_base(tip, head) {
        Ok(merged) if !contains(store, base, merged) => merged,
        Ok(_) => return Ok(Vec::new()),
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let tree = |commit: Oid| store.find_commit(commit)?.tree();
    let (base, merged, head) = (tree(base)?, tree(merged)?, tree(head)?);
    let theirs = changed_paths(store, &base, &merged)?;
    let both = changed_paths(store, &base, &head)?.into_iter().filter(|path| theirs.contains(path));
    let has_markers = |path: &PathBuf| {
        let [base, merged, head] = [&base, &merged, &head].map(|tree| content_at(store, tree, path));
        !is_binary(&head) && !markers(&base, &merged, &head).is_empty()
    };
    Ok(both.filter(has_markers).collect())
}

pub(super) fn changed_paths(
    store: &Repository,
    from: &Tree<'_>,
    to: &Tree<'_>,
) -> Result<BTreeSet<PathBuf>, git2::Error> {
    let diff = store.diff_tree_to_tree(Some(from), Some(to), None)?;
    Ok(diff.deltas().filter_map(|delta| delta.new_file().path_bytes().map(path_of)).collect())
}

fn on_tip(
    store: &Repository,
    tip: Oid,
    work: &Work<'_>,
    resolved: Oid,
    strategy: Strategy,
) -> Result<Commit, git2::Error> {
    let (tip, resolved, head) =
        (store.find_commit(tip)?, store.find_commit(resolved)?, store.find_commit(work.head)?);
    let before = resolved.parent(0)?;
    let tree = if before.id() == tip.id() {
        resolved.tree()?
    } else {
        match three_way(store, &before, &tip, &resolved)? {
            Merged::Tree(tree) => store.find_tree(tree)?,
            Merged::Conflict(paths) => return Ok(Commit::Conflict(paths)),
        }
    };
    let by = Authorship::own().signature(tip.time().seconds().max(head.time().seconds()))?;
    let said = resolved.message_raw().unwrap_or_default().to_owned();
    let (message, parents) = match strategy {
        Strategy::Merge => (said, vec![&tip, &head]),
        Strategy::Squash | Strategy::Rebase => {
            (with_trailers(&said, &work.message.clone().of_head(work.head)), vec![&tip])
        }
    };
    store.commit(None, &resolved.author(), &by, &message, &tree, &parents).map(Commit::Made)
}

/// The four versions of a file that are compared; empty where there is none.
#[derive(Default)]
struct Versions {
    base: Vec<u8>,
    ours: Vec<u8>,
    theirs: Vec<u8>,
    result: Vec<u8>,
}

fn find_flaws(
    store: &Repository,
    conflict: &Conflict,
    resolved: Oid,
    strategy: Strategy,
) -> Result<Flaws, git2::Error> {
    let merged = merged_index(store, conflict.base, conflict.tip, conflict.head, strategy)?;
    let tree = |commit: Oid| store.find_commit(commit)?.tree();
    let (base, ours, theirs, result) =
        (tree(conflict.base)?, tree(conflict.tip)?, tree(conflict.head)?, tree(resolved)?);
    let mut flaws = Flaws::default();
    let mut seen = BTreeSet::new();
    for found in merged.conflicts()? {
        let found = found?;
        let sides = [&found.our, &found.their, &found.ancestor];
        let names: Vec<_> = sides.into_iter().flatten().map(|entry| path_of(&entry.path)).collect();
        let Some(path) = names.first().cloned() else { continue };
        let result = names.iter().map(|name| content_at(store, &result, name)).find(|text| !text.is_empty());
        let content = |entry: &Option<IndexEntry>| entry.as_ref().map(|entry| content(store, entry.id));
        let versions = Versions {
            base: content(&found.ancestor).unwrap_or_default(),
            ours: content(&found.our).unwrap_or_default(),
            theirs: content(&found.their).unwrap_or_default(),
            result: result.unwrap_or_default(),
        };
        seen.extend(names);
        flaws.add(&path, &versions);
    }
    for entry in merged.iter().filter(|entry| stage_of(entry) == 0) {
        let path = path_of(&entry.path);
        let there = result.get_path(&path).ok();
        flaws.harmed.extend(harm(store, &entry, there.as_ref()).map(|harm| (path.clone(), harm)));
        let is_same = there.as_ref().is_some_and(|there| there.id() == entry.id);
        if !is_same && seen.insert(path.clone()) {
            let [base, ours, theirs] = [&base, &ours, &theirs].map(|tree| content_at(store, tree, &path));
            let result = there.as_ref().map(|there| content(store, there.id()));
            let merged = if result.is_some() { content(store, entry.id) } else { Vec::new() };
            let versions = Versions { base, ours, theirs, result: result.unwrap_or_default() };
            flaws.add(&path, &versions);
            flaws.add_before(&path, &merged, &versions.result);
        }
    }
    Ok(flaws)
}

/// What became of a file as a whole that the merge alone has as `merged`.
fn harm(store: &Repository, merged: &IndexEntry, there: Option<&TreeEntry<'_>>) -> Option<Harm> {
    let Some(there) = there else { return Some(Harm::Gone) };
    let mode = there.filemode().cast_unsigned();
    if mode != merged.mode {
        return Some(Harm::Mode(merged.mode, mode));
    }
    // Of a submodule there is no content here at all.
    let is_text = || store.find_blob(merged.id).is_ok_and(|blob| !is_binary(blob.content()));
    (there.id() != merged.id && !is_text()).then_some(Harm::Rewritten)
}

impl Flaws {
    /// Whether there is nothing to be said.
    pub fn is_empty(&self) -> bool {
        self.markers.is_empty() && self.lost.is_empty() && self.harmed.is_empty()
    }

    /// Lines that were there before either side, of a file in which nothing conflicts.
    fn add_before(&mut self, path: &Path, merged: &[u8], result: &[u8]) {
        if is_binary(merged) || is_binary(result) {
            return;
        }
        let known = self.lost.iter().filter(|(of, _)| of == path).map(|(_, line)| line.clone());
        let lost = lost_before(merged, result, &known.collect::<Vec<_>>());
        self.lost.extend(lost.into_iter().map(|line| (path.to_owned(), line)));
    }

    fn add(&mut self, path: &Path, versions: &Versions) {
        let Versions { base, ours, theirs, result } = versions;
        if [ours, theirs, result].into_iter().any(|content| is_binary(content)) {
            self.add_binary(path, versions);
            return;
        }
        self.markers.extend(markers(ours, theirs, result).first().map(|line| (path.to_owned(), *line)));
        let lost = lost_lines(base, ours, theirs, result);
        self.lost.extend(lost.into_iter().map(|line| (path.to_owned(), line)));
    }

    /// Of what is no text nobody can tell what became of it: a side that changed it and is not what is there counts as lost.
    fn add_binary(&mut self, path: &Path, versions: &Versions) {
        let Versions { base, ours, theirs, result } = versions;
        for (side, content) in [(Side::Integration, ours), (Side::Task, theirs)] {
            if content != base && content != result && !content.is_empty() {
                let text = "(no text: its whole content)".to_owned();
                self.lost.push((path.to_owned(), LostLine { side, text }));
            }
        }
    }
}

pub(super) fn content(store: &Repository, blob: Oid) -> Vec<u8> {
    store.find_blob(blob).map(|blob| blob.content().to_owned()).unwrap_or_default()
}

pub(super) fn content_at(store: &Repository, tree: &Tree<'_>, path: &Path) -> Vec<u8> {
    tree.get_path(path).map(|entry| content(store, entry.id())).unwrap_or_default()
}
