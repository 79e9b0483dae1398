//! Worktrees, task branches, exact bases, commits and merges, by libgit2 alone: the git program is never called, so no hook of the
//! repository runs, nothing is signed, and no shell sees a name.
//!
//! Knows nothing of plans, their tasks' order or XML: it is told which commits to put together, and which slug a task goes by.
//!
//! What holds here:
//! - The user's own checkout, its `HEAD`, index and stash are never written. Merges and bases are made in memory.
//! - A ref is moved by compare-and-swap, and nothing that only one ref keeps reachable is dropped.
//! - A worktree with work in it that nothing else holds is never removed; such a wish is a typed refusal.
//! - Commits made here are functions of their inputs: author, dates and message come from the parents and the caller, never from a clock.
//!
//! [`Repo`] and [`Worktree`] are only paths that have been checked once: cheap to clone and to send to any thread. Each call opens the
//! repository for itself, so that calls from many threads share no state of libgit2.

mod add;
mod again;
mod base;
mod checkout;
mod commit;
mod compare;
mod conflict;
mod contents;
mod dead_locks;
mod diff;
mod durable;
mod error;
mod fingerprint;
mod ignored;
mod init;
mod integrate;
mod lines;
mod merge;
mod message;
mod names;
mod own_places;
mod program;
mod refs;
mod registry;
mod remove;
mod repo;
mod resolve;
mod restore;
mod settle;
mod snapshot;
mod steps;
mod transplant;
mod trash;
mod unmerge;
mod update;
mod worktree;

pub use base::{Base, BaseError};
pub use commit::{Gathered, Notice};
pub use compare::{ChangeKind, FileChange, Later, LineKind};
pub use conflict::Conflict;
pub use diff::{DiffStat, Uncommitted};
pub use error::GitError;
pub use fingerprint::{Change, Fingerprint, Scope, What};
pub use git2::Oid;
pub use ignored::TreeSize;
pub use init::init_with_everything;
pub use integrate::{Integrated, Strategy, Work};
pub use lines::{LostLine, Side, lost_lines, markers};
pub use message::{Authorship, Message, address_of_attempt};
pub use names::{epic_slug, slugs, slugs_beside};
pub use program::{Ended, Program};
pub use refs::{BranchName, EpicRefs};
pub use repo::Repo;
pub use resolve::Flaws;
pub use snapshot::Snapshot;
pub use steps::Step;
pub use trash::finish_removals;
pub use unmerge::Unmerged;
pub use worktree::{Found, OWN_FOLDER, Worktree};

#[cfg(test)]
mod tests;
