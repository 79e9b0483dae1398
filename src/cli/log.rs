//! What is logged, beside what is told: to standard error.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::args::{Global, LogFormat};
use super::output;

/// Who says what is logged, the first one that is set.
const VARIABLES: [&str; 2] = ["BLUEPRINT_LOG", "RUST_LOG"];

/// Sets up the log. A flag on the command line wins over the environment.
pub(super) fn init(global: &Global) {
    // What can't be logged because nobody reads is not to be complained of where nobody reads: that would be a panic.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(global))
        .with_writer(io::stderr)
        .log_internal_errors(false);
    // A second call, in a test, finds the first one's log and keeps it.
    let _ = match global.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

fn filter(global: &Global) -> EnvFilter {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => return from_env().unwrap_or_else(|| EnvFilter::new("warn")),
        (false, 1) => "blueprint=debug,warn",
        (false, _) => "trace",
    };
    EnvFilter::new(level)
}

/// One that can't be read is no reason to do nothing.
fn from_env() -> Option<EnvFilter> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let name = VARIABLES.into_iter().find(is_set)?;
    let filter = EnvFilter::try_from_env(name);
    if let Err(error) = &filter {
        output::say(&format!("note    {name} can't be read ({error}): it is passed over"));
    }
    filter.ok()
}
