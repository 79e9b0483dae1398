//! Findings as SARIF 2.1.0, as far as code hosts and editors make use of it.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::findings::Findings;
use super::json::severity;
use crate::cli::surroundings::Examined;
use crate::genesis::{Code, Diagnostic, LineIndex};
use crate::git::Repo;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths are relative to: the root of the checkout, or the folder where we were started.
const ROOT: &str = "SRCROOT";

/// The log of one run.
pub(super) fn report(findings: &Findings) -> impl Serialize {
    let root = findings.files.first().map(|plan| root(&plan.path)).unwrap_or_default();
    let results: Vec<Value> = findings.files.iter().flat_map(|file| results(file, &root)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "blueprint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "the root of the checkout" } } },
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.title() },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": severity(code.severity()) },
    })
}

fn results(file: &Examined, root: &Path) -> Vec<Value> {
    let index = LineIndex::new(&file.source);
    let artifact = artifact(&file.path, root);
    let result = |diagnostic: &Diagnostic| {
        let message = match &diagnostic.help {
            Some(help) => format!("{}\nhelp: {help}", diagnostic.message),
            None => diagnostic.message.clone(),
        };
        let place = |span| json!({ "artifactLocation": artifact, "region": region(&index, span) });
        let related = diagnostic
            .related
            .iter()
            .map(|(span, label)| json!({ "physicalLocation": place(span), "message": { "text": label } }));
        json!({
            "ruleId": diagnostic.code.as_str(),
            "ruleIndex": Code::ALL.iter().position(|code| *code == diagnostic.code),
            "level": severity(diagnostic.code.severity()),
            "message": { "text": message },
            "locations": [{ "physicalLocation": place(&diagnostic.span) }],
            "relatedLocations": related.collect::<Vec<_>>(),
        })
    };
    file.diagnostics.iter().map(result).collect()
}

/// Lines and columns from 1, in characters; the end is behind the last one.
fn region(index: &LineIndex<'_>, span: &std::ops::Range<usize>) -> Value {
    let (start, end) = (index.position(span.start), index.position(span.end.max(span.start)));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn root(plan: &Path) -> std::path::PathBuf {
    let repo = plan.parent().and_then(|folder| Repo::discover(folder).ok().flatten());
    let root = repo.and_then(|repo| repo.workdir().map(Path::to_owned));
    let root = root.or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    root.canonicalize().unwrap_or(root)
}

/// Below the root relative to it, else absolute.
fn artifact(path: &Path, root: &Path) -> Value {
    match path.strip_prefix(root) {
        Ok(below) => json!({ "uri": encoded(below), "uriBaseId": ROOT }),
        Err(_) => json!({ "uri": format!("file://{}", encoded(path)) }),
    }
}

/// As a part of a URI: what is special there is written as `%XX`.
fn encoded(path: &Path) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes
        .map(|byte| if is_plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_uris_below_the_root_and_absolute_ones_elsewhere() {
        let root = Path::new("/shop");
        assert_eq!(
            artifact(Path::new("/shop/a b/ü#.xml"), root),
            json!({ "uri": "a%20b/%C3%BC%23.xml", "uriBaseId": ROOT })
        );
        assert_eq!(artifact(Path::new("/x.xml"), root), json!({ "uri": "file:///x.xml" }));
    }
}
