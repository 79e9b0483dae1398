//! An edit of a document: byte ranges and what takes their place.

use std::ops::Range;

use jiff::Timestamp;

use super::{Invalid, Status, TaskResult};

/// One change of one task's status, and all that changes with it.
#[derive(Debug, Clone)]
pub struct Transition<'a> {
    /// The id of the task.
    pub task: &'a str,
    /// Its new status.
    pub to: Status,
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
    /// Who does it.
    pub actor: &'a str,
    /// What happened. Any text: what XML cannot hold is left out.
    pub description: &'a str,
    /// What was changed, for the audit log.
    pub changes: Option<&'a str>,
    /// Written on completion and failure, in place of an earlier one.
    pub result: Option<TaskResult>,
}

/// Something to be told by the plan's audit log.
#[derive(Debug, Clone)]
pub struct AuditEntry<'a> {
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
    /// What sort of thing, such as `task_added`.
    pub kind: &'a str,
    /// What happened.
    pub description: &'a str,
    /// Who did it.
    pub actor: &'a str,
    /// What was changed.
    pub changes: Option<&'a str>,
}

/// A task that is to be added.
#[derive(Debug, Clone)]
pub struct NewTask<'a> {
    /// Its id.
    pub id: &'a str,
    /// In a few words.
    pub name: &'a str,
    /// What is to be done.
    pub description: &'a str,
    /// Who does it, if that is said.
    pub agent: Option<&'a str>,
    /// How long it may take, as planners write it (`45min`, `1.5h`), if somebody has said it.
    pub estimate: Option<&'a str>,
    /// The tasks that it waits for.
    pub after: &'a [&'a str],
    /// The tasks that wait for it.
    pub before: &'a [&'a str],
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
    /// Who adds it.
    pub actor: &'a str,
}

/// A set of splices that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Ordered by place; none overlaps another.
    pub splices: Vec<Splice>,
}

/// Bytes of the source, and what takes their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that go; empty for an insertion.
    pub range: Range<usize>,
    /// What comes.
    pub text: String,
}

/// Why a document cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no task of that id.
    #[error("there is no task `{0}` in the plan")]
    UnknownTask(String),
    /// There is such a task already.
    #[error("there is a task `{0}` in the plan already")]
    TaskExists(String),
    /// The document has no place for it.
    #[error("this is {0}, which has no place for the task")]
    NoPlace(String),
    /// The edit was made for another text.
    #[error("the edit does not fit the document at byte {0}")]
    DoesNotFit(usize),
    /// The edit would break the document.
    #[error("the edit would leave a document that cannot be read")]
    Breaks(Box<Invalid>),
}

impl Edit {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.splices.is_empty()
    }

    /// The edit that makes all of `splices`, in whatever order they come. Insertions at one place
    /// keep their order, and stand before what is replaced there.
    pub(crate) fn new(mut splices: Vec<Splice>) -> Edit {
        splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        Edit { splices }
    }

    /// The edit that makes `new` of `old`: one splice, from the first byte that differs to the last.
    pub(crate) fn between(old: &str, new: &str) -> Edit {
        if old == new {
            return Edit::default();
        }
        let same = |(a, b): &(char, char)| a == b;
        let start: usize = old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let (old_rest, new_rest) = (old.get(start..).unwrap_or(old), new.get(start..).unwrap_or(new));
        let both = old_rest.chars().rev().zip(new_rest.chars().rev());
        let end: usize = both.take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let text = new_rest.get(..new_rest.len() - end).unwrap_or_default().to_owned();
        Edit { splices: vec![Splice { range: start..old.len() - end, text }] }
    }

    /// The edit that takes this one back, of `source` with this one made.
    ///
    /// # Errors
    /// If this one does not fit `source`.
    pub fn undo(&self, source: &str) -> Result<Edit, EditError> {
        let mut grown = 0;
        let undone = |Splice { range, text }: &Splice| {
            let old = source.get(range.clone()).ok_or(EditError::DoesNotFit(range.start))?;
            let start = range.start.saturating_add_signed(grown);
            grown += text.len().cast_signed() - old.len().cast_signed();
            Ok(Splice { range: start..start + text.len(), text: old.to_owned() })
        };
        Ok(Edit { splices: self.splices.iter().map(undone).collect::<Result<_, EditError>>()? })
    }

    /// `source` with the edit made, or the first place where the edit does not fit it.
    pub(crate) fn splice(&self, source: &str) -> Result<String, EditError> {
        let mut text = String::new();
        self.splice_to(source, &mut text)?;
        Ok(text)
    }

    /// The same, in the place of whatever `text` holds: what it has room for need not be asked of the system again.
    pub(crate) fn splice_to(&self, source: &str, text: &mut String) -> Result<(), EditError> {
        text.clear();
        let grown: usize = self.splices.iter().map(|splice| splice.text.len()).sum();
        // Not twice as much, as a buffer that grows little by little would get.
        text.reserve_exact(source.len() + grown);
        let mut copied = 0;
        for Splice { range, text: new } in &self.splices {
            let misfit = EditError::DoesNotFit(range.start);
            let kept = source.get(copied..range.start).ok_or(misfit.clone())?;
            source.get(range.clone()).ok_or(misfit)?;
            text.push_str(kept);
            text.push_str(new);
            copied = range.end;
        }
        text.push_str(source.get(copied..).ok_or(EditError::DoesNotFit(copied))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Edit, EditError, Splice};

    fn edit(splices: &[(std::ops::Range<usize>, &str)]) -> Edit {
        Edit::new(
            splices
                .iter()
                .map(|(range, text)| Splice { range: range.clone(), text: (*text).to_owned() })
                .collect(),
        )
    }

    #[test]
    fn splices_are_made_in_the_order_of_their_places() {
        let edit = edit(&[(4..4, "!"), (0..1, "X"), (0..0, "("), (4..4, "?")]);
        assert_eq!(edit.splice("abcd").unwrap(), "(Xbcd!?");
    }

    #[test]
    fn the_edit_between_two_texts_makes_one_of_the_other() {
        for (old, new) in
            [("", "a"), ("aXa", "aa"), ("aa", "aaa"), ("äöü", "äüü"), ("a", "ba"), ("same", "same")]
        {
            let edit = Edit::between(old, new);
            assert_eq!(edit.splice(old).unwrap(), new);
            assert_eq!(edit.is_empty(), old == new);
        }
    }

    #[test]
    fn an_edit_can_be_taken_back() {
        let edit = edit(&[(0..1, "XYZ"), (2..2, "!"), (3..4, "")]);
        let edited = edit.splice("abcd").unwrap();
        assert_eq!(edited, "XYZb!c");
        assert_eq!(edit.undo("abcd").unwrap().splice(&edited).unwrap(), "abcd");
    }

    #[test]
    fn an_edit_that_does_not_fit_is_refused() {
        for wrong in [edit(&[(0..9, "")]), edit(&[(0..2, ""), (1..3, "")]), edit(&[(1..1, "")])] {
            assert!(matches!(wrong.splice("äb"), Err(EditError::DoesNotFit(_))), "{wrong:?}");
        }
    }
}
