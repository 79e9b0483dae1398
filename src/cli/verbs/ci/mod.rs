//! `blueprint ci`: a workflow for a CI service, in which every task of a plan is a job.
//!
//! What stands in it comes from plan and configuration, so that it is made anew when they change.

mod github;
mod gitlab;
mod jobs;
mod yaml;

use std::fs;
use std::path::PathBuf;

use jobs::Pipeline;

use crate::cli::args::Global;
use crate::cli::context::{Context, find_only};
use crate::cli::error::{CliError, Kind};
use crate::cli::output;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint ci github genesis.xml --install 'npm install --global @anthropic-ai/claude-code' --output .github/workflows/blueprint.yml\n\n\
Each job runs its task by `blueprint run GENESIS TASK --ci`; the last one runs `blueprint sync GENESIS`. Make the file anew when the plan's tasks or edges change."
)]
pub(crate) struct Args {
    /// Which service.
    service: Target,
    /// The plan.
    genesis: Option<String>,
    /// A line for the shell that installs blueprint and the agents' programs in a job.
    #[arg(long, value_name = "COMMAND")]
    install: Option<String>,
    /// The label of the machines that jobs run on [default: ubuntu-latest on GitHub, any on GitLab].
    #[arg(long, value_name = "LABEL")]
    runs_on: Option<String>,
    /// The container image that jobs run in.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// A secret of the repository that jobs get as a variable of that name, beside those that the plan's runners are known to need.
    #[arg(long, value_name = "NAME")]
    secret: Vec<String>,
    /// Write it into this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A CI service that a workflow can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// What the command line says of the machines.
struct Machines<'a> {
    install: Option<&'a str>,
    runs_on: Option<&'a str>,
    image: Option<&'a str>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_no_name(&args.secret)?;
    let path = find_only(args.genesis.as_ref())?;
    let (context, known) = Context::open(path, global)?.known()?;
    let pipeline = Pipeline::of(&context, &known.plan, &args.secret)?;
    let machines = Machines {
        install: args.install.as_deref(),
        runs_on: args.runs_on.as_deref(),
        image: args.image.as_deref(),
    };
    let (text, note) = match args.service {
        Target::Github => (github::workflow(&pipeline, &machines), github::too_long_a_lane(&pipeline)),
        Target::Gitlab => (gitlab::pipeline(&pipeline, &machines), gitlab::too_many_needs(&pipeline)),
    };
    match &args.output {
        Some(file) => write(file, &text)?,
        None => output::data(&text)?,
    }
    if let Some(note) = note {
        output::say(&note);
    }
    Ok(0)
}

fn write(file: &PathBuf, text: &str) -> Result<(), CliError> {
    let failed =
        |error| CliError::new(Kind::Environment, format!("can't write `{}`: {error}", file.display()));
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(file, text).map_err(failed)
}

/// A name stands in the file as it is.
fn refuse_no_name(secrets: &[String]) -> Result<(), CliError> {
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match secrets.iter().find(|name| !is_name(name)) {
        None => Ok(()),
        Some(name) => Err(CliError::usage(format!("`{name}` is no name of a secret"))
            .hint("letters, digits and `_`, not beginning with a digit: `--secret ANTHROPIC_API_KEY`")),
    }
}
