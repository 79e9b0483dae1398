//! What lies in a worktree becomes a commit: what an agent left there is settled and gathered, a moment of it is held, one path's change is
//! taken out; and whom a commit is by, and what it says.
//!
//! Knows nothing of merges of two sides, of worktrees being made or removed, and of a person's branch.

mod commit;
mod contents;
mod identity;
mod message;
mod restore;
mod settle;
mod snapshot;

pub use commit::{Gathered, Notice};
pub(in crate::git) use contents::{GITLINK, asks_for_git, dirty_by_git};
pub use identity::user_name;
pub use message::{Authorship, Message, address_of_attempt};
pub(in crate::git) use message::{
    HEAD_TRAILER, TASK_TRAILER, is_an_agents, is_from, named_head, one_line, said, trailer, with_trailers,
};
pub(in crate::git) use restore::with_path_of;
pub(in crate::git) use settle::{break_locks, operation};
pub use snapshot::Snapshot;
pub(in crate::git) use snapshot::staged;
