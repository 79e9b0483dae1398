//! The forms (dialects) a plan is written in: which one a document has, and its table of names.

mod canonical;
mod names;

pub(super) use names::{Field, Fields, Names, Path, ResultNames, TaskNames};

use super::xml::Xml;
use super::{Code, Diagnostic, shown::shown};

/// A dialect of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As the schema has it.
    Canonical,
    /// Canonical, with no `tasks`: tasks are only referred to, from levels and status lists.
    Bare,
}

impl Form {
    /// Its name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Form::Canonical => "canonical",
            Form::Bare => "bare",
        }
    }

    /// The form of a document; an error that says what was expected if it is none.
    pub(super) fn detect(xml: Xml<'_>) -> Result<Form, Diagnostic> {
        let root = xml.name(Xml::ROOT);
        if root != canonical::CANONICAL.root {
            return Err(unknown_root(xml, root));
        }
        let [around @ .., _] = canonical::CANONICAL.task.path else {
            return Ok(Form::Canonical);
        };
        Ok(match xml.select(Xml::ROOT, around) {
            tasks if tasks.is_empty() => Form::Bare,
            _ => Form::Canonical,
        })
    }

    /// How this form spells things.
    pub(super) fn names(self) -> &'static Names {
        match self {
            Form::Canonical => &canonical::CANONICAL,
            Form::Bare => &canonical::BARE,
        }
    }
}

fn unknown_root(xml: Xml<'_>, found: &str) -> Diagnostic {
    let start = xml.span(Xml::ROOT).start + 1;
    let expected = canonical::CANONICAL.root;
    let message = format!("the root element is {}, not `{expected}`", shown(found));
    Diagnostic::new(Code::UnknownRoot, start..start + found.len(), message)
        .help(format!("a plan's root element is `{expected}`, without a prefix"))
}
