//! Events and state, shown: progress bars and plain lines of a run, the status of a plan, its graph, what there is to say of one task.
//!
//! Knows nothing of how events came about; decides nothing.

mod bar;
mod chronicle;
mod countdown;
mod events;
mod explain;
mod graph;
mod junit;
mod lines;
mod morning;
mod plain;
mod recap;
mod service;
mod signs;
mod spent;
mod status;
mod text;

pub use crate::agent::shell_word;

pub use bar::Bars;
pub use chronicle::Chronicle;
pub use events::event_line;
pub use explain::{
    Advice, Awaited, Distance, Explanation, Surroundings, Tried, WouldPass, WouldRun, elsewhere,
    explain_lines,
};
pub use graph::{GraphFormat, graph};
pub use junit::junit;
pub use morning::{Finished, Morning, Review, Size, brief_lines, morning_lines};
pub use plain::Plain;
pub use recap::{
    Accuracy, AgentRecap, AnswerRecap, AttemptRecap, ChangeSize, Failure, GatePass, GateRecap, GateTry,
    Insight, OutcomeCount, Pace, PlanRecap, Recap, RunRecap, Sources, Summary, TaskRecap, html, markdown,
};
pub use service::{Folded, MakeReadable, Service, dotenv, github_outputs, job_summary};
pub use signs::{draw_in_ascii, is_unicode_locale, spelled};
pub use spent::{dollars, too_small};
pub use status::{
    AttemptStatus, Changes, Counts, GateStatus, LiveRun, Owner, PlanStatus, Reader, Spent, SpentByAgent,
    SpentByRun, StatusReport, TaskStatus, header_lines, show_lines, status_lines, task_lines,
};
pub use text::{clean, clean_line, clean_lines, fit, short, tame};
