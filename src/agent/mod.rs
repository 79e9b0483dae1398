//! Agents: their definitions, their prompts, and the programs that play them.
//!
//! From a name to a [`Definition`] ([`Catalogue`]), from a task to a prompt ([`Brief`], [`prompt`]), from both to
//! the command line and environment of an agent program ([`Runner::command_line`]), and from what that program left
//! behind to an [`Outcome`] ([`Runner::read`]). In between, every line that it prints is read as [`Event`]s.
//!
//! Knows nothing of scheduling, git, agents being started, async code, or the plan's XML. It asks the environment nothing:
//! variables, folders and identifiers come in as arguments, so that the same input always gives the same command line. It starts
//! nothing but `PROGRAM --version`, where [`Runner::check`] cannot tell a program's version otherwise.

#![allow(
    clippy::format_push_string,
    reason = "reads better than `write!` with its result thrown away, and nothing here is hot"
)]

mod answer;
mod arguments;
mod base_config;
mod brief;
mod build_jobs;
mod claude;
mod codex;
mod command;
mod context;
mod definition;
mod ending;
mod environment;
mod event;
mod fault;
mod fence;
mod find;
mod front_matter;
mod gemini;
mod installation;
mod json_lines;
mod launch;
mod legible;
mod lenient;
mod log_text;
mod models;
mod opencode;
mod outcome;
mod places;
mod program;
mod prompt;
mod readable;
mod reading;
mod render;
mod retry_at;
mod review;
mod runner;
mod secrets;
mod session;
mod structured;
mod tools;
mod transcript;
mod version;

pub use answer::{Answer, ErrorCode};
pub use brief::{
    AnsweredBrief, Brief, Completion, ConflictBrief, EarlierAttempt, GoingOnBrief, News, OtherSide, Place,
    Prerequisite, ProjectBrief, QualityBrief, TaskBrief,
};
pub use build_jobs::BuildJobs;
pub use context::{Document, Documents, Knowledge, Offer, relevant};
pub use definition::{Definition, DefinitionError, Reason};
pub use environment::{BaseEnv, EnvPolicy, OUTBOX, STEP, passed_to_steps};
pub use event::Event;
pub use fault::Fault;
pub use find::{Catalogue, Found, default_folders, find};
pub use launch::{CommandLine, Identity, Launch, Limits, shell_word};
pub use log_text::{end_of_log, in_short, last_lines_of_log};
pub use outcome::{Outcome, UnknownOutcome};
pub use places::OwnPlaces;
pub use prompt::{prompt, review_prompt};
pub use readable::Readable;
pub use reading::{Ended, EndedBy, Exit, Reading, Tokens};
pub use render::Placeholders;
pub use review::{Opinion, ReviewBrief};
pub use runner::{DefinitionMode, Kind, Runner, RunnerError, RunnerSpec, build};
pub use secrets::{MASK, Masking, Secrets};
pub use session::{is_taken_up, session_id};
pub use version::Version;

use environment::NETWORK;
use event::TELLING;
