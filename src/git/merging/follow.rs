//! The integration branch as another machine has it, and single files of our own on it.

use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository};

use super::integrate::integration_tip;
use super::unmerge::keep_replaced;
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::{Authorship, EpicRefs, GitError, Message, Repo};

impl Repo {
    /// Has the epic's integration branch hold what another machine's does, which is at `to`: where ours has gone another way, it is kept under
    /// [`EpicRefs::replaced`], and starts from theirs.
    pub fn follow_integration(&self, refs: &EpicRefs, to: Oid) -> Result<(), GitError> {
        let store = self.open_store()?;
        let name = refs.integration().full();
        let mut there = target(&store, &name);
        while there.is_none_or(|there| !contains(&store, there, to)) {
            if let Some(ours) = there.filter(|ours| !contains(&store, to, *ours)) {
                keep_replaced(&store, refs, ours)?;
            }
            match swap(&store, &name, there, to, "blueprint: follow")? {
                Swapped::Done => break,
                Swapped::Holds(moved) => there = Some(moved),
            }
        }
        Ok(())
    }

    /// A commit of ours on the tip of the integration branch that gives the file at `path` those bytes; `None` where it has them, or no such
    /// file.
    pub fn commit_file(
        &self,
        refs: &EpicRefs,
        path: &Path,
        bytes: &[u8],
        message: &Message,
    ) -> Result<Option<Oid>, GitError> {
        let store = self.open_store()?;
        let name = refs.integration().full();
        loop {
            let tip = integration_tip(&store, refs)?;
            let made = with_file(&store, tip, path, bytes, message);
            let made = made.map_err(GitError::git("commit a file", self.common_dir()))?;
            let Some(commit) = made else { return Ok(None) };
            if swap(&store, &name, Some(tip), commit, "blueprint: commit")? == Swapped::Done {
                return Ok(Some(commit));
            }
        }
    }
}

fn with_file(
    store: &Repository,
    tip: Oid,
    path: &Path,
    bytes: &[u8],
    message: &Message,
) -> Result<Option<Oid>, git2::Error> {
    let parent = store.find_commit(tip)?;
    let tree = parent.tree()?;
    let Ok(known) = tree.get_path(path) else { return Ok(None) };
    let blob = store.blob(bytes)?;
    if known.id() == blob {
        return Ok(None);
    }
    let is_executable = known.filemode() == i32::from(FileMode::BlobExecutable);
    let mode = if is_executable { FileMode::BlobExecutable } else { FileMode::Blob };
    let mut update = TreeUpdateBuilder::new();
    update.upsert(path, blob, mode);
    let tree = store.find_tree(update.create_updated(store, &tree)?)?;
    // The date from what it stands on, never from the clock.
    let by = Authorship::own().signature(parent.time().seconds())?;
    store.commit(None, &by, &by, &message.render(), &tree, &[&parent]).map(Some)
}
