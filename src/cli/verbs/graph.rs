use crate::cli::args::Global;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::remote::RemoteArgs;
use crate::report::{self, GraphFormat};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint graph genesis.xml --format svg > plan.svg")]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// How to write it.
    #[arg(long, default_value = "text")]
    format: GraphFormat,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let looked = args.remote.look_at(args.genesis.as_ref(), global)?;
    output::data(&report::graph(&looked.known.plan, args.format))?;
    Ok(0)
}
