use std::env;
use std::path::Path;

use clap_complete::Shell;

use crate::cli::complete;
use crate::cli::error::CliError;
use crate::cli::output;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint completions fish > ~/.config/fish/completions/blueprint.fish\n         \
echo 'source <(blueprint completions bash)' >> ~/.bashrc\n         \
echo 'source <(blueprint completions zsh)' >> ~/.zshrc\n\n\
The script asks blueprint itself, so it offers the tasks of the plan, epics, runners and codes. In ~/.zshrc the line has to follow `compinit`."
)]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    output::data(&complete::script(args.shell, &program())?)?;
    Ok(0)
}

/// The program as it was called: by its name alone, the shell finds it; a path is made one that holds in every folder.
fn program() -> String {
    let called = env::args_os().next().unwrap_or_default();
    if Path::new(&called).components().count() < 2 {
        return "blueprint".to_owned();
    }
    std::path::absolute(&called).unwrap_or_else(|_| called.into()).display().to_string()
}
