//! Whose a change of status is: an agent's own task is its own, and a task that a live run has under way is its agent's.

use std::env;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::genesis::{Genesis, Status, Task};
use crate::run::{History, Record, supervisor};
use crate::store::{RunLock, read_records};

/// Refuses what `blueprint task` would refuse, too.
///
/// # Errors
/// [`CliError`] for a change of status that isn't the caller's to make.
pub(super) fn check(context: &Context, before: &Genesis, now: &Genesis) -> Result<(), CliError> {
    let is_changed = |task: &&Task| now.task(&task.id).is_some_and(|now| now.status != task.status);
    let mut changed = before.tasks().iter().filter(is_changed).peekable();
    if changed.peek().is_none() || RunLock::live_owner(&context.state.run_lock())?.is_none() {
        return Ok(());
    }
    let records = read_records::<Record>(&context.state.journal())?;
    let history = History::from_records(records.records);
    let own = own_task(&history);
    if own.is_none() && supervisor::is_inside_attempt(&context.path) {
        return Err(without_token());
    }
    let foreign = changed.find(|task| match &own {
        Some(own) => *own != task.id,
        None => is_under_way(&history, task),
    });
    foreign.map_or(Ok(()), |task| Err(refused(&task.id, own.as_deref())))
}

/// The task of the attempt that we are part of, if its token says so.
fn own_task(history: &History) -> Option<String> {
    let task = env::var("TASK_ID").ok()?;
    let token = env::var("BLUEPRINT_TASK_TOKEN").ok()?;
    history.task(&task)?.is_told(&token).then_some(task)
}

fn is_under_way(history: &History, task: &Task) -> bool {
    let story = history.task(&task.id);
    task.status == Status::InProgress && story.is_some_and(|story| story.open_attempt().is_some())
}

/// An agent that hides its token, or has one of an earlier attempt.
fn without_token() -> CliError {
    let message =
        "this is an attempt at a task of this plan, but not by its agent's own means; nothing was changed";
    CliError::new(Kind::Forbidden, message)
        .hint("keep the variables TASK_ID and BLUEPRINT_TASK_TOKEN as they were given")
}

fn refused(task: &str, own: Option<&str>) -> CliError {
    let message = match own {
        Some(own) => format!("this attempt is about task `{own}`; it can't change the status of `{task}`"),
        None => {
            format!("task `{task}` is being worked on by a live run; only its own agent can report on it")
        }
    };
    CliError::new(Kind::Forbidden, format!("{message}; nothing was changed"))
        .hint("the run writes the status of its tasks; `blueprint status` shows how they stand")
}
