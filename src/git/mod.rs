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
//! - The user's own checkout, its `HEAD`, index and stash are never written, but by `landing`. Merges and bases are made in memory.
//! - A ref is moved by compare-and-swap, and nothing that only one ref keeps reachable is dropped.
//! - A worktree with work in it that nothing else holds is never removed; such a wish is a typed refusal.
//! - Commits made here are functions of their inputs: author, dates and message come from the parents and the caller, never from a clock.
//!
//! The rooms: `checkout` puts files into a worktree, `worktrees` makes and removes one, `commits` takes what lies in it, `merging` puts
//! commits together, `landing` brings them into a person's branch, `refs` keeps and moves their names, `remote` agrees with other machines on
//! them, `changes` shows differences, and `fingerprint` what only its owners' hands may change.
//!
//! [`Repo`] and [`Worktree`] are only paths that have been checked once: cheap to clone and to send to any thread. Each call opens the
//! repository for itself, so that calls from many threads share no state of libgit2.

mod changes;
mod checkout;
mod commits;
mod error;
mod fingerprint;
mod init;
mod landing;
mod merging;
mod owner;
mod program;
mod refs;
mod remote;
mod repo;
mod worktree;
mod worktrees;

pub use changes::{ChangeKind, DiffStat, FileChange, Later, LineKind, TreeSize, Uncommitted};
pub use commits::{Authorship, Gathered, Message, Notice, Snapshot, address_of_attempt, user_name};
pub use error::GitError;
pub use fingerprint::{Change, Fingerprint, Scope, What};
pub use git2::Oid;
pub use init::init_with_everything;
pub use landing::{Advance, Advanced, Landable, Landing, Piece, PlanFate, PlanState, Resumed};
pub use merging::{
    Base, BaseError, Conflict, Flaws, Harm, Integrated, Loss, LostLine, MayLose, MergedStep, Moved, Side,
    Stand, Strategy, Unmerged, Work, lost_lines, markers,
};
pub use program::{Ended, Program, TimeLeft, break_off_calls, limit_calls};
pub use refs::{BranchName, EpicRefs, epic_slug, slugs, slugs_beside};
pub use remote::{Adopted, Move, RefMap, Refusal, Remote, RemoteError, Yield, content_id, sift};
pub use repo::Repo;
pub use worktree::{Found, OWN_FOLDER, Worktree};
pub use worktrees::finish_removals;

#[cfg(test)]
mod tests;
