//! Worktrees, task branches, exact bases, commits and merges.
//!
//! By libgit2, and by threads of our own for the files of a checkout, as long as files are nothing but bytes: that is fastest, and needs
//! no git. Wherever configuration, attributes or the repository make more of them (filters as of LFS and git-crypt, line ends,
//! encodings, sparse checkouts, submodules, partial clones, merge drivers of the user's), git itself checks out, compares, stages and
//! merges, so that the result is what git would give. [`Program`] is the only place that starts it, without a shell. Of the repository's
//! hooks only `post-checkout` runs, when a worktree is made, as `git worktree add` has it; nothing is signed.
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
mod advance;
mod again;
mod aside;
mod base;
mod carry;
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
mod gone;
mod hooks;
mod identity;
mod ignored;
mod init;
mod integrate;
mod land;
mod landed;
mod lines;
mod merge;
mod message;
mod names;
mod own_places;
mod program;
mod rebase;
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
mod uncommitted;
mod unmerge;
mod update;
mod worktree;

pub use advance::{Advance, Advanced, Resumed};
pub use base::{Base, BaseError};
pub use commit::{Gathered, Notice};
pub use compare::{ChangeKind, FileChange, Later, LineKind};
pub use conflict::Conflict;
pub use diff::{DiffStat, Uncommitted};
pub use error::GitError;
pub use fingerprint::{Change, Fingerprint, Scope, What};
pub use git2::Oid;
pub use identity::user_name;
pub use ignored::TreeSize;
pub use init::init_with_everything;
pub use integrate::{Integrated, Strategy, Work};
pub use land::{Landable, Landing, Piece, PlanFate, PlanState};
pub use lines::{LostLine, Side, lost_lines, markers};
pub use message::{Authorship, Message, address_of_attempt};
pub use names::{epic_slug, slugs, slugs_beside};
pub use program::{Ended, Program};
pub use rebase::Moved;
pub use refs::{BranchName, EpicRefs};
pub use repo::Repo;
pub use resolve::{Flaws, Harm};
pub use snapshot::Snapshot;
pub use steps::MergedStep;
pub use trash::finish_removals;
pub use unmerge::Unmerged;
pub use worktree::{Found, OWN_FOLDER, Worktree};

#[cfg(test)]
mod tests;
