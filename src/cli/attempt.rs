//! Verbs that decide for a person are not for agents.

use std::env;

use super::error::{CliError, Kind};

/// Refuses to go on within an attempt of a run: an agent that runs or changes the plan that it is part of would decide for the person
/// who started it.
pub(super) fn refuse_inside_an_attempt(verb: &str) -> Result<(), CliError> {
    if env::var_os("BLUEPRINT_TASK_TOKEN").is_none() {
        return Ok(());
    }
    let message = format!("`blueprint {verb}` is not for agents: this is an attempt of a run");
    Err(CliError::new(Kind::Forbidden, message)
        .hint("report with `blueprint task done|fail`; the run goes on by itself"))
}
