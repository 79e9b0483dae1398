//! The real program, end to end, with a real git repository and real agent processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking; clippy's own exception for tests leaves out the functions that they share"
)]

mod project;

mod by_hand;
mod chaos;
mod choices;
mod conflicts;
mod crash;
mod door;
mod editing;
mod ends;
mod escapes;
mod environment;
mod foreign;
mod forms;
mod hung;
mod isolation;
mod keep;
mod limits;
mod mischief;
mod outcomes;
mod parallel;
mod places;
mod provision;
mod protected;
mod refused_writes;
mod rivals;
mod sandbox;
mod shared;
mod signals;
mod steering;
mod strategies;
mod stress;
mod supervisor;
mod terminal;
mod verbs;
mod verify;
mod watching;
mod whole_plan;
mod xmlstarlet;
