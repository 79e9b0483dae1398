//! Signs beyond ASCII that we draw with, and what stands in their place where the locale has no such characters.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

/// What bars and cut texts are drawn with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signs {
    /// Ends a text that is cut: one column.
    pub(super) cut: char,
    /// A bar: what is done, where it has come to, what is left. One column each.
    pub(super) bar: [&'static str; 3],
    /// A time that something took, on its line.
    pub(super) span: &'static str,
    /// Turns while something is at work; the last one stands when it is over.
    pub(super) spinner: &'static str,
}

const UNICODE: Signs =
    Signs { cut: '…', bar: ["━", "╸", "─"], span: "━", spinner: "⠁⠂⠄⡀⢀⠠⠐⠈ " };
const ASCII: Signs = Signs { cut: '~', bar: ["=", ">", "-"], span: "=", spinner: "-\\|/ " };

/// What stands for signs of ours in texts that are not cut to a width.
const SPELLED: [(char, &str); 4] = [('…', "..."), ('—', "-"), ('–', "-"), ('→', "->")];

static IS_ASCII: AtomicBool = AtomicBool::new(false);

/// Has this process draw with ASCII alone from here on.
pub fn draw_in_ascii() {
    IS_ASCII.store(true, Ordering::Relaxed);
}

/// Whether the terminal's locale has more characters than ASCII, by the variables that say so: the first of them that is not empty decides.
pub fn is_unicode_locale(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable);
    let locale = set.filter(|value| !value.is_empty()).map(|value| value.to_lowercase()).next();
    locale.is_some_and(|locale| locale.contains("utf-8") || locale.contains("utf8"))
}

/// What to draw with.
pub(super) fn signs() -> &'static Signs {
    if IS_ASCII.load(Ordering::Relaxed) { &ASCII } else { &UNICODE }
}

/// A text with our own signs spelled out, where they can't be shown. What others have written stays as it is.
pub fn spelled(text: &str) -> Cow<'_, str> {
    if !IS_ASCII.load(Ordering::Relaxed) {
        return Cow::Borrowed(text);
    }
    in_ascii(text)
}

fn in_ascii(text: &str) -> Cow<'_, str> {
    let is_ours = |c: char| SPELLED.iter().any(|(sign, _)| *sign == c);
    if !text.contains(is_ours) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(SPELLED.iter().fold(text.to_owned(), |text, (sign, words)| text.replace(*sign, words)))
}

#[cfg(test)]
mod tests {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

    use super::*;

    #[test]
    fn the_first_variable_that_is_set_says_which_characters_there_are() {
        let is_unicode = |set: &[(&str, &str)]| {
            is_unicode_locale(|name| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(is_unicode(&[("LANG", "en_US.UTF-8")]));
        assert!(is_unicode(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!is_unicode(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(!is_unicode(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!is_unicode(&[]));
    }

    #[test]
    fn signs_of_both_kinds_take_one_column_each() {
        for signs in [UNICODE, ASCII] {
            assert_eq!(signs.cut.width(), Some(1));
            assert!(signs.bar.iter().chain([&signs.span]).all(|sign| sign.width() == 1));
        }
        assert!(ASCII.bar.concat().is_ascii() && ASCII.cut.is_ascii() && ASCII.spinner.is_ascii());
    }

    #[test]
    fn our_own_signs_are_spelled_and_letters_are_not() {
        assert_eq!(in_ascii("a … b — ü"), "a ... b - ü");
    }
}
