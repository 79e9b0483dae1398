use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::args::Cli;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::genesis::nearest;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint man run | man -l -\n         blueprint man --dir ~/.local/share/man/man1\n\n\
Without a verb, the page of blueprint itself. After the second call, `man blueprint-run` shows the page of `run`."
)]
pub(crate) struct Args {
    /// The verb whose page is printed, such as `run` or `task done`.
    #[arg(value_name = "VERB", conflicts_with = "dir")]
    verb: Vec<String>,
    /// Write the pages of all verbs into this folder, which is made if it is not there.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let command = built();
    match &args.dir {
        Some(dir) => write_all(&command, dir)?,
        None => output::data(&page(meant(&command, &args.verb)?)?)?,
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
    fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let count = write(command, dir)?;
    output::say(&format!("{count} pages are in {}", output::typed(dir)));
    Ok(())
}

/// The pages of a command and all below it; gives how many.
fn write(command: &Command, dir: &Path) -> Result<usize, CliError> {
    let path = dir.join(Man::new(command.clone()).get_filename());
    fs::write(&path, page(command)?).map_err(|error| failed(&path, &error))?;
    let verbs = command.get_subcommands().filter(|command| !command.is_hide_set());
    verbs.map(|verb| write(verb, dir)).try_fold(1, |count, more| Ok(count + more?))
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(Kind::Environment, format!("can't write `{}`: {error}", path.display()))
}

fn page(command: &Command) -> Result<String, CliError> {
    let mut text = Vec::new();
    render(command, &mut text).map_err(|error| CliError::new(Kind::Bug, error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn render(command: &Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let version = format!("blueprint {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(version).manual("blueprint");
    man.render_title(text)?;
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        man.render_subcommands_section(text)?;
    }
    more(command).to_writer(text)
}

/// What stands below the flags in `--help`, in sections of its own.
fn more(command: &Command) -> Roff {
    let said = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    for paragraph in said.split("\n\n") {
        match paragraph.split_once(':') {
            Some(("Example" | "Examples", examples)) => as_they_are(&mut roff, examples),
            Some(("Exit codes", codes)) => section(&mut roff, "EXIT STATUS", codes),
            _ if paragraph.is_empty() => {}
            _ => section(&mut roff, "NOTES", paragraph),
        }
    }
    roff
}

fn as_they_are(roff: &mut Roff, lines: &str) {
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

fn section(roff: &mut Roff, name: &str, text: &str) {
    roff.control("SH", [name]).text([roman(text.trim())]);
}
