use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::report::{self, GraphFormat};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint graph genesis.xml --format svg > plan.svg")]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// How to write it.
    #[arg(long, default_value = "text")]
    format: GraphFormat,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let path = find_only(args.genesis.as_ref())?;
    let (_, known) = Context::open(path, global)?.known_with_records()?;
    output::data(&report::graph(&known.plan, args.format))?;
    Ok(0)
}
