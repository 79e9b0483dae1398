//! What an agent that ended may have left behind in its worktree: locks, half-done operations, a `HEAD` that is somewhere else.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use git2::{Oid, Repository, RepositoryState};

use super::commit::Notice;
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::repo::head_of;
use crate::git::worktree::branch_of;
use crate::git::{BranchName, GitError, Worktree};

/// How often a lock is looked at before it counts as left behind, and the pause before each look.
const LOCK_LOOKS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

impl Worktree {
    /// Refuses what only the agent could finish: a rebase, bisect, `git am` or a row of cherry-picks in the middle of it.
    pub(super) fn refuse_unfinished(&self, repository: &Repository) -> Result<(), GitError> {
        use RepositoryState::{CherryPick, Clean, Merge, Revert};
        match repository.state() {
            Clean | Merge | CherryPick | Revert => Ok(()),
            state => Err(GitError::Unfinished { path: self.path().to_owned(), operation: operation(state) }),
        }
    }

    /// Puts the worktree onto its branch. What the worktree is at is the task's result: if the agent detached `HEAD`, or went to another
    /// branch, the task branch follows, as long as it loses nothing by that.
    pub(super) fn stand_on(
        &self,
        repository: &Repository,
        branch: &BranchName,
    ) -> Result<(Oid, Option<Notice>), GitError> {
        let head = head_of(repository, self.path())?;
        let on = branch_of(repository);
        if on.as_ref() == Some(branch) {
            return Ok((head, None));
        }
        self.bring(repository, branch, head)?;
        repository.set_head(&branch.full()).map_err(self.failed("go back to the task branch"))?;
        Ok((head, Some(Notice::Reattached { from: on.map(|on| on.to_string()) })))
    }

    /// The same for a worktree of which nothing is committed yet; gives what was found, if it was not on its branch. One in the middle of
    /// something that only its owner could finish is left as it is.
    pub fn go_back(&self, branch: &BranchName) -> Result<Option<Notice>, GitError> {
        let repository = self.open()?;
        if self.refuse_unfinished(&repository).is_err() {
            return Ok(None);
        }
        break_locks(&repository, branch)?;
        self.stand_on(&repository, branch).map(|(_, notice)| notice)
    }

    fn bring(&self, repository: &Repository, branch: &BranchName, head: Oid) -> Result<(), GitError> {
        let name = branch.full();
        let tip = target(repository, &name);
        if let Some(tip) = tip.filter(|tip| !contains(repository, head, *tip)) {
            return Err(GitError::Astray {
                path: self.path().to_owned(),
                branch: branch.to_string(),
                head,
                tip,
            });
        }
        match swap(repository, &name, tip, head, "blueprint: follow the worktree")? {
            Swapped::Done => Ok(()),
            Swapped::Holds(_) => Err(GitError::RefMoved { name }),
        }
    }
}

/// Removes the locks that git programs of the ended attempt left when they were killed: the worktree's own and its branch's. Somebody's
/// `git gc` or `pack-refs` takes those, too, but gives them back within moments; one that stays is nobody's.
pub(in crate::git) fn break_locks(
    repository: &Repository,
    branch: &BranchName,
) -> Result<Vec<Notice>, GitError> {
    let own = ["index.lock", "HEAD.lock"].map(|name| repository.path().join(name));
    let shared = repository.commondir().join(format!("{}.lock", branch.full()));
    let mut removed = Vec::new();
    for lock in own.into_iter().chain([shared]).filter(|lock| stays(lock)) {
        match fs::remove_file(&lock) {
            Ok(()) => removed.push(Notice::LockRemoved(lock)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(GitError::io("remove", lock)(error)),
        }
    }
    Ok(removed)
}

/// Whether a lock is there for as long as nobody who lives would keep it; one that was taken again meanwhile is somebody's.
fn stays(lock: &Path) -> bool {
    let taken = || fs::metadata(lock).and_then(|found| found.modified()).ok();
    let first = taken();
    first.is_some()
        && (0..LOCK_LOOKS).all(|_| {
            std::thread::sleep(LOCK_PAUSE);
            taken() == first
        })
}

/// What git calls the operation that is going on.
pub(in crate::git) fn operation(state: RepositoryState) -> &'static str {
    use RepositoryState as S;
    match state {
        S::Clean => "finished operation",
        S::Merge => "merge",
        S::Revert | S::RevertSequence => "revert",
        S::CherryPick | S::CherryPickSequence => "cherry-pick",
        S::Bisect => "bisect",
        S::Rebase | S::RebaseInteractive | S::RebaseMerge | S::ApplyMailboxOrRebase => "rebase",
        S::ApplyMailbox => "patch series (git am)",
    }
}
