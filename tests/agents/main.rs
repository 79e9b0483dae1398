//! The real agent programs, played with against a scripted service on loopback.
//!
//! `BLUEPRINT_AGENT_PROGRAMS` names the folder in which they are installed (`.ci/agents` installs them and prints it); those that aren't
//! there are left out, and their tests say so. Nothing leaves the machine, and each has a `HOME` of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking; clippy's own exception for tests leaves out the functions that they share"
)]

#[allow(dead_code, unused_imports, reason = "shared with tests/it, which uses all of it")]
#[path = "../it/project/mod.rs"]
mod project;

mod ends;
mod knowledge;
mod live;
mod program;
mod service;
mod sessions;
mod two_tasks;
mod xmlstarlet;
