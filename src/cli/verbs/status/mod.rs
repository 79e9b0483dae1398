pub(in crate::cli) mod field;
mod seen;
mod watch;

use crate::cli::args::{Format, Global};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::remote::RemoteArgs;
use seen::Seen;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint status genesis.xml\n         blueprint status genesis.xml auth-api --format json\n         \
git switch \"$(blueprint status auth-api --field branch)\"\n         blueprint status --watch\n         blueprint status --remote --watch\n\n\
The fields are the keys of `--format json`: those of tasks (`branch`, `tokens.input`), a line for each task, and those of the plan \
(`counts.failed`, `plan.remaining_ms`, `run.pid`). What is not known is an empty line."
)]
pub(crate) struct Args {
    /// The plan, then the tasks to show in full; all, in a line each, if none is named.
    #[arg(value_name = "GENESIS|TASK")]
    pub(super) arguments: Vec<String>,
    /// What needs you, what there is to review, what runs and what waits: what `blueprint` alone shows of the one plan that is here.
    #[arg(long, conflicts_with_all = ["field", "format", "watch", "remote"])]
    pub(super) todo: bool,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Print only this value, for scripts.
    #[arg(long, value_name = "NAME", conflicts_with = "format")]
    field: Option<String>,
    /// Show it anew whenever it changes, until the run ends; with `--remote`, until nobody works at the plan any more: the remote is asked every
    /// five seconds.
    #[arg(short, long, conflicts_with_all = ["field", "format"])]
    watch: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let look = || Seen::of(args.remote.look(&args.arguments, global)?);
    let seen = look()?;
    if args.watch {
        return watch::watch(seen, &look);
    }
    let found = seen.report()?;
    match (&args.field, args.format) {
        (Some(name), _) => output::data(&field::value(&found, name)?)?,
        (None, Format::Json) => output::json(&found)?,
        (None, Format::Human) => {
            if found.run.as_ref().is_some_and(|run| run.ending) {
                output::say("note    the live run is ending: nothing new starts");
            } else if found.run.as_ref().is_some_and(|run| run.paused) {
                output::say("note    the live run is paused: nothing new starts until `blueprint resume`");
            }
            output::page(&seen.shown(&found))?;
        }
    }
    Ok(0)
}
