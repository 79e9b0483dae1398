//! Worktrees as folders: registered with git, checked out, moved aside, taken away, and which parts of the git folder each one writes.
//!
//! Knows nothing of what is done in them, of commits and of merges; how files come to lie in one is [`super::checkout`]'s.

mod add;
mod aside;
mod own_places;
mod registry;
mod remove;
mod trash;

pub(in crate::git) use registry::{Registration, read_entry, registered, registration_at, registrations};
pub use trash::finish_removals;
