//! Text as programs print it, made fit for a line of progress, a summary or a message.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::Ended;

/// Characters of a line of progress.
pub(super) const PROGRESS: usize = 200;
/// Characters of a summary that is one line of a log.
pub(super) const LINE: usize = 1_000;
/// Characters of a summary that is a whole message.
pub(super) const MESSAGE: usize = 8_000;
/// Bytes at the end of a log that are looked at.
pub(super) const TAIL: u64 = 64 * 1024;
/// Lines at the end of a log that are quoted in a message.
const QUOTED: usize = 20;

/// The text without escape sequences and control characters; line ends and tabs stay.
///
/// Of a line that was written over with carriage returns, the last writing counts, as on a terminal. Of what is no text one sign stays.
pub(super) fn plain(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    let kept = |line: &str| -> String {
        let last = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        let mut kept: Vec<char> = last.chars().filter(|c| *c == '\t' || !c.is_control()).collect();
        kept.dedup_by(|next, before| [*next, *before] == [char::REPLACEMENT_CHARACTER; 2]);
        kept.into_iter().collect()
    };
    stripped.split('\n').map(kept).collect::<Vec<_>>().join("\n")
}

/// The first line with anything in it, plain and cut to the width of progress.
pub(super) fn first_line(text: &str) -> Option<String> {
    let text = plain(text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(cut(line, PROGRESS))
}

/// The last line with anything in it, without the white space around it.
pub(super) fn last_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

/// The last lines, for a message.
pub(super) fn last_lines(text: &str) -> Option<String> {
    last_of(text, QUOTED)
}

fn last_of(text: &str, most: usize) -> Option<String> {
    let text = plain(text);
    let lines: Vec<_> = text.trim_end().lines().filter(|line| !is_of_the_sandbox(line)).collect();
    let from = lines.len().saturating_sub(most);
    let quoted = lines.get(from..).unwrap_or_default().join("\n");
    Some(cut_front(quoted.trim_matches('\n'), MESSAGE)).filter(|text| !text.trim().is_empty())
}

/// What git says in a sandbox with every commit: with a ref of the worktree's own that it takes away (`AUTO_MERGE`, or `CHERRY_PICK_HEAD`)
/// it would lock the refs of all worktrees, and goes on without. It is the reason of nothing.
fn is_of_the_sandbox(line: &str) -> bool {
    let refused = ["/packed-refs.lock': Permission denied", "/packed-refs.lock': Read-only file system"];
    line.starts_with("error: Unable to create '") && refused.iter().any(|end| line.ends_with(end))
}

/// The last lines of what a program printed into a file, plain, for a message; nothing where there are none.
pub fn end_of_log(log: &Path) -> Option<String> {
    last_lines(&tail(log).ok()?)
}

/// What was found, as people are told it and the plan keeps it: as it is, if that is not long; else its first line, which says what
/// happened, and the last one if that says, in brackets, where all of it is.
pub fn in_short(found: &str) -> String {
    let found = found.trim();
    let mut lines = found.lines();
    match (lines.next(), lines.next_back()) {
        (Some(first), last) if found.chars().count() > LINE => {
            let place = last.filter(|last| last.starts_with('(') && last.ends_with(')'));
            let place = place.map_or_else(String::new, |place| format!("\n{place}"));
            cut(first, LINE) + &place
        }
        _ => found.to_owned(),
    }
}

/// So many of them, for an agent that is to do something about it.
pub fn last_lines_of_log(log: &Path, most: usize) -> Option<String> {
    last_of(&tail(log).ok()?, most)
}

/// How a process left, with the last lines of its standard error, or of its output where it has none.
pub(super) fn with_last_lines(ended: &Ended<'_>, output: &str) -> String {
    let errors = tail(ended.stderr).ok().and_then(|text| last_lines(&text));
    match errors.or_else(|| last_lines(output)) {
        Some(lines) => format!("{}: {lines}", ended.exit),
        None => ended.exit.to_string(),
    }
}

/// At most `chars` characters, the last of them `…` if something is missing.
pub(super) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// At most `chars` characters from the end, the first of them `…` if something is missing.
fn cut_front(text: &str, chars: usize) -> String {
    let length = text.chars().count();
    if length <= chars {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(length - chars + 1)).collect()
}

/// The end of a file, from the beginning of a line where there is one.
pub(super) fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match text.split_once('\n') {
        Some((_, rest)) if start > 0 && !rest.trim().is_empty() => Ok(rest.to_owned()),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_controls_go_and_text_stays() {
        let text = "\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07\u{7}\tü😀\u{9b}";
        assert_eq!(plain(text), "red link\tü😀");
    }

    #[test]
    fn of_an_overwritten_line_the_last_writing_counts() {
        assert_eq!(plain(" 10%\r 50%\r100%\r\nnext\r\n"), "100%\nnext\n");
    }

    #[test]
    fn cutting_counts_characters_and_shows_that_something_is_missing() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        assert_eq!(cut_front("äöüß", 3), "…üß");
    }

    #[test]
    fn what_was_found_is_told_by_its_first_line_and_its_place_where_it_is_long() {
        let long = format!("the gate `x` failed\n{}\n(all that it printed: /log)", "line\n".repeat(300));
        assert_eq!(in_short(&long), "the gate `x` failed\n(all that it printed: /log)");
        assert_eq!(in_short(&"x".repeat(5_000)).chars().count(), LINE);
        assert_eq!(in_short(" a\nb\n"), "a\nb");
    }

    #[test]
    fn of_what_is_no_text_one_sign_stays() {
        let bytes = [b"a".as_slice(), &[0xff; 50], &[0, 1, 2], &[0xfe; 9], b"b"].concat();
        assert_eq!(plain(&String::from_utf8_lossy(&bytes)), "a\u{fffd}b");
    }

    #[test]
    fn what_git_says_of_a_lock_in_a_sandbox_is_no_reason() {
        let denied = "error: Unable to create '/r/.git/packed-refs.lock': Permission denied\n";
        let stale = "fatal: Unable to create '/r/.git/packed-refs.lock': File exists.";
        assert_eq!(last_lines(denied), None);
        assert_eq!(last_lines(&format!("{denied}no space\n{denied}")).as_deref(), Some("no space"));
        assert_eq!(last_lines(stale).as_deref(), Some(stale));
    }

    #[test]
    fn the_tail_of_a_large_file_begins_with_a_whole_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = format!("{}\n", "é".repeat(500));
        std::fs::write(file.path(), line.repeat(200)).unwrap();
        let tail = tail(file.path()).unwrap();
        assert!(tail.len() as u64 <= TAIL);
        assert!(tail.lines().all(|l| l == line.trim_end()));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_program_prints_is_too_odd(text in "(?s).{0,80}") {
            let printed = plain(&text);
            proptest::prop_assert!(!printed.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
            let _ = (first_line(&text), last_lines(&text), cut(&text, 5));
        }
    }
}
