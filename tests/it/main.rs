//! The real program, end to end, with a real git repository and real agent processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking; clippy's own exception for tests leaves out the functions that they share"
)]

mod project;

mod crash;
mod parallel;
mod whole_plan;
