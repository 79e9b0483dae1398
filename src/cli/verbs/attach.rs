use super::run::{Progress, View, tell_all};
use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::{CliError, Kind};
use crate::cli::live::live_run;
use crate::cli::person::refuse_inside_an_attempt;
use crate::run;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint attach genesis.xml\n\n\
Shows what the run has told so far, and goes on until it is over; then its exit code is this one's, too. Ctrl-C only detaches.")]
pub(crate) struct Args {
    /// The plan whose live run is to be shown.
    #[arg(value_name = "GENESIS")]
    genesis: Option<String>,
    /// How to show what happens.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Progress,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("attach", None)?;
    let path = find_only(args.genesis.as_ref())?;
    refuse_inside_an_attempt("attach", Some(&path))?;
    let context = Context::open(path, global)?.context();
    let owner = live_run(&context)?;
    let show = tell_all(vec![View::of(args.progress, global).show()]);
    let summary = run::attach(&context.state, &owner, &show);
    match summary.map_err(|error| CliError::run(&context.path, error))? {
        Some(summary) => Ok(summary.verdict.exit_code()),
        None => {
            Err(CliError::new(Kind::Environment, "the run ended without a word: it was killed, or failed")
                .hint("`blueprint run` goes on where it ended"))
        }
    }
}
