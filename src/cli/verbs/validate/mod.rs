mod explain;
mod findings;
mod json;
mod sarif;

use clap::ValueEnum;

use crate::cli::context::find_only;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;

use findings::Findings;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint validate genesis.xml --strict\n         blueprint validate --schema --format sarif > plan.sarif\n\
         blueprint validate --explain E202\n\nExit codes: 0 valid, 3 invalid."
)]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// Let warnings fail, too.
    #[arg(long)]
    strict: bool,
    /// Check it against the schema `genesis.xsd`, too: a stricter view than a run takes. It describes the canonical form.
    #[arg(long)]
    schema: bool,
    /// How to print what is found.
    #[arg(long, default_value = "human")]
    format: Format,
    /// Tell more about a code, such as E202, and what to do; `list` lists them all.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["genesis", "strict", "schema", "format"])]
    explain: Option<String>,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, which code hosts and editors read.
    Sarif,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    if let Some(code) = &args.explain {
        return explain::run(code);
    }
    let path = find_only(args.genesis.as_ref())?;
    let findings = Findings::of(path, args.schema)?;
    let is_invalid = findings.are_refused(args.strict);
    match args.format {
        Format::Human => output::page(&findings.human(is_invalid))?,
        Format::Json => output::json(&json::report(&findings))?,
        Format::Sarif => output::json(&sarif::report(&findings))?,
    }
    Ok(if is_invalid { Kind::Invalid.exit_code() } else { 0 })
}
