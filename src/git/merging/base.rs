//! A task's base: the start commit merged with the results of its prerequisites, and nothing else.

use std::path::PathBuf;

use git2::{Oid, Repository};

use super::merge::{Merged, merge};
use crate::git::refs::contains;
use crate::git::{Authorship, GitError, Message, Repo};

/// The commit that an attempt starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The commit itself.
    pub commit: Oid,
    /// The results that it took in; those it contained already are left out.
    pub merged: Vec<Oid>,
}

/// Why there is no base.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The prerequisites' results don't fit together.
    #[error("results conflict: {with} can't be merged with the results before it in {}", list(paths))]
    Conflict {
        /// The first result that does not fit to those before it.
        with: Oid,
        /// Where, relative to the repository's root, sorted.
        paths: Vec<PathBuf>,
    },
    /// git itself.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repo {
    /// Merges `results` on `start`, in the order given, in memory. No ref is moved: keep the commit with [`Repo::keep_base`].
    ///
    /// The same inputs give the same id: the author is fixed, and the date is the latest of the parents' dates. A result that
    /// descends from what is there becomes the base itself, one that is contained already is passed over.
    pub fn build_base(&self, start: Oid, results: &[Oid]) -> Result<Base, BaseError> {
        let store = self.open_store()?;
        let mut base = Base { commit: start, merged: Vec::new() };
        for &result in results.iter().filter(|result| **result != start) {
            if contains(&store, base.commit, result) {
                continue;
            }
            base.commit = self.take_in(&store, base.commit, result)?;
            base.merged.push(result);
        }
        Ok(base)
    }

    fn take_in(&self, store: &Repository, current: Oid, result: Oid) -> Result<Oid, BaseError> {
        if contains(store, result, current) {
            return Ok(result);
        }
        let message = Message::new("Merge a prerequisite's result into a base");
        match self.merge_commit(store, current, result, &message)? {
            Commit::Made(commit) => Ok(commit),
            Commit::Conflict(paths) => Err(BaseError::Conflict { with: result, paths }),
        }
    }

    /// A commit of blueprint's own with both parents, by no ref kept yet.
    pub(in crate::git) fn merge_commit(
        &self,
        store: &Repository,
        ours: Oid,
        theirs: Oid,
        message: &Message,
    ) -> Result<Commit, GitError> {
        let made = || -> Result<Commit, git2::Error> {
            let (ours, theirs) = (store.find_commit(ours)?, store.find_commit(theirs)?);
            let tree = match merge(store, &ours, &theirs)? {
                Merged::Tree(tree) => store.find_tree(tree)?,
                Merged::Conflict(paths) => return Ok(Commit::Conflict(paths)),
            };
            // Dates from the inputs, never from the clock.
            let seconds = ours.time().seconds().max(theirs.time().seconds());
            let by = Authorship::own().signature(seconds)?;
            let parents = [&ours, &theirs];
            store.commit(None, &by, &by, &message.render(), &tree, &parents).map(Commit::Made)
        };
        made().map_err(GitError::git("merge commits", self.common_dir()))
    }
}

/// A merge commit, or the paths that keep it from being made.
pub(in crate::git) enum Commit {
    /// The commit, stored, by no ref kept yet.
    Made(Oid),
    /// Sorted, each once.
    Conflict(Vec<PathBuf>),
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
