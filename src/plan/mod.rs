//! What a plan means: tasks, estimates, the dependency graph, urgency, and the state of each task in a run.
//!
//! The way through: [`load`] turns a [`Genesis`](crate::genesis::Genesis) into a [`Plan`] or into every reason why it is
//! none; a [`Schedule`] is the pure state machine that a run drives; [`legal`] says which change of status makes sense.
//!
//! Knows nothing of XML, git, processes, files or the terminal.

mod bridge;
mod cycle;
mod estimate;
mod graph;
mod id;
mod limits;
mod load;
mod ready;
#[cfg(test)]
mod sample;
mod schedule;
mod state;
mod status;

pub use estimate::{EstimateError, parse_estimate};
pub use graph::{ASSUMED_ESTIMATE, Plan, Task, TaskIndex};
pub use id::TaskId;
pub use limits::{Limits, Share};
pub use load::{diagnostics, load};
pub use schedule::Schedule;
pub use state::{Ending, Event, IllegalEvent, State};
pub use status::{IllegalTransition, legal};
