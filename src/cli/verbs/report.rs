use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::args::Global;
use crate::cli::branches::refs;
use crate::cli::context::{Context, Known};
use crate::cli::error::{CliError, Kind};
use crate::cli::help_line::plan_if_needed;
use crate::cli::output;
use crate::cli::remote::{Looked, RemoteArgs};
use crate::cli::sizes::own_change;
use crate::git::DiffStat;
use crate::report::{self, Recap, Sources};
use crate::run::Attempt;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint report genesis.xml --output report.html\n         blueprint report --format markdown >> \"$GITHUB_STEP_SUMMARY\"\n\n\
The page is one file: it needs no network and runs no script."
)]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// How to write it; by the file's ending, if left out, else as Markdown.
    #[arg(long)]
    format: Option<ReportFormat>,
    /// Where to write it; standard output, if left out.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// For people, and where Markdown is shown.
    Markdown,
    /// One page with pictures.
    Html,
    /// One JSON document.
    Json,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let looked = args.remote.look_at(args.genesis.as_ref(), global)?;
    let recap = recap(&looked)?;
    let format = args.format();
    let text = text(&looked.known, &recap, format)?;
    match (&args.output, format) {
        (Some(file), _) => write(file, &text)?,
        (None, ReportFormat::Markdown) => output::page(&text)?,
        (None, ReportFormat::Html | ReportFormat::Json) => output::data(&text)?,
    }
    Ok(0)
}

impl Args {
    fn format(&self) -> ReportFormat {
        let ending = self
            .output
            .as_deref()
            .and_then(Path::extension)
            .map(|ending| ending.to_string_lossy().to_lowercase());
        self.format.unwrap_or(match ending.as_deref() {
            Some("html" | "htm") => ReportFormat::Html,
            Some("json") => ReportFormat::Json,
            _ => ReportFormat::Markdown,
        })
    }
}

fn recap(looked: &Looked) -> Result<Recap, CliError> {
    let (context, known) = (&looked.context, &looked.known);
    let records = looked.records()?;
    let changed = |attempt: &Attempt| own_change(context.repo.as_ref()?, attempt);
    Ok(Recap::new(&Sources {
        path: &context.path,
        genesis: &known.genesis,
        plan: &known.plan,
        history: &known.history,
        records: &records,
        integration: integration(looked)?,
        plan_words: plan_if_needed(),
        live: known.run.is_some(),
        now: Timestamp::now(),
        changed: &changed,
        changed_in_all: changed_in_all(context),
    }))
}

/// From the plan's start to all that is merged, each line once, but for the plan's own file. Commits that are gone leave the size unknown.
fn changed_in_all(context: &Context) -> Option<DiffStat> {
    let (repo, refs) = (context.repo.as_ref()?, refs(context).ok()?);
    let start = repo.start(&refs).ok()??;
    let all = repo.target(&refs.integration().full()).ok()??;
    repo.changed_but_for(start, all, repo.relative(&context.path).as_deref()).ok()
}

/// The branch with the finished work, once there is any.
fn integration(looked: &Looked) -> Result<Option<String>, CliError> {
    let Some(repo) = &looked.context.repo else { return Ok(None) };
    let branch = refs(&looked.context)?.integration();
    let is_there = match &looked.afar {
        Some(afar) => afar.there.contains_key(&branch.full()),
        None => repo.target(&branch.full())?.is_some(),
    };
    Ok(is_there.then(|| branch.as_str().to_owned()))
}

fn text(known: &Known, recap: &Recap, format: ReportFormat) -> Result<String, CliError> {
    let zone = TimeZone::system();
    match format {
        ReportFormat::Markdown => Ok(report::markdown(recap, &zone)),
        ReportFormat::Html => Ok(report::html(recap, &known.plan, &zone)),
        ReportFormat::Json => {
            let text =
                serde_json::to_string_pretty(recap).map_err(|error| CliError::new(Kind::Bug, error))?;
            Ok(text + "\n")
        }
    }
}

fn write(file: &Path, text: &str) -> Result<(), CliError> {
    fs::write(file, text).map_err(|error| {
        let file = file.display();
        CliError::new(Kind::Environment, format!("can't write the report `{file}`: {error}"))
    })?;
    output::say(&format!("report  {}", output::typed(file)));
    Ok(())
}
