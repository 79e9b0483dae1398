//! The command line: arguments, configuration, messages, exit codes. One file a verb, with its `Args` and one function.
//!
//! Knows everybody, and leaves to the rooms whatever it can.

mod args;
mod casting;
pub mod config;
mod context;
mod dry_run;
mod error;
mod held;
mod live;
mod locate;
mod output;
mod person;
mod scratch;
mod surroundings;
mod verbs;
mod xmlstarlet;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use error::{CliError, Kind};

/// Runs the program with the process's arguments and environment; the exit code says how it ended.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().collect();
    // Before anything else: that program's arguments are none of ours, and it may write no line of its own.
    if let Some(call) = xmlstarlet::Call::of(&arguments) {
        return answer(|| call.make());
    }
    let cli = Cli::parse_from(&arguments);
    output::init(&cli.global);
    answer(|| verbs::dispatch(cli))
}

fn answer(program: impl FnOnce() -> Result<u8, CliError>) -> ExitCode {
    // The panic itself has been told by then; what is left is an exit code that says what it was.
    let done = catch_unwind(AssertUnwindSafe(program));
    let code = match done.unwrap_or_else(|_| Err(CliError::new(Kind::Bug, "blueprint panicked"))) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            error.kind.exit_code()
        }
    };
    ExitCode::from(code)
}
