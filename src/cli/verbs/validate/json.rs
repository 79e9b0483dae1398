use serde::Serialize;

use super::findings::Findings;
use crate::cli::output;
use crate::genesis::{LineIndex, Severity};

/// What `schemas/validate.schema.json` describes.
#[derive(Serialize)]
pub(super) struct Report {
    version: u32,
    diagnostics: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    code: &'static str,
    severity: &'static str,
    message: String,
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    help: Option<String>,
}

pub(super) fn report(findings: &Findings) -> Report {
    let mut diagnostics = Vec::new();
    for file in &findings.files {
        let index = LineIndex::new(&file.source);
        let path = output::typed(&file.path);
        diagnostics.extend(file.diagnostics.iter().map(|diagnostic| {
            let (start, end) = (index.position(diagnostic.span.start), index.position(diagnostic.span.end));
            Found {
                code: diagnostic.code.as_str(),
                severity: severity(diagnostic.code.severity()),
                message: diagnostic.message.clone(),
                file: path.clone(),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                help: diagnostic.help.clone(),
            }
        }));
    }
    Report { version: 1, diagnostics }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
