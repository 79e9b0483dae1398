//! The real program, end to end, with a real git repository and real agent processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking; clippy's own exception for tests leaves out the functions that they share"
)]

mod project;
mod public_schemas;
#[path = "../browser/story.rs"]
mod story;

mod actions;
mod ask_command;
mod budgets;
mod by_hand;
mod chaos;
mod choices;
mod ci_away;
mod ci_run;
mod ci_yaml;
mod cleaning;
mod completions;
mod conflicts;
mod context;
mod crash;
mod differences;
mod door;
mod drafts;
mod editing;
mod ends;
mod environment;
mod escapes;
mod events;
mod foreign;
mod forms;
mod gate_budgets;
mod gate_litter;
mod gates;
mod gates_exact;
mod gates_of_others;
mod gates_of_resolutions;
mod gitlab;
mod going_on;
mod hung;
mod isolation;
mod jobs_end;
mod junit;
mod keep;
mod landing;
mod limits;
mod live;
mod logs;
mod looking_afar;
mod man;
mod mischief;
mod morning;
mod notify;
mod outcomes;
mod pager;
mod parallel;
mod past_gates;
mod places;
mod printed_commands;
mod protected;
mod provision;
mod questions;
mod questions_crash;
mod refused_writes;
mod remote_verbs;
mod report;
mod repositories;
mod rivals;
mod rough_landing;
mod sandbox;
mod secrets;
mod shared;
mod signals;
mod status;
mod steering;
mod strategies;
mod stress;
mod supervisor;
mod sync;
mod taking;
mod terminal;
mod untouched;
mod verbs;
mod verify;
mod watching;
mod watching_status;
mod whole_plan;
mod wide;
mod xmlstarlet;
