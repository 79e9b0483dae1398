mod page;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::args::Cli;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::genesis::nearest;

/// The page that is none of a verb.
const CONFIGURATION: &str = "blueprint.toml";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint man run | man -l -\n         blueprint man --dir ~/.local/share/man\n\n\
Without a verb, the page of blueprint itself; `blueprint.toml`: the page of the configuration. With `--dir`, the pages are written into \
`man1` and `man5` of that folder; where `man` looks for pages there, `man blueprint-run` shows the page of `run`."
)]
pub(crate) struct Args {
    /// The verb whose page is printed, such as `run` or `task done`.
    #[arg(value_name = "VERB", conflicts_with = "dir")]
    verb: Vec<String>,
    /// Write all pages into this folder, which is made if it is not there.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let command = built();
    match &args.dir {
        Some(dir) => write_all(&command, dir)?,
        None if args.verb == [CONFIGURATION] => output::data(&page::of_configuration())?,
        None => output::data(&page::of_command(meant(&command, &args.verb)?)?)?,
    }
    Ok(0)
}

fn built() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    command
}

fn meant<'c>(command: &'c Command, verbs: &[String]) -> Result<&'c Command, CliError> {
    let Some((verb, rest)) = verbs.split_first() else { return Ok(command) };
    let known = || command.get_subcommands().filter(|command| !command.is_hide_set());
    if let Some(command) = known().find(|command| command.get_name() == verb) {
        return meant(command, rest);
    }
    let error = CliError::usage(format!("there is no verb `{verb}`"));
    Err(match nearest(verb, known().map(Command::get_name)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`blueprint --help` lists the verbs"),
    })
}

fn write_all(command: &Command, dir: &Path) -> Result<(), CliError> {
    let (commands, files) = (dir.join("man1"), dir.join("man5"));
    for folder in [&commands, &files] {
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    }
    write(&files.join(format!("{CONFIGURATION}.5")), &page::of_configuration())?;
    let count = 1 + write_pages(command, &commands)?;
    output::say(&format!("{count} pages are in {}", output::typed(dir)));
    Ok(())
}

/// The pages of a command and all below it; gives how many.
fn write_pages(command: &Command, dir: &Path) -> Result<usize, CliError> {
    let path = dir.join(Man::new(command.clone()).get_filename());
    write(&path, &page::of_command(command)?)?;
    let verbs = command.get_subcommands().filter(|command| !command.is_hide_set());
    verbs.map(|verb| write_pages(verb, dir)).try_fold(1, |count, more| Ok(count + more?))
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(Kind::Environment, format!("can't write `{}`: {error}", path.display()))
}
