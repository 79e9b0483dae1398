//! Names that keep commits reachable: what an epic's refs and folders are called, moving a ref by compare-and-swap, having git's objects and
//! refs on the disk, the locks that a killed git left, and taking single refs away for good.
//!
//! Knows nothing of files in a checkout, and not what the commits are that refs point to.

mod dead_locks;
mod durable;
mod epic;
mod follow;
mod gone;
mod names;
mod update;

pub use epic::{BranchName, EpicRefs};
pub use names::{epic_slug, slugs, slugs_beside};
pub(in crate::git) use update::{Swapped, contains, note_own, swap, target};
