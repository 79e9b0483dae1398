//! Moving a plan to a newer start: the integration branch gets it merged, and tasks that have not begun are built on it.

use std::path::PathBuf;

use git2::{Oid, Repository};

use super::base::Commit;
use crate::git::landing::with_squashed;
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::{EpicRefs, GitError, Message, Repo};

/// What moving the start came to, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// The plan starts there, or later, already.
    Nothing,
    /// It starts elsewhere now.
    Done {
        /// Where it started.
        from: Oid,
    },
    /// The commit does not contain the present start: what has been done would not fit to it.
    NotNewer {
        /// Where it starts.
        start: Oid,
    },
    /// The work that is done conflicts with the new start, in these files, sorted. Nothing was moved.
    Conflict(Vec<PathBuf>),
}

impl Repo {
    /// Merges `to` into the epic's integration branch, if there is one, and makes it the start. In this order, so that whoever is killed
    /// between the two, or before it is journaled, can do it again. Only while no run does anything.
    pub fn move_start(&self, refs: &EpicRefs, to: Oid, message: &Message) -> Result<Moved, GitError> {
        let store = self.open_store()?;
        let name = refs.start();
        let start = target(&store, &name).ok_or_else(|| GitError::NoStart { name: name.clone() })?;
        if contains(&store, start, to) {
            return Ok(Moved::Nothing);
        }
        if !contains(&store, to, start) {
            return Ok(Moved::NotNewer { start });
        }
        let branch = refs.integration().full();
        if let Some(tip) = target(&store, &branch) {
            let new = match self.on_newer(&store, tip, to, start, message)? {
                Commit::Made(new) => new,
                Commit::Conflict(paths) => return Ok(Moved::Conflict(paths)),
            };
            advance(&store, &branch, tip, new)?;
        }
        advance(&store, &name, start, to)?;
        self.sync()?;
        Ok(Moved::Done { from: start })
    }

    /// The tip of the integration branch with the new start.
    fn on_newer(
        &self,
        store: &Repository,
        tip: Oid,
        to: Oid,
        start: Oid,
        message: &Message,
    ) -> Result<Commit, GitError> {
        if contains(store, tip, to) {
            return Ok(Commit::Made(tip));
        }
        if contains(store, to, tip) {
            return Ok(Commit::Made(to));
        }
        // What has landed as squashed commits is no other side's work.
        let theirs = with_squashed(store, to, start).map_err(GitError::git("read a branch", self.place()))?;
        let merged = self.merge_commit(store, tip, theirs, message)?;
        let Commit::Made(merge) = merged else { return Ok(merged) };
        let parents = || -> Result<Oid, git2::Error> {
            let (merge, ours, new) =
                (store.find_commit(merge)?, store.find_commit(tip)?, store.find_commit(to)?);
            let (by, text) = (merge.author(), merge.message_raw().unwrap_or_default().to_owned());
            store.commit(None, &by, &by, &text, &merge.tree()?, &[&ours, &new])
        };
        parents().map(Commit::Made).map_err(GitError::git("merge commits", self.place()))
    }
}

fn advance(store: &Repository, name: &str, from: Oid, to: Oid) -> Result<(), GitError> {
    if from == to {
        return Ok(());
    }
    match swap(store, name, Some(from), to, "blueprint: newer start")? {
        Swapped::Done => Ok(()),
        Swapped::Holds(_) => Err(GitError::RefMoved { name: name.to_owned() }),
    }
}
