//! Commits brought together: the base of a task, the integration branch and what it is made of, conflicts and what became of their lines,
//! and taking merges out again. In memory; only a conflict that somebody is to resolve is put into a worktree.
//!
//! Knows nothing of a person's branch and checkout, and not who resolves a conflict.

mod again;
mod base;
mod conflict;
mod exact;
mod follow;
mod halfway;
mod integrate;
mod lines;
mod losses;
mod merge;
mod rebase;
mod resolve;
mod standing;
mod steps;
mod transplant;
mod unmerge;

pub(in crate::git) use base::Commit;
pub use base::{Base, BaseError};
pub use conflict::Conflict;
pub use exact::Stand;
pub use integrate::{Integrated, Strategy, Work};
pub use lines::{LostLine, Side, lost_lines, markers};
pub use losses::{Loss, MayLose};
pub(in crate::git) use merge::{Merged, conflicts, merge};
pub use rebase::Moved;
pub use resolve::{Flaws, Harm};
pub use steps::MergedStep;
pub use unmerge::Unmerged;
pub(in crate::git) use unmerge::keep_replaced;
