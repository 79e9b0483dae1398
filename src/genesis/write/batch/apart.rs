//! Pieces of text that come into a document together.

use std::ops::Range;

/// One piece of text that takes the place of another.
pub(super) struct Piece<'a> {
    pub(super) range: Range<usize>,
    pub(super) number: usize,
    pub(super) text: &'a str,
}

/// Where new lines come behind a line that goes, both are at its end: what is inserted there begins with the line break that then
/// stays. Nothing, if pieces overlap otherwise.
pub(super) fn apart(mut pieces: Vec<Piece<'_>>) -> Option<Vec<Piece<'_>>> {
    // Where a piece that goes was shortened, and to where it went.
    let mut cut = None;
    for at in 0..pieces.len() {
        let (before, behind) = pieces.split_at_mut(at);
        let Some(piece) = behind.first_mut() else { break };
        let last = before.last_mut().filter(|last| piece.range.start < last.range.end);
        if let Some(last) = last {
            let is_removal = last.text.is_empty() && piece.range.is_empty();
            let text = piece.text.strip_prefix("\r\n").or_else(|| piece.text.strip_prefix('\n'))?;
            let tail = last.range.end - piece.range.start;
            if !is_removal || tail > piece.text.len() - text.len() {
                return None;
            }
            cut = Some((piece.range.start, last.range.end));
            last.range.end = piece.range.start;
            piece.text = text;
        } else if let Some((from, to)) = cut
            && piece.range.start > from
            && piece.range.start < to
        {
            return None;
        }
    }
    Some(pieces)
}
