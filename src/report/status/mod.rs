//! The status of a plan: what the file, the journal and a live run say together.

mod attempts;
mod changes;
mod header;
mod human;
mod model;
mod pace;
mod reader;
mod show;
mod spent;
mod story;
mod table;
mod timeline;
mod waits;
mod words;

pub use attempts::{AttemptStatus, GateStatus};
pub use changes::Changes;
pub(super) use header::header;
pub use human::{header_lines, status_lines};
pub use model::{Counts, LiveRun, Owner, PlanStatus, StatusReport, TaskStatus};
pub use reader::Reader;
pub use show::show_lines;
pub use spent::{Spent, SpentByAgent, SpentByRun};
pub use story::task_lines;
pub(super) use words::{because, color, owner, until};

#[cfg(test)]
mod tests;
