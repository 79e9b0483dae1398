use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::context::{Context, find};
use crate::cli::error::CliError;
use crate::cli::held::Held;
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::said::Said;
use crate::genesis::Status;
use crate::plan::{TaskId, legal};
use crate::report::clean;
use crate::run::{Fact, TransitionRecord, call};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint cancel genesis.xml old-docs --reason \"nobody reads them\"\n\n\
Its agent is ended, if it has one; what depends on it is not run. A cancelled task counts as failed. `blueprint retry` takes it back.")]
pub(crate) struct Args {
    /// The plan, then the tasks that are not to be done.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("cancel", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("cancel", Some(&path))?;
    if names.is_empty() {
        return Err(CliError::usage("which task?").hint("`blueprint cancel TASK…`"));
    }
    let (context, known) = Context::open(path, global)?.known()?;
    for name in names {
        known.task(name)?;
        refuse(known.genesis.task(name).map_or(Status::Pending, |task| task.status), name)?;
    }
    let reason = Said::of(&context).some(args.reason.as_deref());
    for name in names {
        cancel(&context, name, reason.as_deref())?;
    }
    Ok(0)
}

fn cancel(context: &Context, name: &str, reason: Option<&str>) -> Result<(), CliError> {
    let held = Held::open(context)?;
    let from = held.genesis.task(name).map_or(Status::Pending, |task| task.status);
    refuse(from, name)?;
    let task = clean(name);
    if from == Status::Cancelled {
        output::say(&format!("task {task} was already cancelled"));
        return Ok(());
    }
    let then = match (&held.run, from) {
        (Some(_), Status::InProgress) => "; the live run ends its agent",
        (Some(_), _) => "; the live run does without it",
        (None, _) => "; what depends on it is not run",
    };
    let record = record(name, from, reason);
    held.settle(Fact::Transition(record.clone()), &[record], || Ok(()))?;
    output::say(&format!("task {task} is cancelled{then}"));
    Ok(())
}

fn refuse(from: Status, name: &str) -> Result<(), CliError> {
    legal(from, Status::Cancelled).map_err(|error| {
        CliError::from(error).hint(format!(
            "task `{name}` is done; `{}` would undo it first",
            call("retry", "", &clean(name), "")
        ))
    })
}

fn record(name: &str, from: Status, reason: Option<&str>) -> TransitionRecord {
    let actor = actor();
    let why = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let why = why.map_or_else(String::new, |reason| format!(": {reason}"));
    TransitionRecord {
        task: TaskId::from(name),
        from,
        to: Status::Cancelled,
        // In whole seconds, as the plan has it: by its time a change is found again.
        at: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
        description: format!("cancelled by {actor}{why}"),
        actor,
        changes: None,
        result: None,
    }
}
