use std::path::PathBuf;

use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::find_only;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::genesis::{Diagnostic, Genesis, LineIndex, Severity};
use crate::plan;
use crate::store::{LoadError, read_plan};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint validate genesis.xml --strict\n\nExit codes: 0 valid, 3 invalid.")]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// Let warnings fail, too.
    #[arg(long)]
    strict: bool,
    /// How to print what is found.
    #[arg(long, default_value = "human")]
    format: Format,
}

/// What is wrong with a plan, and the text that it is about.
struct Findings {
    path: PathBuf,
    source: String,
    diagnostics: Vec<Diagnostic>,
    /// What a valid plan has, for people.
    content: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let path = find_only(args.genesis.as_ref())?;
    let findings = check(path)?;
    let refused = |diagnostic: &Diagnostic| diagnostic.is_error() || args.strict;
    let is_invalid = findings.diagnostics.iter().any(refused);
    match args.format {
        Format::Human => output::data(&findings.human(is_invalid))?,
        Format::Json => output::json(&findings.json())?,
    }
    Ok(if is_invalid { Kind::Invalid.exit_code() } else { 0 })
}

fn check(path: PathBuf) -> Result<Findings, CliError> {
    match read_plan(&path) {
        Ok(genesis) => Ok(Findings::of(path, &genesis)),
        Err(LoadError::Invalid(invalid)) => {
            Ok(Findings { path, source: invalid.source, diagnostics: invalid.diagnostics, content: None })
        }
        Err(LoadError::Store(error)) => Err(error.into()),
    }
}

impl Findings {
    fn of(path: PathBuf, genesis: &Genesis) -> Self {
        let (diagnostics, content) = match plan::load(genesis) {
            Ok(plan) => {
                let edges = plan.tasks().map(|(index, _)| plan.prerequisites(index).len()).sum();
                let form = genesis.form();
                let (tasks, edges) = (counted(plan.len(), "task"), counted(edges, "dependency"));
                let content = format!("{tasks}, {edges}, {} form", form.as_str());
                (plan.warnings, Some(content))
            }
            Err(diagnostics) => (diagnostics, None),
        };
        Self { path, source: genesis.source().to_owned(), diagnostics, content }
    }

    fn human(&self, is_invalid: bool) -> String {
        let text = output::diagnostics(&self.path, &self.source, &self.diagnostics);
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let warnings = self.diagnostics.len() - errors;
        let verdict = if is_invalid { "invalid" } else { "valid" };
        let found = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
        let facts = self.content.clone().into_iter().chain(found.map(|(count, word)| counted(count, word)));
        let facts: Vec<_> = facts.collect();
        text + &format!("{}: {verdict} ({})\n", output::typed(&self.path), facts.join(", "))
    }

    fn json(&self) -> Report {
        let index = LineIndex::new(&self.source);
        let found = self.diagnostics.iter().map(|diagnostic| {
            let position = index.position(diagnostic.span.start);
            Found {
                code: diagnostic.code.as_str(),
                severity: match diagnostic.code.severity() {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                message: diagnostic.message.clone(),
                line: position.line,
                column: position.column,
                help: diagnostic.help.clone(),
            }
        });
        Report { version: 1, diagnostics: found.collect() }
    }
}

/// `1 dependency`, `2 dependencies`.
fn counted(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {word}s"),
    }
}

#[derive(Serialize)]
struct Report {
    version: u32,
    diagnostics: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    code: &'static str,
    severity: &'static str,
    message: String,
    line: usize,
    column: usize,
    help: Option<String>,
}
