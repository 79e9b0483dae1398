//! The room against real repositories; the git program, where it is used here, is the oracle.

mod as_git;
mod bases;
mod checkouts;
mod commits;
mod concurrency;
mod diffs;
mod durable;
mod endings;
mod fingerprints;
mod integration;
mod losses;
mod names;
mod promised;
mod refs;
mod refusals;
mod remotes;
mod removal;
mod repositories;
mod resolving;
mod restore;
mod strategies;
mod support;
mod unmerging;
mod untouched;
mod worktrees;
