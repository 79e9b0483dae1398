//! What is different: between two commits, between a commit and a folder as it is, and what of a checkout no commit has or git ignores.
//!
//! Only looks; knows nothing of why one would.

mod compare;
mod diff;
mod ignored;
mod uncommitted;

pub use compare::{ChangeKind, FileChange, Later, LineKind};
pub(in crate::git) use diff::dirty_paths;
pub use diff::{DiffStat, Uncommitted};
pub use ignored::TreeSize;
pub(in crate::git) use uncommitted::{Unknown, uncommitted};
