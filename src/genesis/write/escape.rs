//! Any text as XML text. What agents print is hostile: it may hold terminal sequences, characters
//! that XML does not allow, and markup.

use crate::genesis::chars::is_legal;

const ESCAPE: char = '\u{1B}';
const BELL: char = '\u{7}';

/// `text` as the content of an element, with `line_break` (markup already) for its line breaks.
pub(super) fn content(text: &str, line_break: &str) -> String {
    escape(text, line_break, false)
}

/// `text` as an attribute's value in double quotes.
pub(super) fn value(text: &str) -> String {
    escape(text, "&#10;", true)
}

fn escape(text: &str, line_break: &str, quoted: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' if quoted => escaped.push_str("&quot;"),
            '\t' if quoted => escaped.push_str("&#9;"),
            '\n' => escaped.push_str(line_break),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// `text` without terminal sequences and control characters, with `\n` for every line break, and
/// without the characters that XML does not allow.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ESCAPE => skip_sequence(&mut chars),
            '\r' => {
                chars.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            '\n' | '\t' => cleaned.push(c),
            _ if c.is_control() || !is_legal(c) => {}
            _ => cleaned.push(c),
        }
    }
    cleaned
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips what follows an escape character: `[…m` and the like, or `]…` up to the bell.
fn skip_sequence(chars: &mut Chars<'_>) {
    if chars.next_if_eq(&'[').is_some() {
        while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
        chars.next_if(|c| matches!(c, '@'..='~'));
    } else if chars.next_if_eq(&']').is_some() {
        while chars.next_if(|c| !matches!(*c, BELL | ESCAPE | '\n')).is_some() {}
        chars.next_if_eq(&BELL);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{clean, content, value};
    use crate::genesis::chars::is_legal;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(content("a<b>&]]>\"", "\n"), "a&lt;b&gt;&amp;]]&gt;\"");
        assert_eq!(value("a\"b\nc\td"), "a&quot;b&#10;c&#9;d");
    }

    #[test]
    fn line_breaks_are_the_documents_own() {
        assert_eq!(content("a\r\nb\rc\nd", "\r\n"), "a\r\nb\r\nc\r\nd");
    }

    #[test]
    fn terminal_sequences_are_left_out() {
        assert_eq!(clean("\u{1b}[1;31mred\u{1b}[0m \u{1b}]0;title\u{7}x\u{1b}"), "red x");
        assert_eq!(clean("a\0b\u{FFFE}c\u{9b}d"), "abcd");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_legal_xml(text in any::<String>()) {
            prop_assert!(clean(&text).chars().all(|c| is_legal(c) && c != '\r'));
        }
    }
}
