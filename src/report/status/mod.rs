//! The status of a plan: what the file, the journal and a live run say together.

mod human;
mod model;
mod show;
mod spent;
mod waits;

pub(super) use human::{color, until};
pub use human::{status_lines, task_lines};
pub(super) use model::Owner;
pub use model::{AttemptStatus, Counts, GateStatus, PlanStatus, StatusReport, TaskStatus};
pub use show::show_lines;
pub use spent::{Spent, SpentByAgent, SpentByRun};

#[cfg(test)]
mod tests;
