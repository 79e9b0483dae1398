//! Filling a worktree that is registered and empty: a commit's files, the index, and the hook that a checkout runs.
//!
//! By our own threads where files are nothing but the blobs of the tree; by git itself wherever configuration or attributes make more
//! of them than that, so that the result is always what git would give. Knows nothing of registrations, branches and what may be removed.

mod by_git;
mod demands;
mod fill;
mod hook;
mod index;
mod listing;

use git2::{Oid, Repository};

pub(super) use demands::{Demands, is_partial};
use listing::Listing;

use super::{GitError, Program, Repo, Worktree};

/// Checks out `commit` in a worktree that holds nothing but its `.git`; `from` is where its settings are taken from.
pub(super) fn check_out(from: &Repo, worktree: &Worktree, commit: Oid) -> Result<(), GitError> {
    by_git::take_over(from, worktree.open()?.path())?;
    let repository = worktree.open()?;
    let listing = Listing::of(&repository, commit);
    let listing = listing.map_err(worktree.failed("read the files of a commit"))?;
    match why_git(&repository, &listing).map_err(worktree.failed("read the configuration"))? {
        None => by_ourselves(&repository, worktree, &listing)?,
        Some(what) => by_git::check_out(worktree, &repository, what)?,
    }
    hook::post_checkout(&repository, worktree, commit)
}

impl Repo {
    /// Refuses a commit whose files go through filters (LFS, git-crypt …), have another encoding or the like, if there is no git to check
    /// them out: agents would see such files raw, and what they write would be committed raw, secrets included.
    pub fn refuse_without_git(&self, commit: Oid) -> Result<(), GitError> {
        if Program::is_there() {
            return Ok(());
        }
        let repository = self.open_here()?;
        let asked = Listing::of(&repository, commit).and_then(|listing| why_git(&repository, &listing));
        match asked.map_err(GitError::git("read the attributes", self.place()))? {
            None => Ok(()),
            Some(what) => Err(GitError::NeedsGit { path: self.place().to_owned(), what }),
        }
    }
}

/// What only git can do in this checkout.
fn why_git(repository: &Repository, listing: &Listing) -> Result<Option<String>, git2::Error> {
    if let Some(oddity) = &listing.oddity {
        return Ok(Some(oddity.clone()));
    }
    let demands = Demands::of(repository, &listing.attributes)?;
    Ok(demands.to_write)
}

fn by_ourselves(repository: &Repository, worktree: &Worktree, listing: &Listing) -> Result<(), GitError> {
    match fill::fill(worktree, listing) {
        Ok(stats) => index::write(repository.path(), listing, &stats),
        // Two names that are one to this file system, perhaps: git knows what to do then.
        Err(error) if is_collision(&error) && Program::is_there() => {
            by_git::check_out(worktree, repository, "two files of one name".to_owned())
        }
        Err(error) => Err(error),
    }
}

fn is_collision(error: &GitError) -> bool {
    matches!(error, GitError::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists)
}
