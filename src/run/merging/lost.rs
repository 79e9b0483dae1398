//! How it is told what a merge would lose. Pure.

use std::path::PathBuf;

use super::dropped::dropped;
use crate::git::{Harm, Loss};
use crate::run::record::AttemptEnded;

/// So many files or lines are named; the number of the others is.
pub(super) const SHOWN: usize = 20;
/// So many lines of one file.
const LINES: usize = 3;
/// Characters of such a line that are shown.
const WIDTH: usize = 100;

impl AttemptEnded {
    /// The files of which it is said that something of others' was left out on purpose.
    pub fn dropped(&self) -> Vec<PathBuf> {
        dropped_in([self.summary.as_ref(), self.notes.as_ref()])
    }
}

/// The same in what is said of it.
pub(in crate::run) fn dropped_in(said: [Option<&String>; 2]) -> Vec<PathBuf> {
    let said = said.into_iter().flatten();
    said.flat_map(|said| dropped(said)).map(|(path, _)| path).collect()
}

/// What is lost, and whose it is, file by file.
pub fn told_losses(losses: &[Loss]) -> String {
    let files: Vec<_> = losses.iter().take(SHOWN).map(told).collect();
    format!("{}{}", files.join("; "), and_more(losses.len()))
}

fn told(loss: &Loss) -> String {
    let path = loss.path.display().to_string();
    let of = loss.of.join(" or ");
    if let Some(harm) = loss.harm {
        return format!("{} (of {of})", harmed(&path, harm));
    }
    let shown: Vec<_> = loss.lines.iter().take(LINES).map(|line| quoted(line)).collect();
    let more = match loss.lines.len().saturating_sub(LINES) {
        0 => String::new(),
        1 => " and another line".to_owned(),
        more => format!(" and {more} more lines"),
    };
    format!("{path}: {}{more} (of {of})", shown.join(", "))
}

/// A line, cut where it is long.
pub(super) fn quoted(line: &str) -> String {
    let text: String = line.chars().take(WIDTH).collect();
    let cut = if text.len() < line.len() { "…" } else { "" };
    format!("`{text}{cut}`")
}

pub(super) fn and_more(count: usize) -> String {
    let more = count.saturating_sub(SHOWN);
    if more > 0 { format!("; and {more} more") } else { String::new() }
}

pub(super) fn harmed(path: &str, harm: Harm) -> String {
    match harm {
        Harm::Gone => format!("{path} is gone"),
        Harm::Mode(0o100_755, 0o100_644) => format!("{path} is not executable any more"),
        Harm::Mode(0o100_644, 0o100_755) => format!("{path} has become executable"),
        Harm::Mode(..) => format!("{path} is not the kind of file that it was"),
        Harm::Rewritten => format!("{path}, which is no text, has another content"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(path: &str, of: &[&str], harm: Option<Harm>, lines: &[&str]) -> Loss {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Loss { path: path.into(), of: words(of), harm, lines: words(lines) }
    }

    #[test]
    fn what_is_lost_is_told_with_whose_it_is() {
        let losses = [
            loss("f-x.txt", &["x"], Some(Harm::Gone), &["x"]),
            loss("shared.txt", &["x", "z"], None, &["1", "2", "3", "4", "5"]),
            loss("y", &["z"], None, &["1", "2", "3", "4"]),
        ];
        assert_eq!(
            told_losses(&losses),
            "f-x.txt is gone (of x); shared.txt: `1`, `2`, `3` and 2 more lines (of x or z); y: `1`, `2`, `3` and another line (of z)"
        );
    }

    #[test]
    fn of_many_files_the_first_are_named_and_the_others_counted() {
        let losses: Vec<_> = (1..=22).map(|n| loss(&n.to_string(), &["x"], Some(Harm::Gone), &[])).collect();
        assert!(told_losses(&losses).ends_with("20 is gone (of x); and 2 more"), "{}", told_losses(&losses));
    }
}
