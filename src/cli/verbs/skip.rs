use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::context::{Context, find};
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::said::Said;
use crate::genesis::{Edit, Genesis, SKIPPED, Status, TaskResult, Transition};
use crate::plan::legal;
use crate::report::clean;
use crate::run::ledger;
use crate::store::RunLock;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint skip genesis.xml old-docs --reason \"nobody reads them\"\n\n\
What depends on it runs as if it were done; a run that is live follows.")]
pub(crate) struct Args {
    /// The plan, then the tasks that count as done without work.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("skip", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("skip", Some(&path))?;
    if names.is_empty() {
        return Err(CliError::usage("which task?").hint("`blueprint skip TASK…`"));
    }
    let (context, known) = Context::open(path, global)?.known()?;
    for name in names {
        known.task(name)?;
        refuse(&context, &known.genesis, name)?;
    }
    let reason = Said::of(&context).some(args.reason.as_deref());
    for name in names {
        skip(&context, name, reason.as_deref())?;
    }
    Ok(0)
}

fn skip(context: &Context, name: &str, reason: Option<&str>) -> Result<(), CliError> {
    let committed = context
        .plan_file()?
        .commit(|genesis| {
            let now = ledger::caught_up(genesis.clone(), &context.history()?)
                .map_err(|error| CliError::edit(&error))?;
            refuse(context, &now, name)?;
            // What the journal has already, the plan file gets from a run; its result counts.
            if now.task(name).is_some_and(|task| task.status == Status::Completed) {
                return Ok(Edit::default());
            }
            skipped(genesis, name, reason)
        })
        .map_err(|error| CliError::commit(&context.path, error))?;
    let did = if committed.changed { "is skipped" } else { "was already completed" };
    output::say(&format!("task {} {did}", clean(name)));
    Ok(())
}

/// Only what nobody works on can be skipped.
fn refuse(context: &Context, now: &Genesis, name: &str) -> Result<(), CliError> {
    let status = now.task(name).map_or(Status::Pending, |task| task.status);
    let is_live = || RunLock::live_owner(&context.state.run_lock()).map(|owner| owner.is_some());
    if status == Status::InProgress && is_live()? {
        let error = CliError::new(Kind::Forbidden, format!("task `{name}` is being worked on by a live run"));
        return Err(error.hint("wait for it, or end the run first"));
    }
    let way_out = "set it back to pending first";
    legal(status, Status::Completed)
        .map_err(|error| CliError::from(error).hint(format!("task `{name}`: {way_out}")))
}

fn skipped(genesis: &Genesis, name: &str, reason: Option<&str>) -> Result<Edit, CliError> {
    let actor = actor();
    let why = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let why = why.map_or_else(String::new, |reason| format!(": {reason}"));
    let result = TaskResult { summary: format!("{SKIPPED} by {actor}{why}"), ..TaskResult::default() };
    let transition = Transition {
        task: name,
        to: Status::Completed,
        at: Timestamp::now(),
        actor: &actor,
        description: &result.summary,
        changes: None,
        result: Some(result.clone()),
    };
    genesis.transition(&transition).map_err(|error| CliError::edit(&error))
}
