//! Where the places of a text are, once an edit is made.

use std::ops::Range;

use super::Splice;

/// What an edit does to byte offsets.
#[derive(Debug)]
pub(super) struct Shift {
    steps: Vec<Step>,
}

/// One splice: the bytes that go, and how far everything behind it moves, this splice and those before it together.
#[derive(Debug)]
struct Step {
    range: Range<usize>,
    by: i64,
}

impl Shift {
    /// What `splices`, in the order of their places, do.
    pub(super) fn new(splices: &[Splice]) -> Shift {
        let mut by = 0;
        let step = |splice: &Splice| {
            by += signed(splice.text.len()) - signed(splice.range.len());
            Step { range: splice.range.clone(), by }
        };
        Shift { steps: splices.iter().map(step).collect() }
    }

    /// Where something is that began at `offset`: what is inserted there stands before it.
    pub(super) fn start(&self, offset: usize) -> usize {
        moved(offset, self.by(self.steps.partition_point(|step| step.range.end <= offset)))
    }

    /// Where something is that ended at `offset`: what is inserted there stands behind it.
    pub(super) fn end(&self, offset: usize) -> usize {
        moved(offset, self.by(self.steps.partition_point(|step| step.range.start < offset)))
    }

    /// Where `span` is.
    pub(super) fn span(&self, span: &Range<usize>) -> Range<usize> {
        self.start(span.start)..self.end(span.end)
    }

    /// How many splices stand before what begins at `start`, of which `known` do at least.
    pub(super) fn passed(&self, known: usize, start: usize) -> usize {
        let more = self.steps.iter().skip(known).take_while(|step| step.range.end <= start);
        known + more.count()
    }

    /// How far something moves as a whole that stands behind `passed` splices and ends at `end`; `None` if another one is inside of it.
    pub(super) fn even(&self, passed: usize, end: usize) -> Option<i64> {
        self.steps.get(passed).is_none_or(|next| next.range.start >= end).then(|| self.by(passed))
    }

    /// How far `span` moves as a whole; `None` if the edit is inside of it.
    pub(super) fn even_span(&self, span: &Range<usize>) -> Option<i64> {
        self.even(self.steps.partition_point(|step| step.range.end <= span.start), span.end)
    }

    /// How far the first `steps` splices move what is behind them.
    pub(super) fn by(&self, steps: usize) -> i64 {
        steps.checked_sub(1).and_then(|last| self.steps.get(last)).map_or(0, |step| step.by)
    }
}

/// `offset`, moved.
pub(super) fn moved(offset: usize, by: i64) -> usize {
    usize::try_from(signed(offset) + by).unwrap_or_default()
}

/// Texts are far smaller than what an `i64` holds.
fn signed(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Shift, Splice};

    fn shift(splices: &[(std::ops::Range<usize>, &str)]) -> Shift {
        let splice = |(range, text): &(std::ops::Range<usize>, &str)| Splice {
            range: range.clone(),
            text: (*text).to_owned(),
        };
        Shift::new(&splices.iter().map(splice).collect::<Vec<_>>())
    }

    #[test]
    fn an_insertion_stands_behind_what_ends_and_before_what_begins_there() {
        let shift = shift(&[(4..4, "123")]);
        assert_eq!((shift.end(4), shift.start(4)), (4, 7));
        assert_eq!((shift.start(3), shift.end(5)), (3, 8));
    }

    #[test]
    fn what_is_behind_all_splices_moves_by_their_sum() {
        let shift = shift(&[(0..2, ""), (4..4, "123"), (6..7, "1")]);
        assert_eq!(shift.start(9), 10);
        assert_eq!(shift.span(&(2..4)), 0..2);
        assert_eq!(shift.even(1, 4), Some(-2));
        assert_eq!(shift.even(1, 5), None);
    }
}
