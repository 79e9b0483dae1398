use crate::cli::args::{Format, Global};
use crate::cli::context::{Context, find};
use crate::cli::error::CliError;
use crate::cli::live::is_paused;
use crate::cli::output;
use crate::report::{Reader, StatusReport, status_lines, task_lines};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint status genesis.xml\n         blueprint status genesis.xml auth-api --format json"
)]
pub(crate) struct Args {
    /// The plan, then the tasks to show in full; all, in a line each, if none is named.
    #[arg(value_name = "GENESIS|TASK")]
    arguments: Vec<String>,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: Format,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let (path, names) = find(&args.arguments)?;
    let (context, known) = Context::open(path, global)?.known()?;
    let wanted = known.tasks(names)?;
    let is_wanted = |index| wanted.is_empty() || wanted.contains(&index);
    let mut report = StatusReport::new(
        &context.path,
        &known.genesis,
        &known.plan,
        &known.history,
        known.run.as_ref(),
        is_wanted,
    );
    for task in &mut report.tasks {
        // One that was removed is none.
        task.worktree = task.worktree.take().filter(|place| place.exists());
    }
    if args.format == Format::Human && is_paused(&context, known.run.as_ref())? {
        output::say("note    the live run is paused: nothing new starts until `blueprint resume`");
    }
    match args.format {
        Format::Json => output::json(&report)?,
        Format::Human if wanted.is_empty() => {
            output::data(&status_lines(&report, &Reader::of(output::width())))?
        }
        Format::Human => {
            let stories: Vec<_> =
                report.tasks.iter().map(|task| task_lines(task, &Reader::of(output::width()))).collect();
            output::data(&stories.join("\n"))?;
        }
    }
    Ok(0)
}
