use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::CliError;
use crate::cli::live::{ask, asked_before, live_run};
use crate::cli::output;
use crate::cli::person::refuse_inside_an_attempt;
use crate::run::Asks;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint pause genesis.xml\n\n\
Running agents go on, nothing new starts until `blueprint resume`. It holds for this run: one that is started later is not paused.")]
pub(crate) struct Args {
    /// The plan whose live run is to start nothing new.
    #[arg(value_name = "GENESIS")]
    genesis: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    switch("pause", args.genesis.as_ref(), global, Asks::Pause)
}

/// Pauses a live run, or has it go on.
pub(super) fn switch(
    verb: &str,
    genesis: Option<&String>,
    global: &Global,
    asks: Asks,
) -> Result<u8, CliError> {
    refuse_inside_an_attempt(verb, None)?;
    let path = find_only(genesis)?;
    refuse_inside_an_attempt(verb, Some(&path))?;
    let context = Context::open(path, global)?.context();
    let run = live_run(&context)?;
    let before = asked_before(&context, &run)?;
    let last = before.into_iter().rfind(|asked| matches!(asked, Asks::Pause | Asks::Resume));
    if last.unwrap_or(Asks::Resume) == asks {
        output::say(if asks == Asks::Pause { "the run is paused already" } else { "the run is not paused" });
    } else {
        ask(&context, &run, asks)?;
        output::say(&told(asks, run.pid));
    }
    Ok(0)
}

fn told(asks: Asks, pid: u32) -> String {
    if asks == Asks::Pause {
        format!(
            "the run (process {pid}) is paused: running agents go on, nothing new starts\n\
                 next    blueprint resume"
        )
    } else {
        format!("the run (process {pid}) goes on")
    }
}
