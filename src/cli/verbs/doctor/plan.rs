//! The plan itself, its configuration, and its agents' definitions.

use std::path::Path;

use super::Check;
use crate::cli::config::Loaded;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::surroundings::look_around;
use crate::genesis::{Diagnostic, Genesis, LineIndex};
use crate::plan;
use crate::report::shell_word;

pub(super) fn unreadable(path: &Path, error: &CliError) -> Check {
    let last = error.message.lines().last().unwrap_or_default().to_owned();
    Check::wrong("plan", format!("{}: {last}", output::typed(path)), validate(path))
}

fn validate(path: &Path) -> String {
    format!("`blueprint validate {}` shows where", shell_word(&path.to_string_lossy()))
}

/// The configuration, if it can be read.
pub(super) fn check(context: &Context, genesis: &Genesis, checks: &mut Vec<Check>) -> Option<Loaded> {
    let path = &context.path;
    checks.push(match plan::load(genesis) {
        Ok(plan) => Check::fine("plan", format!("{}: {} tasks", output::typed(path), plan.len())),
        Err(found) => {
            let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
            Check::wrong("plan", format!("{}: {errors} errors", output::typed(path)), validate(path))
        }
    });
    let misfits = look_around(path, genesis);
    checks.extend(misfits.in_plan.iter().map(|found| note("agents", path, genesis.source(), found)));
    for examined in &misfits.elsewhere {
        let found = examined.diagnostics.iter();
        checks.extend(found.map(|found| note("config", &examined.path, &examined.source, found)));
    }
    if misfits.in_plan.is_empty() {
        let names_any = genesis.tasks().iter().any(|task| task.agent.is_some());
        checks.push(Check::fine(
            "agents",
            if names_any {
                "every agent that the plan names is as it should be"
            } else {
                "no task names an agent: a general one does each"
            },
        ));
    }
    match context.config() {
        Ok(loaded) => {
            checks.push(Check::fine("config", format!("read from {}", loaded.dir.display())));
            Some(loaded)
        }
        Err(error) => {
            checks.push(Check::failed("config", error));
            None
        }
    }
}

fn note(area: &'static str, path: &Path, source: &str, found: &Diagnostic) -> Check {
    let line = LineIndex::new(source).position(found.span.start).line;
    let text = format!("{} line {line}: {}", output::typed(path), found.message);
    let hint = found.help.clone().unwrap_or_else(|| "`blueprint validate` shows the place".to_owned());
    if found.is_error() { Check::wrong(area, text, hint) } else { Check::note(area, text, hint) }
}
