use super::pause::switch;
use crate::cli::args::Global;
use crate::cli::error::CliError;
use crate::run::Asks;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint resume genesis.xml")]
pub(crate) struct Args {
    /// The plan whose paused run is to go on.
    #[arg(value_name = "GENESIS")]
    genesis: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    switch("resume", args.genesis.as_ref(), global, Asks::Resume)
}
