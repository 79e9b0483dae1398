//! Two journals of one plan compared. Journals are only added to, so of two that tell one story one begins with the other.

use crate::run::{Fact, Record};

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
    if here == there || here.strip_prefix(there).is_some_and(|since| !says_nothing(there) && is_idle(since)) {
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

/// Whether all that such lines say is that runs have looked, and found nothing to do. More say the first run of a plan, one that ended for
/// want of means, and the end of a run that has begun before these lines.
pub(super) fn is_idle(lines: &[u8]) -> bool {
    let mut begun = Vec::new();
    let mut says_nothing = |record: Record| {
        if let Fact::RunStarted { run, branch: None, .. } = record.fact {
            begun.push(run);
            true
        } else if let Fact::RunEnding { run } | Fact::RunEnded { run, budget: None, .. } = record.fact {
            begun.contains(&run)
        } else {
            false
        }
    };
    let mut lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.all(|line| serde_json::from_slice(line).is_ok_and(&mut says_nothing))
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
    fn a_run_that_found_nothing_to_do_says_nothing_and_the_end_of_another_one_does() {
        let line = |fact: &str| format!("{{\"time\":\"2026-01-01T00:00:00Z\",{fact}}}\n");
        let begun = |run: &str, more: &str| {
            line(&format!(
                r#""fact":"run-started","run":"{run}","pid":1,"host":"h","version":"1","start":"c"{more}"#
            ))
        };
        let ended =
            |run: &str, more: &str| line(&format!(r#""fact":"run-ended","run":"{run}","exit":0{more}"#));
        let work = line(r#""fact":"gates-interrupted","task":"a","attempt":1"#);
        for (lines, expected) in [
            (String::new(), true),
            (begun("1", ""), true),
            (begun("1", "") + &ended("1", "") + &begun("2", "") + &ended("2", ""), true),
            (begun("1", r#","branch":"main""#) + &ended("1", ""), false),
            (begun("2", "") + &ended("1", ""), false),
            (begun("1", "") + &ended("1", r#","budget":{"cost_usd":1.0,"tokens":null}"#), false),
            (begun("1", "") + &work + &ended("1", ""), false),
            ("what is this?\n".to_owned(), false),
        ] {
            assert_eq!(is_idle(lines.as_bytes()), expected, "{lines}");
        }
        let there = work.clone();
        let here = work + &begun("1", "");
        assert_eq!(lineage(here.as_bytes(), there.as_bytes()), Lineage::Same);
    }

    #[test]
    fn a_line_that_is_not_whole_does_not_count() {
        assert_eq!(whole_lines(b"a\nb"), b"a\n");
        assert_eq!(whole_lines(b"b"), b"");
        assert_eq!(whole_lines(b""), b"");
    }
}
