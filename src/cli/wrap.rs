use unicode_width::UnicodeWidthStr;

/// The text with its lines broken between words, so that none is wider than `columns`; `begun` columns of the first are taken. What stands
/// between back ticks stays together: it is to be copied.
pub(super) fn wrap(text: &str, begun: usize, columns: usize) -> String {
    let mut wrapped = String::with_capacity(text.len() + 8);
    let mut column = begun;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            wrapped.push('\n');
            column = 0;
        }
        for (place, word) in words(line).into_iter().enumerate() {
            let width = word.width();
            if place > 0 && column + 1 + width > columns {
                wrapped.push('\n');
                column = 0;
            } else if place > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped += word;
            column += width;
        }
    }
    wrapped
}

/// Split at single blanks outside of back ticks. One that is never closed is a word to the end of the line.
fn words(line: &str) -> Vec<&str> {
    let mut is_code = false;
    line.split(|c: char| {
        is_code ^= c == '`';
        c == ' ' && !is_code
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_break_between_words_and_never_within_a_command() {
        let text = "task `a` has failed; `blueprint retry a --note TEXT` does it again";
        assert_eq!(wrap(text, 6, 30), "task `a` has failed;\n`blueprint retry a --note TEXT`\ndoes it again");
        assert_eq!(wrap(text, 6, 200), text);
    }

    #[test]
    fn nothing_but_line_ends_is_put_in() {
        for text in ["", " ", "a  b", "one\n\n  two three", "`open forever and more", "größe 漢字 漢字", "\n"]
        {
            for columns in [0, 1, 5, 80] {
                let unwrapped = wrap(text, 0, columns).replace('\n', " ");
                assert_eq!(unwrapped, text.replace('\n', " "), "{columns}");
            }
        }
    }
}
