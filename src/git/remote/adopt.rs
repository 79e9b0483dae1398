//! A local ref becomes what the remote's is, without the loss of anything that only the local one holds.

use std::path::PathBuf;

use git2::Repository;

use crate::git::merging::keep_replaced;
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::{BranchName, EpicRefs, GitError, Oid, Repo};

/// What a local ref does that the remote's does not simply lead on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yield {
    /// It stays.
    Never,
    /// It stays where it contains the remote's; else it goes there.
    UnlessAhead,
    /// It goes where the remote's is.
    Always,
}

/// What has become of a local ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adopted {
    /// It is where the remote's is.
    There,
    /// It is ours, and the remote's to follow.
    Ours,
    /// It stays, since it is checked out in a worktree that can't be taken away: why not.
    InUse(PathBuf, String),
}

impl Repo {
    /// Has the local ref `name` be `there`, or not, by `yields`. Where it was is kept under [`EpicRefs::replaced`] unless the new place contains it;
    /// a clean worktree that has the branch checked out is removed, since its files would be those of another commit.
    pub fn adopt(&self, refs: &EpicRefs, name: &str, there: Oid, yields: Yield) -> Result<Adopted, GitError> {
        let store = self.open_store()?;
        loop {
            let here = target(&store, name);
            if here == Some(there) {
                return Ok(Adopted::There);
            }
            if here.is_some_and(|here| !gives_way(&store, here, there, yields)) {
                return Ok(Adopted::Ours);
            }
            if let Some((place, why)) = self.free(name)? {
                return Ok(Adopted::InUse(place, why));
            }
            if let Some(here) = here.filter(|here| !contains(&store, there, *here)) {
                keep_replaced(&store, refs, here)?;
            }
            match swap(&store, name, here, there, "blueprint: as in the remote") {
                Ok(Swapped::Done) => return Ok(Adopted::There),
                Ok(Swapped::Holds(_)) | Err(GitError::RefMoved { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes away the worktree that has a branch (full name), where it is clean. Gives the one that can't be removed, and why.
    pub fn free(&self, name: &str) -> Result<Option<(PathBuf, String)>, GitError> {
        let Some(branch) = name.strip_prefix("refs/heads/").and_then(BranchName::new) else {
            return Ok(None);
        };
        let Some(place) = self.checked_out_at(&branch)? else { return Ok(None) };
        Ok(self.remove_worktree(&place).err().map(|error| (place, error.to_string())))
    }
}

fn gives_way(store: &Repository, here: Oid, there: Oid, yields: Yield) -> bool {
    let leads_on = contains(store, there, here);
    match yields {
        Yield::Always => true,
        Yield::UnlessAhead => leads_on || !contains(store, here, there),
        Yield::Never => leads_on,
    }
}
