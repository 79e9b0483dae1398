//! What a resolved conflict has lost: the lines that either side added and that are gone. Pure.

use std::collections::HashMap;

/// One of the two sides of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What the integration branch has already.
    Integration,
    /// The task whose work is merged.
    Task,
    /// What was there before either.
    Before,
}

/// A line that the result should have and has not, or not as often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostLine {
    /// Whose it is.
    pub side: Side,
    /// Its text, without the blanks around it; bytes that are no UTF-8 are shown as such.
    pub text: String,
}

/// The lines that `ours` (the integration branch) or `theirs` (the task) has added to `base` and that `result` has not, in the order in
/// which they stand there.
///
/// Lines are compared by their text alone, without the blanks around them: a line that was moved or indented is not lost, and empty lines
/// don't count. Of a line that both have added, the result needs no more than either has; of one that one side added and the other took
/// away elsewhere, what is left of both.
pub fn lost_lines(base: &[u8], ours: &[u8], theirs: &[u8], result: &[u8]) -> Vec<LostLine> {
    let counts =
        Counts { base: counted(base), ours: counted(ours), theirs: counted(theirs), result: counted(result) };
    let mut lost = counts.lost_of(ours, Side::Integration);
    lost.extend(counts.lost_of(theirs, Side::Task));
    lost
}

/// The lines of `merged`, a merge in which nothing conflicts, that `result` has not and that neither side added: lines that were there
/// before. `lost` is what [`lost_lines`] finds of the same file.
pub(super) fn lost_before(merged: &[u8], result: &[u8], lost: &[LostLine]) -> Vec<LostLine> {
    let mut before = lost_lines(b"", merged, b"", result);
    for known in lost {
        if let Some(place) = before.iter().position(|line| line.text == known.text) {
            before.remove(place);
        }
    }
    before.into_iter().map(|line| LostLine { side: Side::Before, ..line }).collect()
}

type Lines<'t> = HashMap<&'t [u8], usize>;

/// How often each version has each line.
struct Counts<'t> {
    base: Lines<'t>,
    ours: Lines<'t>,
    theirs: Lines<'t>,
    result: Lines<'t>,
}

impl Counts<'_> {
    fn lost_of(&self, text: &[u8], side: Side) -> Vec<LostLine> {
        let own = if side == Side::Integration { &self.ours } else { &self.theirs };
        let mut seen: Lines<'_> = HashMap::new();
        let mut lost = Vec::new();
        for line in lines(text) {
            let so_far = seen.entry(line).or_insert(0);
            *so_far += 1;
            let added = count(own, line).saturating_sub(count(&self.base, line));
            if *so_far <= self.lacks(line).min(added) {
                lost.push(LostLine { side, text: String::from_utf8_lossy(line).into_owned() });
            }
        }
        lost
    }

    /// How many more of the line the result would need.
    fn lacks(&self, line: &[u8]) -> usize {
        let [base, ours, theirs] = [&self.base, &self.ours, &self.theirs].map(|lines| count(lines, line));
        let needed = match (ours > base, theirs > base) {
            (false, false) => 0,
            (true, true) => ours.max(theirs),
            (true, false) | (false, true) => (ours + theirs).saturating_sub(base),
        };
        needed.saturating_sub(count(&self.result, line))
    }
}

fn count(lines: &Lines<'_>, line: &[u8]) -> usize {
    lines.get(line).copied().unwrap_or(0)
}

/// The numbers (from 1) of the lines of `result` that are markers of a conflict, and that neither side has.
pub fn markers(ours: &[u8], theirs: &[u8], result: &[u8]) -> Vec<usize> {
    let known: Vec<_> =
        [ours, theirs].into_iter().flat_map(raw_lines).filter(|line| is_marker(line)).collect();
    let numbered = raw_lines(result).zip(1..);
    numbered.filter(|(line, _)| is_marker(line) && !known.contains(line)).map(|(_, number)| number).collect()
}

fn is_marker(line: &[u8]) -> bool {
    [b'<', b'|', b'>'].iter().any(|sign| {
        let signs = line.iter().take_while(|byte| *byte == sign).count();
        signs == 7 && line.get(7).is_none_or(u8::is_ascii_whitespace)
    })
}

/// Whether it is no text, so that its lines say nothing.
pub(super) fn is_binary(content: &[u8]) -> bool {
    content.iter().take(8_000).any(|byte| *byte == 0)
}

fn counted(text: &[u8]) -> Lines<'_> {
    let mut counts = HashMap::new();
    for line in lines(text) {
        *counts.entry(line).or_insert(0) += 1;
    }
    counts
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

fn raw_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end)
}

#[cfg(test)]
mod tests;
