//! Strangers' words in Markdown: they stay words, whatever they try to be.

use crate::report::text::{clean, fit};

/// So much of a text (in columns) is shown.
const LONGEST: usize = 400;

/// A text in one line, for a paragraph, a list's item or a table's cell.
pub(super) fn said(text: &str) -> String {
    let text = fit(&clean(text), LONGEST);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_markup(c, &out) {
            out.push('\\');
        }
        out.push(c);
        // Nobody is to be told of a report, and no issue to be linked, because an agent wrote a name or a number.
        if matches!(c, '@' | '#') {
            out.push('\u{2060}');
        }
    }
    out
}

/// Whether it could be read as more than itself: at the beginning, and after nothing but digits, more is markup.
fn is_markup(c: char, before: &str) -> bool {
    match c {
        '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
        '#' | '+' | '-' | '=' => before.is_empty(),
        '.' | ')' => !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// An id: as code where that is safe.
pub(super) fn id(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { format!("`{text}`") } else { said(text) }
}

/// A line within a block of code, which nothing in it can end.
pub(super) fn code_line(text: &str) -> String {
    clean(text).replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_becomes_markup() {
        let cases = [
            ("a|b", "a\\|b"),
            ("<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"),
            ("[x](javascript:y)", "\\[x\\](javascript:y)"),
            ("# big", "\\#\u{2060} big"),
            ("1. one", "1\\. one"),
            ("```\nrm", "\\`\\`\\` rm"),
            ("@everybody", "@\u{2060}everybody"),
            ("&lt;", "\\&lt;"),
            ("- item", "\\- item"),
        ];
        for (text, expected) in cases {
            assert_eq!(said(text), expected);
        }
    }

    #[test]
    fn ids_are_code_where_they_can_not_end_it() {
        assert_eq!([id("auth-api"), id("a`b"), id("")], ["`auth-api`", "a\\`b", ""]);
    }
}
