//! Text from a document, fit to stand in a message.

const MOST: usize = 60;

/// `text` in back quotes, cut if it is long, and without control characters: it may be hostile.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::from("`");
    for c in text.chars().take(MOST) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn hostile_text_can_neither_move_the_cursor_nor_fill_the_screen() {
        assert_eq!(shown("a\u{1b}[2Jb"), "`a\\u{1b}[2Jb`");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 63);
    }
}
