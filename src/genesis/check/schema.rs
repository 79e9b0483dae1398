//! The document against the schema `genesis.xsd`: stricter than what a plan needs to be run.

use std::ops::Range;

use uppsala::parser::Parser;
use uppsala::{Document, XmlError, XsdValidator};

use crate::genesis::scan::MAX_DEPTH;
use crate::genesis::{Code, Diagnostic, Form, LineIndex};

const SCHEMA: &str = include_str!("../../../schemas/genesis.xsd");
const BOM: char = '\u{FEFF}';
/// How many bytes may be looked at to find the places of all findings: the library counts lines from the top for each one.
const MOST_COUNTED: usize = 1 << 30;

/// Everything in the text `source`, of a document of that form that our own scanner accepts, that is not as the schema has it.
pub(in crate::genesis) fn check(source: &str, form: Form) -> Vec<Diagnostic> {
    if !matches!(form, Form::Canonical | Form::Bare) {
        return vec![other_form(source, form)];
    }
    let text = source.strip_prefix(BOM).unwrap_or(source);
    let page = Page { text, index: LineIndex::new(text), offset: source.len() - text.len() };
    match findings(text) {
        Ok(Findings::Few(found)) => causes(&found).map(|found| page.diagnostic(found)).collect(),
        Ok(Findings::TooMany(count)) => vec![page.too_many(count)],
        Err(error) => vec![page.unreadable(error)],
    }
}

/// What is wrong, and where, as the library counts: lines from 1, columns from 1 in bytes.
struct Finding {
    message: String,
    line: usize,
    column: usize,
}

enum Findings {
    Few(Vec<Finding>),
    /// More than anybody can read; their places are not counted.
    TooMany(usize),
}

fn findings(text: &str) -> Result<Findings, XmlError> {
    let schema = XsdValidator::from_schema(&uppsala::parse(SCHEMA)?)?;
    let depth = u32::try_from(MAX_DEPTH).unwrap_or(u32::MAX);
    let document = Parser::new().with_max_depth(depth).with_forbid_entities(true).parse(text)?;
    // Apart from its text a document knows no places, and finding them costs nothing.
    let document = document.into_static();
    let count = schema.validate(&document).len();
    if count == 0 {
        return Ok(Findings::Few(Vec::new()));
    }
    if count.saturating_mul(text.len()) > MOST_COUNTED {
        return Ok(Findings::TooMany(count));
    }
    drop(document);
    let document: Document<'_> = Parser::new().with_max_depth(depth).parse(text)?;
    let found = schema.validate(&document).into_iter().map(|error| Finding {
        message: error.message,
        line: error.line.unwrap_or(1),
        column: error.column.unwrap_or(1),
    });
    Ok(Findings::Few(found.collect()))
}

/// Without those that only say once more, of the same place, that something is missing there.
fn causes(found: &[Finding]) -> impl Iterator<Item = &Finding> {
    let is_echo = |at: usize, other: &Finding| {
        other.message.starts_with("Sequence must occur")
            && at
                .checked_sub(1)
                .and_then(|before| found.get(before))
                .is_some_and(|before| (before.line, before.column) == (other.line, other.column))
    };
    found.iter().enumerate().filter(move |(at, other)| !is_echo(*at, other)).map(|(_, found)| found)
}

fn other_form(source: &str, form: Form) -> Diagnostic {
    let form = form.as_str();
    let message = format!("the schema describes the canonical form only; this plan is of the {form} form");
    let start = source.len() - source.strip_prefix(BOM).unwrap_or(source).len();
    Diagnostic::new(Code::AgainstSchema, start..start, message)
        .help("leave `--schema` out: every other check is made for this form, too")
}

/// The text that the library saw, and how many bytes of the document come before it.
struct Page<'a> {
    text: &'a str,
    index: LineIndex<'a>,
    offset: usize,
}

impl Page<'_> {
    fn diagnostic(&self, found: &Finding) -> Diagnostic {
        let span = self.tag(found.line, found.column);
        Diagnostic::new(Code::AgainstSchema, span, reworded(&found.message))
    }

    fn too_many(&self, count: usize) -> Diagnostic {
        let message = format!("{count} places are not as the schema has it: too many to show");
        Diagnostic::new(Code::AgainstSchema, self.tag(1, 1), message)
    }

    /// Well-formed, but for the rules of namespaces.
    fn unreadable(&self, error: XmlError) -> Diagnostic {
        let (message, line, column) = match error {
            XmlError::WellFormedness(error) => (error.message, error.line, error.column),
            XmlError::Namespace(error) => (error.message, error.line, error.column),
            XmlError::Parse(error) => (error.message, error.line, error.column),
            other @ (XmlError::XPath(_) | XmlError::Validation(_) | XmlError::UnexpectedEof) => {
                (other.to_string(), 1, 1)
            }
        };
        Diagnostic::new(Code::AgainstSchema, self.tag(line, column), reworded(&message))
    }

    /// The beginning of the tag that begins there: `<name`.
    fn tag(&self, line: usize, column: usize) -> Range<usize> {
        let line = self.index.line_range(line);
        let start = self.text.floor_char_boundary((line.start + column.saturating_sub(1)).min(line.end));
        let rest = self.text.get(start..line.end).unwrap_or_default();
        let name = rest.find(|c: char| c.is_whitespace() || "/>".contains(c)).unwrap_or(rest.len());
        self.offset + start..self.offset + start + name
    }
}

/// In the house's style: lower case, names in back quotes.
fn reworded(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_lowercase().collect::<String>()).unwrap_or_default();
    let text = first + letters.as_str();
    let text = text.replace(
        " in namespace '(no namespace)' is not allowed by wildcard constraint",
        " is not known here",
    );
    if text.matches('\'').count().is_multiple_of(2) { text.replace('\'', "`") } else { text }
}
