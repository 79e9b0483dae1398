//! Bringing a finished task's work into the integration branch.

use std::path::PathBuf;

use git2::{Oid, Repository};

use super::base::Commit;
use super::losses::{Looked, Loss, MayLose};
use crate::git::commits::is_from;
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::{EpicRefs, GitError, Message, Repo};

/// How often a merge is made anew because others were faster. Each lost turn is a merge of somebody else's.
const TURNS: u32 = 1_000;

/// In which shape work gets into the integration branch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// A merge commit for each task: one first-parent step, its commits behind it.
    #[default]
    Merge,
    /// One commit for each task, with all that it changed.
    Squash,
    /// The task's own commits, made again on the tip of the branch. Where one of them would conflict though their sum does not, they
    /// become one.
    Rebase,
}

/// The work of a finished task.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The last commit of it.
    pub head: Oid,
    /// What it was begun on. Squash and rebase take what came after; where it is not known, all that the branch has not.
    pub base: Option<Oid>,
    /// What the commit says that brings it in; the trailers go to each commit.
    pub message: &'a Message,
    /// What it may take away of what others have done since it was begun. Where it is not known what it was begun on, nobody can tell.
    pub may_lose: MayLose<'a>,
}

/// How bringing work into the integration branch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrated {
    /// It is merged.
    Merged {
        /// The merge commit, or the last one that holds the work.
        commit: Oid,
        /// A checkout that has the integration branch and now lags behind it: it was not touched, which its owner should be told.
        checked_out: Option<PathBuf>,
    },
    /// The branch contained it already.
    AlreadyIn,
    /// The paths that conflict, relative to the repository's root, sorted. Nothing was moved.
    Conflict(Vec<PathBuf>),
    /// It holds what others have done, and would take away some of it, file by file. Nothing was moved.
    Losing(Vec<Loss>),
}

impl Repo {
    /// Brings a task's work into the epic's integration branch, in memory, by compare-and-swap of the branch; the branch is made at the
    /// start commit if it is not there. Doing it again changes nothing, whatever the strategy was the first time.
    pub fn integrate(
        &self,
        refs: &EpicRefs,
        work: &Work<'_>,
        strategy: Strategy,
    ) -> Result<Integrated, GitError> {
        self.advance_integration(refs, work, |store, tip| match strategy {
            Strategy::Merge => self.merge_commit(store, tip, work.head, work.message),
            Strategy::Squash | Strategy::Rebase => self.transplanted(store, tip, work, strategy),
        })
    }

    /// Makes a commit on the tip of the integration branch, and moves the branch there; made anew where somebody else was faster.
    pub(super) fn advance_integration(
        &self,
        refs: &EpicRefs,
        work: &Work<'_>,
        make: impl Fn(&Repository, Oid) -> Result<Commit, GitError>,
    ) -> Result<Integrated, GitError> {
        let store = self.open_store()?;
        let (branch, head) = (refs.integration(), work.head);
        for _ in 0..TURNS {
            let tip = integration_tip(&store, refs)?;
            if contains(&store, tip, head) || step_of(&store, refs, tip, head).is_some() {
                return Ok(Integrated::AlreadyIn);
            }
            let commit = match make(&store, tip)? {
                Commit::Made(commit) => commit,
                Commit::Conflict(paths) => return Ok(Integrated::Conflict(paths)),
            };
            let losses = self.losses_by(&store, refs, work, tip, commit)?;
            if !losses.is_empty() {
                return Ok(Integrated::Losing(losses));
            }
            if swap(&store, &branch.full(), Some(tip), commit, "blueprint: merge")? == Swapped::Done {
                let checked_out = self.checked_out_at(&branch)?;
                return Ok(Integrated::Merged { commit, checked_out });
            }
        }
        Err(GitError::RefMoved { name: branch.full() })
    }

    fn losses_by(
        &self,
        store: &Repository,
        refs: &EpicRefs,
        work: &Work<'_>,
        tip: Oid,
        made: Oid,
    ) -> Result<Vec<Loss>, GitError> {
        let Some(since) = work.base else { return Ok(Vec::new()) };
        let looked = Looked { since, head: work.head, may_lose: work.may_lose };
        self.losses_of(store, refs, looked, tip, made)
    }

    /// The commit of the epic's integration branch that brought `head` in, if one did: its merge, or the last one made of it.
    pub fn merge_of(&self, refs: &EpicRefs, head: Oid) -> Result<Option<Oid>, GitError> {
        let store = self.open_store()?;
        let tip = target(&store, &refs.integration().full());
        Ok(tip.and_then(|tip| step_of(&store, refs, tip, head)))
    }

    /// The first commit of the epic's integration branch that has all of these; nothing, if it lacks one.
    pub fn first_with(&self, refs: &EpicRefs, heads: &[Oid]) -> Result<Option<Oid>, GitError> {
        let store = self.open_store()?;
        let Some(tip) = target(&store, &refs.integration().full()) else { return Ok(None) };
        let start = target(&store, &refs.start());
        let mut open: Vec<_> = heads.iter().filter(|head| start != Some(**head)).copied().collect();
        let mut first = None;
        let mut next = Some(tip);
        while let Some(commit) =
            next.filter(|id| Some(*id) != start).and_then(|id| store.find_commit(id).ok())
        {
            let before = commit.parent_ids().next();
            let came = |head: &Oid| {
                let is_in = |at: Oid| contains(&store, at, *head);
                is_from(&commit, *head) || (is_in(commit.id()) && !before.is_some_and(is_in))
            };
            let count = open.len();
            open.retain(|head| !came(head));
            if open.len() < count {
                first.get_or_insert(commit.id());
            }
            next = before;
        }
        Ok(first.filter(|_| open.is_empty()))
    }
}

fn step_of(store: &Repository, refs: &EpicRefs, tip: Oid, head: Oid) -> Option<Oid> {
    let start = target(store, &refs.start());
    let mut next = Some(tip);
    while let Some(commit) = next.filter(|id| Some(*id) != start).and_then(|id| store.find_commit(id).ok()) {
        if commit.parent_ids().skip(1).any(|parent| parent == head) || is_from(&commit, head) {
            return Some(commit.id());
        }
        next = commit.parent_ids().next();
    }
    None
}

/// Where the integration branch is; made at the start commit if it is not there.
pub(super) fn integration_tip(store: &Repository, refs: &EpicRefs) -> Result<Oid, GitError> {
    let branch = refs.integration();
    if let Some(tip) = target(store, &branch.full()) {
        return Ok(tip);
    }
    let name = refs.start();
    let start = target(store, &name).ok_or(GitError::NoStart { name })?;
    match swap(store, &branch.full(), None, start, "blueprint: start of the plan")? {
        Swapped::Done => Ok(start),
        Swapped::Holds(tip) => Ok(tip),
    }
}
