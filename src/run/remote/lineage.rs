//! Two journals of one plan compared. Journals are only added to, so of two that tell one story one begins with the other.

/// How the journal of this clone stands to the remote's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lineage {
    /// Both say the same.
    Same,
    /// This clone knows nothing yet, or less.
    Behind,
    /// This clone knows more.
    Ahead,
    /// Each knows something that the other does not.
    Apart,
}

/// `here` and `there`: what the files hold, in whole lines.
pub(super) fn lineage(here: &[u8], there: &[u8]) -> Lineage {
    if here == there {
        Lineage::Same
    } else if says_nothing(here) || there.starts_with(here) {
        Lineage::Behind
    } else if says_nothing(there) || here.starts_with(there) {
        Lineage::Ahead
    } else {
        Lineage::Apart
    }
}

/// The lines of a journal that are whole: whoever adds one may be about it.
pub(super) fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes.get(..end).unwrap_or_default()
}

/// That it has begun is all that such a journal says.
fn says_nothing(journal: &[u8]) -> bool {
    const BEGUN: &[u8] = b"\"fact\":\"journal-begun\"";
    let mut lines = journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.all(|line| line.windows(BEGUN.len()).any(|part| part == BEGUN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_that_tell_one_story_the_longer_one_is_ahead() {
        let cases: [(&str, &str, Lineage); 6] = [
            ("a\nb\n", "a\nb\n", Lineage::Same),
            ("", "a\n", Lineage::Behind),
            ("{\"time\":\"x\",\"fact\":\"journal-begun\"}\n", "a\n", Lineage::Behind),
            ("a\n", "a\nb\n", Lineage::Behind),
            ("a\nb\n", "a\n", Lineage::Ahead),
            ("a\nb\n", "a\nc\n", Lineage::Apart),
        ];
        for (here, there, expected) in cases {
            assert_eq!(lineage(here.as_bytes(), there.as_bytes()), expected, "{here:?} {there:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_whole_does_not_count() {
        assert_eq!(whole_lines(b"a\nb"), b"a\n");
        assert_eq!(whole_lines(b"b"), b"");
        assert_eq!(whole_lines(b""), b"");
    }
}
