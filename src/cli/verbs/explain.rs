use std::path::Path;

use crate::cli::args::{Format, Global};
use crate::cli::context::{Context, Known};
use crate::cli::error::CliError;
use crate::cli::live::{is_ending, is_paused, report};
use crate::cli::output;
use crate::cli::remote::{Looked, RemoteArgs};
use crate::plan::TaskIndex;
use crate::report::{Explanation, Surroundings, WouldRun, explain_lines};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint explain genesis.xml auth-api")]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task.
    #[arg(value_name = "GENESIS|TASK")]
    arguments: Vec<String>,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: Format,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let looked = args.remote.look(&args.arguments, global)?;
    let [name] = looked.names.as_slice() else {
        return Err(CliError::usage("name one task").hint("`blueprint explain [GENESIS] TASK`"));
    };
    let index = looked.known.task(name)?;
    let Some(explanation) = explanation(&looked, index)? else { return Ok(0) };
    match args.format {
        Format::Json => output::json(&explanation)?,
        Format::Human => output::page(&explain_lines(&explanation, output::width()))?,
    }
    Ok(0)
}

fn explanation(looked: &Looked, index: TaskIndex) -> Result<Option<Explanation>, CliError> {
    let (context, known) = (&looked.context, &looked.known);
    let run = known.run.as_ref();
    let report = report(context, known, |other| other == index)?;
    let distance = looked.distance();
    let around = Surroundings {
        plan_name: &looked.plan_name(),
        plan: &known.plan,
        history: &known.history,
        state: &context.state,
        is_there: Path::exists,
        distance: distance.as_ref(),
        is_live: run.is_some(),
        is_paused: is_paused(context, run)?,
        is_ending: is_ending(context, run)?,
    };
    // What a job would do is made of what its own clone has.
    let would_run = if distance.is_none() { would_run(context, known, index) } else { None };
    Ok(Explanation::new(report, index, &around, would_run))
}

/// Where a run could not even begin, that is told, and all else that is known of the task.
fn would_run(context: &Context, known: &Known, index: TaskIndex) -> Option<WouldRun> {
    match super::run::planned(context, known, index) {
        Ok((planned, definition)) => Some(WouldRun::new(planned, definition)),
        Err(error) => {
            output::say(&format!("note    a run could not begin: {error}"));
            None
        }
    }
}
