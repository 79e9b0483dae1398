use std::path::PathBuf;

use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::surroundings::{Examined, look_around};
use crate::genesis::{Diagnostic, Genesis};
use crate::plan;
use crate::store::{LoadError, read_plan};

/// Everything that is wrong with a plan and with what stands around it.
pub(super) struct Findings {
    /// The plan first; then other files in which something was found.
    pub(super) files: Vec<Examined>,
    /// What a valid plan has, for people.
    content: Option<String>,
}

impl Findings {
    /// Looks at the plan at `path`, with `schema` also through the eyes of its schema.
    pub(super) fn of(path: PathBuf, schema: bool) -> Result<Self, CliError> {
        match read_plan(&path) {
            Ok(genesis) => Ok(Self::of_plan(path, &genesis, schema)),
            Err(LoadError::Invalid(invalid)) => {
                let (source, diagnostics) = (invalid.source, invalid.diagnostics);
                Ok(Self { files: vec![Examined { path, source, diagnostics }], content: None })
            }
            Err(LoadError::Store(error)) => Err(error.into()),
        }
    }

    fn of_plan(path: PathBuf, genesis: &Genesis, schema: bool) -> Self {
        let content = plan::load(genesis).ok().map(|plan| {
            let edges = plan.tasks().map(|(index, _)| plan.prerequisites(index).len()).sum();
            let (tasks, edges) = (counted(plan.len(), "task"), counted(edges, "dependency"));
            format!("{tasks}, {edges}, {} form", genesis.form().as_str())
        });
        let mut diagnostics = plan::diagnostics(genesis);
        if schema {
            diagnostics.extend(genesis.against_schema());
        }
        let misfits = look_around(&path, genesis);
        diagnostics.extend(misfits.in_plan);
        diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        let plan = Examined { path, source: genesis.source().to_owned(), diagnostics };
        let files = std::iter::once(plan).chain(misfits.elsewhere).collect();
        Self { files, content }
    }

    /// Whether the plan does not pass: errors, or anything at all if it is `strict`.
    pub(super) fn are_refused(&self, strict: bool) -> bool {
        self.all().any(|diagnostic| diagnostic.is_error() || strict)
    }

    fn all(&self) -> impl Iterator<Item = &Diagnostic> {
        self.files.iter().flat_map(|file| &file.diagnostics)
    }

    /// For people: every finding with its source line, and the verdict.
    pub(super) fn human(&self, is_invalid: bool) -> String {
        let text: String = self
            .files
            .iter()
            .map(|file| output::diagnostics(&file.path, &file.source, &file.diagnostics))
            .collect();
        let errors = self.all().filter(|diagnostic| diagnostic.is_error()).count();
        let warnings = self.all().count() - errors;
        let verdict = match (is_invalid, errors) {
            (false, _) => "valid",
            (true, 0) => "valid, but --strict lets no warning pass",
            (true, _) => "invalid",
        };
        let found = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
        let facts = self.content.clone().into_iter().chain(found.map(|(count, word)| counted(count, word)));
        let facts: Vec<_> = facts.collect();
        let plan = self.files.first().map(|plan| output::typed(&plan.path)).unwrap_or_default();
        text + &format!("{plan}: {verdict} ({})\n", facts.join(", "))
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
