//! What a person wants to know first when they come back to a plan: what needs them, what there is to review, what runs, what waits.
//!
//! Knows nothing of git: what is to be reviewed is told to it.

mod brief;
mod human;
mod needs;

use crate::report::{StatusReport, Surroundings};

pub use brief::brief_lines;
pub use human::morning_lines;

/// A plan, seen by whom comes back to it.
#[derive(Debug)]
pub struct Morning<'a> {
    /// How its tasks stand, all of them.
    pub report: &'a StatusReport,
    /// What is known beside.
    pub around: &'a Surroundings<'a>,
    /// What has come of completed tasks.
    pub review: Review,
}

/// Finished work, and where it has got to.
#[derive(Debug, Default)]
pub struct Review {
    /// The branch that it is to land in, where that is known.
    pub into: Option<String>,
    /// What has not landed, prerequisites first.
    pub open: Vec<Finished>,
    /// How many tasks' work has landed.
    pub landed: usize,
}

/// The work of one completed task.
#[derive(Debug)]
pub struct Finished {
    /// The task's id.
    pub task: String,
    /// How much it changes; nothing where that is not known.
    pub size: Option<Size>,
}

/// The size of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Files that differ.
    pub files: usize,
    /// Lines that are new.
    pub insertions: usize,
    /// Lines that are gone.
    pub deletions: usize,
}

#[cfg(test)]
mod tests;
