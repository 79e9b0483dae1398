//! The recap of a plan: what was done, how long it took and what it cost, against what was planned; what went wrong, and what was decided,
//! asked and learnt on the way. As Markdown, as JSON, and as one HTML page that needs nothing beside itself.
//!
//! Knows nothing of git and of files: sizes of changes are handed in, and so is the time that counts as now.

mod axis;
mod gather;
mod html;
mod kind;
mod markdown;
mod model;
mod words;

pub use gather::Sources;
pub use html::html;
pub use markdown::markdown;
pub use model::{
    Accuracy, AgentRecap, AnswerRecap, AttemptRecap, ChangeSize, Failure, GatePass, GateRecap, GateTry,
    Insight, OutcomeCount, Pace, PlanRecap, Recap, RunRecap, Summary, TaskRecap,
};
