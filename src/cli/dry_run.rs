use std::fmt::Write;

use super::context::Known;
use super::error::{CliError, Kind};
use crate::report::clean;
use crate::run::{self, Continued, Planned, Settings, Site};

/// What a run would do, task by task, in the order in which it would start them.
pub(super) fn describe(site: &Site, known: &Known, settings: &Settings) -> Result<String, CliError> {
    let planned = run::preview(site, settings, &known.plan, &known.genesis, &known.history)
        .map_err(|error| CliError::run(site.plan.path(), error))?;
    let mut text = String::new();
    for (place, task) in planned.iter().enumerate() {
        write_task(&mut text, place + 1, task).map_err(|error| CliError::new(Kind::Bug, error))?;
    }
    if planned.is_empty() {
        text.push_str("nothing to do\n");
    }
    Ok(text)
}

fn write_task(text: &mut String, place: usize, task: &Planned) -> std::fmt::Result {
    writeln!(
        text,
        "{place}. {}  ({}, attempt {})",
        clean(task.id.as_str()),
        clean(&task.agent),
        task.attempt
    )?;
    if let Some(base) = &task.base {
        writeln!(text, "   base      {}", clean(base))?;
    }
    match &task.branch {
        Some(branch) => {
            writeln!(text, "   branch    {branch}\n   worktree  {}", task.worktree.display())?;
        }
        None => writeln!(text, "   folder    {} (nothing is committed)", task.worktree.display())?,
    }
    if let Some(Continued { attempt, session }) = &task.continues {
        let how = if session.is_some() { "in its session" } else { "in a new session" };
        writeln!(text, "   goes on   with what attempt {attempt} has made, {how}")?;
    }
    match &task.command {
        Some(command) => writeln!(text, "   command   {}", clean(command))?,
        None => writeln!(text, "   its agent is done: attempt {} goes on with its gates", task.attempt)?,
    }
    for (place, gate) in task.gates.iter().enumerate() {
        let name = if place == 0 { "gates" } else { "" };
        writeln!(text, "   {name:<9} {}: {}", clean(&gate.name), clean(&gate.by))?;
    }
    Ok(())
}
