//! Texts as YAML.

use std::fmt::Write;

/// A text as a scalar in double quotes: every YAML reads it as just that text, in one line.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out + "\""
}

/// A list in one line.
pub(super) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<_> = texts.into_iter().map(text).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_one_scalar_in_one_line() {
        assert_eq!(text("a: b # \"c\" \\ ü"), "\"a: b # \\\"c\\\" \\\\ ü\"");
        assert_eq!(
            text("a\nb\t\u{2028}\u{85}\u{1f600}"),
            "\"a\\nb\\U00000009\\U00002028\\U00000085\\U0001F600\""
        );
        assert_eq!(list(["a", "b c"]), "[\"a\", \"b c\"]");
    }
}
