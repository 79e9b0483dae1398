//! What a file has been.

use std::collections::BTreeSet;
use std::path::Path;

use git2::ObjectType;

use crate::git::{GitError, Oid, Repo};

/// So many commits are looked through.
const COMMITS: usize = 5_000;

/// What git calls a content by.
pub fn content_id(bytes: &[u8]) -> Option<Oid> {
    Oid::hash_object(ObjectType::Blob, bytes).ok()
}

impl Repo {
    /// A commit and those before it, always by the first parent, as far back as this clone knows of them.
    pub fn first_parents(&self, commit: Oid) -> Result<Vec<Oid>, GitError> {
        let store = self.open_store()?;
        let before = |at: &Oid| store.find_commit(*at).ok()?.parent_id(0).ok();
        Ok(std::iter::successors(Some(commit), before).take(COMMITS).collect())
    }

    /// What git calls by that.
    pub fn blob(&self, id: Oid) -> Result<Option<Vec<u8>>, GitError> {
        Ok(self.open_store()?.find_blob(id).ok().map(|blob| blob.content().to_vec()))
    }

    /// The contents that a file has had in a commit and in those before it, by their ids, as far back as this clone knows of it.
    pub fn versions(&self, commit: Oid, path: &Path) -> Result<BTreeSet<Oid>, GitError> {
        let store = self.open_store()?;
        let walk = || {
            let mut walk = store.revwalk()?;
            walk.push(commit)?;
            Ok::<_, git2::Error>(walk)
        };
        let walk = walk().map_err(GitError::git("look through the history", self.place()))?;
        // A shallow clone ends somewhere.
        let commits = walk.map_while(Result::ok).take(COMMITS);
        let content = |commit| Some(store.find_commit(commit).ok()?.tree().ok()?.get_path(path).ok()?.id());
        Ok(commits.filter_map(content).collect())
    }
}
