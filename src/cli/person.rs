//! Who asks: a person, or an agent in its attempt, who must not decide for one.

use std::env;
use std::path::Path;

use super::error::{CliError, Kind};
use crate::run::supervisor;

/// An agent that runs the plan it is part of, or watches its run to the end, would wait for itself, and one that changes it would decide about its own work.
pub(super) fn refuse_inside_an_attempt(verb: &str, plan: Option<&Path>) -> Result<(), CliError> {
    let is_told = env::var_os("BLUEPRINT_TASK_TOKEN").is_some();
    if !is_told && !plan.is_some_and(supervisor::is_inside_attempt) {
        return Ok(());
    }
    let message = format!("`blueprint {verb}` is not for agents: this is an attempt of a run");
    Err(CliError::new(Kind::Forbidden, message)
        .hint("report with `blueprint task done|fail`; the run goes on by itself"))
}

/// Who does it: the agent, if the environment names one, else the person who is logged in.
pub(super) fn actor() -> String {
    let named = ["BLUEPRINT_AGENT", "USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok());
    named.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
