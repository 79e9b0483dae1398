//! Events and state, shown: progress bars and plain lines of a run, the status of a plan, its graph, what there is to say of one task.
//!
//! Knows nothing of how events came about; decides nothing.

mod bar;
mod explain;
mod graph;
mod lines;
mod plain;
mod recap;
mod spent;
mod status;
mod text;

pub use bar::Bars;
pub use explain::{Advice, Awaited, Explanation, Surroundings, Tried, WouldPass, WouldRun, explain_lines};
pub use graph::{GraphFormat, graph};
pub use plain::Plain;
pub use recap::{
    Accuracy, AgentRecap, AnswerRecap, AttemptRecap, ChangeSize, Failure, GatePass, GateRecap, GateTry, Insight,
    OutcomeCount, Pace, PlanRecap, Recap, RunRecap, Sources, Summary, TaskRecap, html, markdown,
};
pub use spent::dollars;
pub use status::{
    AttemptStatus, Counts, GateStatus, PlanStatus, Spent, SpentByAgent, SpentByRun, StatusReport, TaskStatus,
    show_lines, status_lines, task_lines,
};
pub use text::{clean, clean_line, clean_lines, fit, shell_word, short, tame};
