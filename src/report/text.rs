use std::time::Duration;

use jiff::{Timestamp, Zoned};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::signs::signs;
use crate::plan::ASSUMED_ESTIMATE;

/// A text of a stranger (agent, plan) as one line that can't drive the terminal: control characters, line ends and
/// direction marks become blanks.
pub fn clean(text: &str) -> String {
    text.replace(drives, " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line of a stranger as [`clean`] makes it, but with its blanks and tabs as they are.
pub fn clean_line(text: &str) -> String {
    let text = text.strip_suffix('\r').unwrap_or(text);
    text.replace(|c| drives(c) && c != '\t', " ")
}

/// A text that holds our own colours, and a stranger's words in it, without what else could drive the terminal: colours begin with an
/// ASCII character, so only others are replaced.
pub fn tame(text: &str) -> String {
    text.replace(|c: char| !c.is_ascii() && drives(c), " ")
}

/// Control characters (C1 included), line and paragraph separators, direction marks.
fn drives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text, cut to that many columns with a `…` (or what stands for it) at its end if it is wider.
pub fn fit(text: &str, columns: usize) -> String {
    let width = |c: char| c.width().unwrap_or(0);
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = width(*c);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    if columns > 0 {
        cut.push(signs().cut);
    }
    cut
}

/// A text of several lines, each made harmless as by [`clean`], its indentation kept.
pub fn clean_lines(text: &str) -> String {
    let indent = |line: &str| " ".repeat(line.chars().take_while(|c| *c == ' ').count());
    let lines: Vec<_> =
        text.lines().map(|line| (indent(line) + &clean(line)).trim_end().to_owned()).collect();
    lines.join("\n")
}

/// A line, broken between words so that it fits that many columns; the first of its lines begins with `first`, others with `next`. A
/// word that is wider stands on a line of its own.
pub(super) fn folded(line: &str, first: &str, next: &str, columns: usize) -> String {
    let mut text = String::new();
    let mut current = first.to_owned();
    let mut is_begun = false;
    for word in line.split_whitespace() {
        if is_begun && current.width() + 1 + word.width() > columns {
            text.extend([&current, "\n"]);
            next.clone_into(&mut current);
            is_begun = false;
        }
        if is_begun {
            current.push(' ');
        }
        current.push_str(word);
        is_begun = true;
    }
    text + current.trim_end() + "\n"
}

/// A time as the clock shows it where `now` is, with the date if it is not today.
pub(super) fn local_time(time: Timestamp, now: &Zoned) -> String {
    let local = time.to_zoned(now.time_zone().clone());
    let format = if local.date() == now.date() { "%H:%M" } else { "%b %-d, %H:%M" };
    local.strftime(format).to_string()
}

/// Of a sum of estimates, what nobody has estimated; nothing if all have been.
pub(super) fn assumed(unestimated: usize) -> Option<String> {
    let hours = ASSUMED_ESTIMATE.as_secs() / 3600;
    match unestimated {
        0 => None,
        1 => Some(format!("1 task has no estimate: {hours}h assumed for it")),
        many => Some(format!("{many} tasks have no estimate: {hours}h assumed for each")),
    }
}

/// A duration as people say it: `0.4s`, `12s`, `3m 05s`, `1h 02m`, `51h 00m`. Never in days: planners' days have eight hours, those of a clock
/// have more, and what is read here means the same where a plan says it.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", duration.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::parse_estimate;

    #[test]
    fn no_text_can_drive_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\r\nc\u{202e}d\te\u{9b}f"), "a [2Jb c d e f");
    }

    #[test]
    fn several_lines_keep_their_indentation_and_nothing_else() {
        assert_eq!(clean_lines("  a\u{9b}b\n\x1b]0;t\x07\n    c  "), "  a b\n]0;t\n    c");
    }

    #[test]
    fn a_line_keeps_its_blanks() {
        assert_eq!(clean_line("\t a\x1bb \r"), "\t a b ");
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(folded("one two three", "- ", "  ", 9), "- one two\n  three\n");
        assert_eq!(folded("unbreakable is wide", "- ", "  ", 5), "- unbreakable\n  is\n  wide\n");
        assert_eq!(folded("日本 語", "", "", 5), "日本\n語\n");
        assert_eq!(folded("", "- ", "  ", 5), "-\n");
    }

    #[test]
    fn texts_are_cut_by_columns_not_by_characters() {
        assert_eq!(fit("hello", 5), "hello");
        assert_eq!(fit("hello", 4), "hel…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn an_estimate_that_is_shown_means_the_same_when_it_is_read_back() {
        for text in ["30s", "45min", "1.5h", "1d", "3 days", "49h", "2w", "3h 20min"] {
            let estimate = parse_estimate(text).unwrap();
            assert_eq!(parse_estimate(&short(estimate)).unwrap(), estimate, "{text}");
        }
    }

    #[test]
    fn durations_are_short() {
        let shown = [0.04, 9.94, 12.7, 185.0, 3725.0, 183_600.0].map(|s| short(Duration::from_secs_f64(s)));
        assert_eq!(shown, ["0.0s", "9.9s", "12s", "3m 05s", "1h 02m", "51h 00m"]);
    }
}
