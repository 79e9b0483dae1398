//! What work would take away of others' that somebody has brought into it: by a merge of their own, a rebase, or in whatever way it got there.
//!
//! A merge that is made here loses nothing: what others have done since the work was begun is on the other side, or conflicts. Only where the
//! work holds it already, and leaves some of it out, the branch would lose it without a word.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use git2::{Oid, Repository, Tree};

use super::conflict::tasks_that_changed;
use super::lines::{Side, is_binary, lost_lines};
use super::resolve::{Harm, changed_paths, content, content_at};
use crate::git::refs::{contains, target};
use crate::git::{EpicRefs, GitError, Repo};

/// What of others' work would not be in a file any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The file.
    pub path: PathBuf,
    /// The tasks that have changed it on the integration branch since the work was begun, the last one first.
    pub of: Vec<String>,
    /// What became of the file as a whole, if that is it.
    pub harm: Option<Harm>,
    /// Lines that others have added and that are gone, without the blanks around them.
    pub lines: Vec<String>,
}

/// What work may take away of others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayLose<'a> {
    /// Whatever it does: it was looked at before, or is everybody's.
    Anything,
    /// What is in these files.
    In(&'a [PathBuf]),
}

/// Work that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked<'a> {
    /// What it was begun on.
    pub(super) since: Oid,
    pub(super) head: Oid,
    pub(super) may_lose: MayLose<'a>,
}

impl Repo {
    /// What the integration branch at `tip` would lose by becoming `result`, a commit that has taken in `head`, which was begun on `since`.
    pub fn losses(
        &self,
        refs: &EpicRefs,
        (since, head): (Oid, Oid),
        tip: Oid,
        result: Oid,
    ) -> Result<Vec<Loss>, GitError> {
        let store = self.open_store()?;
        let looked = Looked { since, head, may_lose: MayLose::In(&[]) };
        self.losses_of(&store, refs, looked, tip, result)
    }

    /// The same, without what it may lose.
    pub(super) fn losses_of(
        &self,
        store: &Repository,
        refs: &EpicRefs,
        looked: Looked<'_>,
        tip: Oid,
        result: Oid,
    ) -> Result<Vec<Loss>, GitError> {
        let MayLose::In(named) = looked.may_lose else { return Ok(Vec::new()) };
        let found = || -> Result<Vec<Loss>, git2::Error> {
            let Some(own) = own_side(store, looked, tip) else { return Ok(Vec::new()) };
            let mut losses = find_losses(store, [looked.since, tip, own, result])?;
            losses.retain(|loss| !named.contains(&loss.path));
            let start = target(store, &refs.start());
            for loss in &mut losses {
                loss.of = tasks_that_changed(store, start, tip, looked.since, from_ref(&loss.path))?;
            }
            // What is nobody's task's, such as the plan's own file, is no work that gets lost.
            losses.retain(|loss| !loss.of.is_empty());
            Ok(losses)
        };
        found().map_err(GitError::git("compare work with others'", self.common_dir()))
    }
}

/// The work as it was before what others have done since it was begun got into it the last time; nothing, if nothing of that is in it.
fn own_side(store: &Repository, looked: Looked<'_>, tip: Oid) -> Option<Oid> {
    let Looked { since, head, .. } = looked;
    let is_known = |commit: Oid| contains(store, since, commit);
    let (mut seen, mut open) = (HashSet::from([head]), VecDeque::from([head]));
    while let Some(id) = open.pop_front() {
        // Beyond the end of a shallow clone there is nothing to find.
        let Ok(commit) = store.find_commit(id) else { continue };
        let new = commit.parent_ids().filter(|parent| !is_known(*parent));
        let (others, own): (Vec<_>, Vec<_>) = new.partition(|parent| contains(store, tip, *parent));
        if !others.is_empty() {
            let mine = own.first().copied();
            return Some(
                mine.or_else(|| commit.parent_ids().find(|parent| is_known(*parent))).unwrap_or(since),
            );
        }
        open.extend(own.into_iter().filter(|parent| seen.insert(*parent)));
    }
    None
}

/// What the work was begun on, the integration branch, the work without what came from there, and what is to become of both.
struct Trees<'s> {
    store: &'s Repository,
    base: Tree<'s>,
    others: Tree<'s>,
    own: Tree<'s>,
    result: Tree<'s>,
}

fn find_losses(store: &Repository, commits: [Oid; 4]) -> Result<Vec<Loss>, git2::Error> {
    let tree = |commit: Oid| store.find_commit(commit)?.tree();
    let [base, others, own, result] = commits;
    let trees =
        Trees { store, base: tree(base)?, others: tree(others)?, own: tree(own)?, result: tree(result)? };
    let moved = trees.new_text()?;
    let changed = changed_paths(store, &trees.base, &trees.others)?;
    Ok(changed.into_iter().filter_map(|path| trees.loss(&path, &moved)).collect())
}

impl Trees<'_> {
    /// All text in files that the integration branch has not: what is gone from others may have moved there.
    fn new_text(&self) -> Result<Vec<u8>, git2::Error> {
        let changed = changed_paths(self.store, &self.others, &self.result)?;
        let new = changed.iter().filter(|path| self.others.get_path(path).is_err());
        let texts = new.map(|path| content_at(self.store, &self.result, path));
        Ok(texts.filter(|text| !is_binary(text)).collect::<Vec<_>>().join(&b'\n'))
    }

    /// What became of a file that others have changed.
    fn loss(&self, path: &Path, moved: &[u8]) -> Option<Loss> {
        // Who deletes a file adds nothing that could get lost.
        let theirs = self.others.get_path(path).ok()?;
        let found = self.result.get_path(path).ok();
        let [base, own] = [&self.base, &self.own].map(|tree| content_at(self.store, tree, path));
        let ours = content(self.store, theirs.id());
        let loss = |harm, lines| Some(Loss { path: path.to_owned(), of: Vec::new(), harm, lines });
        if let Some(found) = &found {
            if let Some(harm) = self.mode_lost(path, theirs.filemode(), found.filemode()) {
                return loss(Some(harm), Vec::new());
            }
            if found.id() == theirs.id() {
                return None;
            }
        }
        let result = found.as_ref().map(|found| content(self.store, found.id())).unwrap_or_default();
        let is_text =
            self.store.find_blob(theirs.id()).is_ok() && ![&ours, &result].iter().any(|text| is_binary(text));
        if !is_text {
            return loss(Some(if found.is_some() { Harm::Rewritten } else { Harm::Gone }), Vec::new());
        }
        let remains = [&*result, moved].join(&b'\n');
        let lines: Vec<_> = lost_lines(&base, &ours, &own, &remains)
            .into_iter()
            .filter(|line| line.side == Side::Integration)
            .map(|line| line.text)
            .collect();
        let is_gone = found.is_none() && self.is_gone(path, &ours, &lines);
        (is_gone || !lines.is_empty()).then(|| loss(is_gone.then_some(Harm::Gone), lines)).flatten()
    }

    /// Whether a file that is not there any more is a loss as a whole: others have made it, and its text is nowhere else.
    fn is_gone(&self, path: &Path, ours: &[u8], lines: &[String]) -> bool {
        let is_new = self.base.get_path(path).is_err();
        is_new && (!lines.is_empty() || ours.trim_ascii().is_empty())
    }

    /// Others have made it another kind of file, or executable, and it is that no more.
    fn mode_lost(&self, path: &Path, theirs: i32, now: i32) -> Option<Harm> {
        let before = self.base.get_path(path).ok()?.filemode();
        (before != theirs && theirs != now).then(|| Harm::Mode(theirs.cast_unsigned(), now.cast_unsigned()))
    }
}
