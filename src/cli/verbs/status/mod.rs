pub(in crate::cli) mod field;
mod watch;

use std::path::PathBuf;

use crate::cli::args::{Format, Global};
use crate::cli::context::{Context, Known, find};
use crate::cli::error::CliError;
use crate::cli::live::report;
use crate::cli::output;
use crate::cli::remote::{RemoteArgs, look};
use crate::plan::TaskIndex;
use crate::report::{Reader, StatusReport, status_lines, task_lines};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint status genesis.xml\n         blueprint status genesis.xml auth-api --format json\n         \
git switch \"$(blueprint status auth-api --field branch)\"\n         blueprint status --watch\n\n\
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
    /// Show it anew whenever it changes, until the run ends.
    #[arg(short, long, conflicts_with_all = ["field", "format"])]
    watch: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let (remote, arguments) = args.remote.split(&args.arguments);
    if let Some(remote) = remote {
        return in_remote(&remote, &arguments, args, global);
    }
    let (path, names) = find(&args.arguments)?;
    let sight = Sight { path, names, global };
    if args.watch {
        return watch::watch(&sight);
    }
    let found = sight.report(&sight.look()?)?;
    show(args, &sight, &found)
}

/// As the remote knows the plan now.
fn in_remote(remote: &str, arguments: &[String], args: &Args, global: &Global) -> Result<u8, CliError> {
    if args.watch {
        return Err(CliError::usage("a remote tells nobody when it changes")
            .hint("leave out `--watch`, or `--remote`"));
    }
    let (context, known, names) = look(remote, arguments, global)?;
    let sight = Sight { path: context.path.clone(), names, global };
    let wanted = known.tasks(names)?;
    let found = sight.report(&Seen { context, known, wanted })?;
    show(args, &sight, &found)
}

fn show(args: &Args, sight: &Sight<'_>, found: &StatusReport) -> Result<u8, CliError> {
    match (&args.field, args.format) {
        (Some(name), _) => output::data(&field::value(found, name)?)?,
        (None, Format::Json) => output::json(found)?,
        (None, Format::Human) => {
            if found.run.as_ref().is_some_and(|run| run.ending) {
                output::say("note    the live run is ending: nothing new starts");
            } else if found.run.as_ref().is_some_and(|run| run.paused) {
                output::say("note    the live run is paused: nothing new starts until `blueprint resume`");
            }
            output::page(&sight.shown(found))?;
        }
    }
    Ok(0)
}

/// A plan, and which of its tasks are to be shown.
struct Sight<'a> {
    path: PathBuf,
    names: &'a [String],
    global: &'a Global,
}

/// All that is known of it at one moment.
struct Seen {
    context: Context,
    known: Known,
    wanted: Vec<TaskIndex>,
}

impl Sight<'_> {
    fn look(&self) -> Result<Seen, CliError> {
        let (context, known) = Context::open(self.path.clone(), self.global)?.known_with_records()?;
        let wanted = known.tasks(self.names)?;
        Ok(Seen { context, known, wanted })
    }

    /// What there is to say of it now.
    fn report(&self, seen: &Seen) -> Result<StatusReport, CliError> {
        let is_wanted = |index| self.names.is_empty() || seen.wanted.contains(&index);
        report(&seen.context, &seen.known, is_wanted)
    }

    /// For people: a line a task, or the stories of those that are named.
    fn shown(&self, found: &StatusReport) -> String {
        let reader = Reader::of(output::width());
        if self.names.is_empty() {
            return status_lines(found, &reader);
        }
        let stories: Vec<_> = found.tasks.iter().map(|task| task_lines(task, &reader)).collect();
        stories.join("\n")
    }

    fn drawn(&self, seen: &Seen) -> Result<String, CliError> {
        Ok(self.shown(&self.report(seen)?))
    }
}
