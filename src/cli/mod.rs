//! The command line: arguments, configuration, messages, exit codes. One file a verb, with its `Args` and one function.
//!
//! Knows everybody, and leaves to the rooms whatever it can.

mod args;
mod branches;
mod casting;
mod complete;
pub mod config;
mod context;
mod dry_run;
mod elsewhere;
mod error;
mod gates;
mod hands;
mod held;
mod help_line;
mod job_owner;
mod live;
mod locate;
mod log;
mod masked_log;
mod notify;
mod output;
mod pager;
mod parse;
mod person;
mod remote;
mod said;
mod sandbox;
mod scratch;
mod sharing;
mod sizes;
mod surroundings;
mod terminal;
mod verbs;
mod works;
mod wrap;
mod xmlstarlet;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use error::{CliError, Kind};

use crate::git::finish_removals;
use crate::store::{FaultyDisk, use_disk};

/// Runs the program with the process's arguments and environment; the exit code says how it ended.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().collect();
    // Before anything else: that program's arguments are none of ours, and it may write no line of its own.
    if let Some(call) = xmlstarlet::Call::of(&arguments) {
        return answer(|| call.make());
    }
    if complete::is_asked() {
        return answer(|| complete::answer(&arguments));
    }
    let cli = parse::parse(&arguments);
    output::init(&cli.global);
    have_faults();
    let code = answer(|| verbs::dispatch(cli));
    finish_removals();
    code
}

/// For developers only: `BLUEPRINT_FAULTS=SEED:PER_MILLE` has so many of a thousand steps of what is written to plan, journal and state fail,
/// `from:N` the Nth and all after it. Unset, as it always is otherwise, it does nothing; see `tests/it/chaos.rs`.
const FAULTS: &str = "BLUEPRINT_FAULTS";

fn have_faults() {
    let asked = env::var(FAULTS).ok().and_then(|text| FaultyDisk::parse(&text));
    if let Some(disk) = asked {
        use_disk(Box::new(disk));
    }
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
