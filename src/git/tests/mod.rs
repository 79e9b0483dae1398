//! The room against real repositories; the git program, where it is used here, is the oracle.

mod bases;
mod commits;
mod concurrency;
mod diffs;
mod durable;
mod endings;
mod integration;
mod names;
mod refs;
mod refusals;
mod removal;
mod repositories;
mod restore;
mod strategies;
mod support;
mod unmerging;
mod untouched;
mod worktrees;
