use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::CliError;
use crate::cli::live::{ask, asked_before, live_run};
use crate::cli::output;
use crate::cli::person::refuse_inside_an_attempt;
use crate::run::Asks;
use crate::store::{Lock, RunOwner};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint stop genesis.xml --wait\n\n\
Each `stop` is as a Ctrl-C where the run is: after the first one nothing new starts and running agents finish, the second one ends \
them (their tasks are pending again), the third one kills them.")]
pub(crate) struct Args {
    /// The plan whose live run is to end.
    #[arg(value_name = "GENESIS")]
    genesis: Option<String>,
    /// End the running agents, too; their tasks are pending again.
    #[arg(long)]
    now: bool,
    /// Come back when the run is over.
    #[arg(long)]
    wait: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("stop", None)?;
    let path = find_only(args.genesis.as_ref())?;
    refuse_inside_an_attempt("stop", Some(&path))?;
    let context = Context::open(path, global)?.context();
    let run = live_run(&context)?;
    let before = asked_before(&context, &run)?.into_iter().filter_map(urgency).sum();
    let asks = if args.now { Asks::StopNow } else { Asks::Stop };
    ask(&context, &run, asks)?;
    output::say(&told(&run, args.now, before));
    if args.wait {
        // A run has this lock as long as it lives.
        drop(Lock::wait(&context.state.run_lock())?);
        output::say("the run is over");
    }
    Ok(0)
}

/// How many stages a wish to end was worth, at least.
fn urgency(asks: Asks) -> Option<u8> {
    match asks {
        Asks::Stop => Some(1),
        Asks::StopNow => Some(2),
        Asks::Pause | Asks::Resume => None,
    }
}

fn told(run: &RunOwner, now: bool, before: u8) -> String {
    let pid = run.pid;
    match (before, now) {
        (0, false) => format!(
            "the run (process {pid}) is asked to end: nothing new starts, running agents finish\n\
             next    blueprint stop   (again: ends the running agents)"
        ),
        (0, true) | (1, _) => format!(
            "the run (process {pid}) is asked to end its agents; their tasks become pending again\n\
             next    blueprint stop   (again: kills the running agents)"
        ),
        (2.., _) => format!("the run (process {pid}) is asked to kill its agents"),
    }
}
