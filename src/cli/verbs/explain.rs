use crate::cli::args::{Format, Global};
use crate::cli::context::{Context, Known, find};
use crate::cli::error::CliError;
use crate::cli::live::{is_ending, is_paused};
use crate::cli::output;
use crate::plan::TaskIndex;
use crate::report::{Explanation, StatusReport, Surroundings, WouldRun, explain_lines};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint explain genesis.xml auth-api")]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let (path, names) = find(&args.arguments)?;
    let [name] = names else {
        return Err(CliError::usage("name one task").hint("`blueprint explain [GENESIS] TASK`"));
    };
    let (context, known) = Context::open(path, global)?.known_with_records()?;
    let index = known.task(name)?;
    let Some(explanation) = explanation(&context, &known, index)? else { return Ok(0) };
    match args.format {
        Format::Json => output::json(&explanation)?,
        Format::Human => output::page(&explain_lines(&explanation, output::width()))?,
    }
    Ok(0)
}

fn explanation(context: &Context, known: &Known, index: TaskIndex) -> Result<Option<Explanation>, CliError> {
    let is_wanted = |other| other == index;
    let run = known.run.as_ref();
    let report =
        StatusReport::new(&context.path, &known.genesis, &known.plan, &known.history, run, is_wanted);
    let around = Surroundings {
        plan_name: &output::typed(&context.path),
        plan: &known.plan,
        history: &known.history,
        state: &context.state,
        is_live: run.is_some(),
        is_paused: is_paused(context, run)?,
        is_ending: is_ending(context, run)?,
    };
    Ok(Explanation::new(report, index, &around, would_run(context, known, index)))
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
