//! Work that has landed in another shape: squashed or rebased by somebody else, such as a forge. No commit names it, so that what it
//! changed is looked for.

use git2::{Delta, Diff, DiffDelta, DiffLineType, DiffOptions, Oid, Patch, Repository};
use sha2::{Digest, Sha256};

use super::landed::own_steps;
use crate::git::commits::is_an_agents;
use crate::git::merging::{Merged, merge};
use crate::git::worktree::path_of;

/// A branch, and what each of its own steps changed.
pub(super) struct Shapes<'s> {
    store: &'s Repository,
    tip: Oid,
    start: Option<Oid>,
    /// Made when it is asked for first.
    steps: Option<Vec<[u8; 32]>>,
}

impl<'s> Shapes<'s> {
    pub(super) fn of(store: &'s Repository, tip: Oid, start: Option<Oid>) -> Self {
        Self { store, tip, start, steps: None }
    }

    /// Whether the branch has all that `work` changed since they parted: it would change nothing there any more, or one of the branch's own
    /// steps is the same change. What changes nothing at all is not known by that.
    pub(super) fn have(&mut self, work: Oid) -> Result<bool, git2::Error> {
        let Ok(base) = self.store.merge_base(self.tip, work) else { return Ok(false) };
        if base == self.tip {
            return Ok(false);
        }
        let change = between(self.store, base, work)?;
        let touched = self.touched(&change)?;
        if touched == 0 {
            return Ok(false);
        }
        if touched == change.deltas().len() && self.would_stay(work)? {
            return Ok(true);
        }
        let shape = shape(self.store, &change)?;
        Ok(self.steps()?.contains(&shape))
    }

    /// How many of the changed files are not as they were before the work: where one still is, the work is not all there, and nothing has to
    /// be merged to find that out.
    fn touched(&self, change: &Diff<'_>) -> Result<usize, git2::Error> {
        let tip = self.store.find_commit(self.tip)?.tree()?;
        let is_touched = |delta: &DiffDelta<'_>| {
            let path = delta.new_file().path_bytes().map(path_of).unwrap_or_default();
            let there = tip.get_path(&path).map_or(Oid::ZERO_SHA1, |entry| entry.id());
            there != delta.old_file().id()
        };
        Ok(change.deltas().filter(is_touched).count())
    }

    fn would_stay(&self, work: Oid) -> Result<bool, git2::Error> {
        let (tip, work) = (self.store.find_commit(self.tip)?, self.store.find_commit(work)?);
        Ok(matches!(merge(self.store, &tip, &work)?, Merged::Tree(tree) if tree == tip.tree_id()))
    }

    /// Agents' own commits do not count: they may look as they like.
    fn steps(&mut self) -> Result<&[[u8; 32]], git2::Error> {
        if self.steps.is_none() {
            let mut shapes = Vec::new();
            for step in own_steps(self.store, self.tip, self.start.as_slice())? {
                let commit = self.store.find_commit(step)?;
                if commit.parent_count() == 1 && !is_an_agents(&commit) {
                    shapes.push(shape(self.store, &between(self.store, commit.parent_id(0)?, step)?)?);
                }
            }
            self.steps = Some(shapes);
        }
        Ok(self.steps.as_deref().unwrap_or_default())
    }
}

fn between(store: &Repository, before: Oid, after: Oid) -> Result<Diff<'_>, git2::Error> {
    let (before, after) = (store.find_commit(before)?.tree()?, store.find_commit(after)?.tree()?);
    store.diff_tree_to_tree(Some(&before), Some(&after), Some(&mut DiffOptions::new()))
}

/// What a change does, wherever in its files: their lines, or their ids where they are no text.
fn shape(store: &Repository, change: &Diff<'_>) -> Result<[u8; 32], git2::Error> {
    let mut hash = Sha256::new();
    for (number, delta) in change.deltas().enumerate() {
        let [old, new] = [delta.old_file(), delta.new_file()];
        let modes = format!("{:?} {:?} ", old.mode(), new.mode());
        for part in [modes.as_bytes(), new.path_bytes().unwrap_or_default(), b"\0"] {
            hash.update(part);
        }
        let patch = Patch::from_diff(change, number)?;
        let text = patch.filter(|_| is_text(store, &delta));
        match text {
            Some(patch) => add_lines(&mut hash, &patch)?,
            None => hash.update(format!("{} {}", old.id(), new.id())),
        }
    }
    Ok(hash.finalize().into())
}

fn is_text(store: &Repository, delta: &DiffDelta<'_>) -> bool {
    let is_text = |id: Oid| id.is_zero() || store.find_blob(id).is_ok_and(|blob| !blob.is_binary());
    delta.status() != Delta::Typechange && is_text(delta.old_file().id()) && is_text(delta.new_file().id())
}

fn add_lines(hash: &mut Sha256, patch: &Patch<'_>) -> Result<(), git2::Error> {
    for hunk in 0..patch.num_hunks() {
        for line in 0..patch.num_lines_in_hunk(hunk)? {
            let line = patch.line_in_hunk(hunk, line)?;
            let sign: &[u8] = match line.origin_value() {
                DiffLineType::Addition => b"+",
                DiffLineType::Deletion => b"-",
                _ => continue,
            };
            hash.update(sign);
            hash.update(line.content());
        }
    }
    Ok(())
}
