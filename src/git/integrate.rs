//! Merging a finished task into the integration branch.

use std::path::PathBuf;

use git2::{Oid, Repository};

use super::base::Commit;
use super::update::{Swapped, contains, swap, target};
use super::{EpicRefs, GitError, Message, Repo};

/// How often a merge is made anew because others were faster. Each lost turn is a merge of somebody else's.
const TURNS: u32 = 1_000;

/// How a merge into the integration branch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrated {
    /// It is merged.
    Merged {
        /// The merge commit.
        commit: Oid,
        /// A checkout that has the integration branch and now lags behind it: it was not touched, which its owner should be told.
        checked_out: Option<PathBuf>,
    },
    /// The branch contained it already.
    AlreadyIn,
    /// The paths that conflict, relative to the repository's root, sorted. Nothing was moved.
    Conflict(Vec<PathBuf>),
}

impl Repo {
    /// Merges `head` into the epic's integration branch, in memory, by compare-and-swap of the branch; the branch is made at the start
    /// commit if it is not there. Always a merge commit, so that each task's work is one first-parent step. Doing it again changes
    /// nothing.
    pub fn integrate(&self, refs: &EpicRefs, head: Oid, message: &Message) -> Result<Integrated, GitError> {
        let store = self.open_store()?;
        let branch = refs.integration();
        for _ in 0..TURNS {
            let tip = integration_tip(&store, refs)?;
            if contains(&store, tip, head) {
                return Ok(Integrated::AlreadyIn);
            }
            let commit = match self.merge_commit(&store, tip, head, message)? {
                Commit::Made(commit) => commit,
                Commit::Conflict(paths) => return Ok(Integrated::Conflict(paths)),
            };
            if swap(&store, &branch.full(), Some(tip), commit, "blueprint: merge")? == Swapped::Done {
                let checked_out = self.checked_out_at(&branch)?;
                return Ok(Integrated::Merged { commit, checked_out });
            }
        }
        Err(GitError::RefMoved { name: branch.full() })
    }
}

impl Repo {
    /// The commit of the epic's integration branch that merged `head`, if one did.
    pub fn merge_of(&self, refs: &EpicRefs, head: Oid) -> Result<Option<Oid>, GitError> {
        let store = self.open_store()?;
        let mut next = target(&store, &refs.integration().full());
        while let Some(commit) = next.and_then(|id| store.find_commit(id).ok()) {
            if commit.parent_ids().skip(1).any(|parent| parent == head) {
                return Ok(Some(commit.id()));
            }
            next = commit.parent_ids().next();
        }
        Ok(None)
    }
}

/// Where the integration branch is; made at the start commit if it is not there.
fn integration_tip(store: &Repository, refs: &EpicRefs) -> Result<Oid, GitError> {
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
