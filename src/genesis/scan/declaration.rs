//! The XML declaration: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`.

use std::ops::Range;

use crate::genesis::{Code, Diagnostic, shown::shown};

use super::problems::Problems;
use super::{Attribute, Attributes};

/// Notes what is wrong with the declaration `source[range]`, from `<?xml` to `?>`.
pub(super) fn check(source: &str, range: Range<usize>, problems: &mut Problems) {
    let inside = range.start + "<?xml".len()..range.end - "?>".len();
    let mut expected = ["version", "encoding", "standalone"].iter();
    let mut first = true;
    for attribute in Attributes::new(source, inside) {
        let Attribute { name, value } = match attribute {
            Ok(attribute) => attribute,
            Err(problem) => {
                return problems.push(Diagnostic { code: Code::Declaration, ..problem });
            }
        };
        let word = source.get(name.clone()).unwrap_or_default();
        let known = expected.any(|expected| *expected == word);
        if !known || first && word != "version" {
            let message = format!("{} must not stand here in the XML declaration", shown(word));
            let problem = Diagnostic::new(Code::Declaration, name, message);
            return problems.push(problem.help("`version`, `encoding`, `standalone`, in this order"));
        }
        first = false;
        check_value(source, word, value, problems);
    }
    if first {
        problems.note(Code::Declaration, range, "the XML declaration has no version");
    }
}

fn check_value(source: &str, name: &str, span: Range<usize>, problems: &mut Problems) {
    let value = source.get(span.clone()).unwrap_or_default();
    match name {
        "version" if !is_version(value) => {
            let message = format!("XML version {} is not known", shown(value));
            problems.note(Code::Declaration, span, message);
        }
        "encoding" => check_encoding(source, value, span, problems),
        "standalone" if !matches!(value, "yes" | "no") => {
            problems.note(Code::Declaration, span, "`standalone` is `yes` or `no`");
        }
        _ => {}
    }
}

/// The text is known to be UTF-8, so the declaration must not say anything else.
fn check_encoding(source: &str, value: &str, span: Range<usize>, problems: &mut Problems) {
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(value));
    if is(&["UTF-8", "UTF8"]) {
        return;
    }
    let problem = if !is(&["US-ASCII", "ASCII"]) {
        let message = format!("the file says its encoding is {}", shown(value));
        Diagnostic::new(Code::Encoding, span, message)
    } else if let Some((at, c)) = source.char_indices().find(|(_, c)| !c.is_ascii()) {
        let message = "the file says it is ASCII, and this is no ASCII character";
        Diagnostic::new(Code::Encoding, at..at + c.len_utf8(), message).related(span, "said here")
    } else {
        return;
    };
    problems.push(problem.help("convert the file to UTF-8 and let the declaration say so"));
}

fn is_version(value: &str) -> bool {
    value
        .strip_prefix("1.")
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|digit| digit.is_ascii_digit()))
}
