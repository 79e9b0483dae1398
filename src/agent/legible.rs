//! Text that is not ours, made so that who reads it sees all that is there.

/// What stands in for characters that nobody sees.
const UNSEEN: char = '\u{fffd}';

/// The text with one sort of line end, and with a mark where it has characters that hide, reorder or erase what is around them: a person
/// who looks at a plan and a model that is given it read the same.
pub(super) fn legible(text: &str) -> String {
    let mut legible = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            c if ends_a_line(c) => legible.push('\n'),
            c if is_unseen(c) => {
                if !legible.ends_with(UNSEEN) {
                    legible.push(UNSEEN);
                }
            }
            c => legible.push(c),
        }
    }
    legible
}

/// Also those that only some programs take for one.
fn ends_a_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Controls, changes of direction, blanks without width, and the letters that only machines read. What writing needs stays: joiners, and
/// the marks that say to which side a single character belongs.
fn is_unseen(c: char) -> bool {
    let is_control = c.is_control() && c != '\t';
    is_control
        || matches!(c,
            '\u{ad}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sort_of_line_end_is_one() {
        assert_eq!(legible("a\r\nb\rc\u{2028}d\u{85}e\n\r\nf"), "a\nb\nc\nd\ne\n\nf");
    }

    #[test]
    fn what_nobody_sees_leaves_a_mark() {
        assert_eq!(legible("a\u{1b}[2Jb\0\u{8}"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(legible("\u{202e}txt.exe\u{2066}"), "\u{fffd}txt.exe\u{fffd}");
        assert_eq!(legible("x\u{e0049}\u{e0067}\u{e006e}\u{200b}y"), "x\u{fffd}y");
    }

    #[test]
    fn what_writing_needs_stays() {
        for text in ["\tnaïve 👩\u{200d}🚀 ❤\u{fe0f}", "می\u{200c}خواهم", "(עברית)\u{200f}!"]
        {
            assert_eq!(legible(text), text);
        }
    }
}
