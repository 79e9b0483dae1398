use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint completions bash > ~/.local/share/bash-completion/completions/blueprint"
)]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "blueprint", &mut script);
    output::data(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
