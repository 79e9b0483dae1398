//! What an agent is told that reviews the work of another, and what it answers.

use super::log_text::{MESSAGE, cut};

/// Work that is to be reviewed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewBrief {
    /// The commit that it began from; nothing where nothing is committed.
    pub base: Option<String>,
    /// Its last commit.
    pub head: Option<String>,
    /// What its agent said that it did.
    pub summary: Option<String>,
}

/// What a reviewer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// The work is good as it is.
    Approved,
    /// It is not, for these reasons.
    Findings(String),
}

/// Marks of Markdown that may stand around the word.
const DECORATION: &[char] = &['*', '_', '`', '#', '>', '"', ' ', '-'];

impl Opinion {
    /// Reads a reviewer's last message: of its lines that are `APPROVE` or begin with `FINDINGS:`, the last one counts; what follows that
    /// one, and the lines after it, are the findings. `None` if there is no such line.
    pub fn in_message(message: &str) -> Option<Opinion> {
        let lines: Vec<_> = message.lines().collect();
        let place = lines.iter().rposition(|line| is_approval(line) || after_findings(line).is_some())?;
        let (line, rest) = (lines.get(place)?, lines.get(place + 1..).unwrap_or_default());
        let Some(first) = after_findings(line) else { return Some(Opinion::Approved) };
        let text = std::iter::once(first).chain(rest.iter().copied()).collect::<Vec<_>>().join("\n");
        // Some list them first, and end with the word.
        let text = if text.trim().is_empty() { lines.get(..place)?.join("\n") } else { text };
        Some(Opinion::Findings(cut(text.trim(), MESSAGE)))
    }
}

fn is_approval(line: &str) -> bool {
    let word = line.trim().trim_matches(DECORATION).trim_end_matches(['.', '!', '*', '`']);
    ["approve", "approved"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn after_findings(line: &str) -> Option<&str> {
    const WORD: &str = "findings";
    let line = line.trim().trim_start_matches(DECORATION);
    let word = line.get(..WORD.len()).filter(|word| word.eq_ignore_ascii_case(WORD))?;
    let rest = line.get(word.len()..)?.trim_start_matches(['*', '_', '`']);
    Some(rest.strip_prefix(':')?.trim_start_matches(['*', '_', '`']).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(message: &str) -> String {
        match Opinion::in_message(message) {
            Some(Opinion::Findings(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_last_word_of_a_reviewer_counts() {
        assert_eq!(Opinion::in_message("All is well.\n\n**APPROVE**"), Some(Opinion::Approved));
        assert_eq!(Opinion::in_message("findings: none of note\napproved."), Some(Opinion::Approved));
        assert_eq!(findings("Hm.\nFINDINGS:\n- a.rs: no test\n- b"), "- a.rs: no test\n- b");
        assert_eq!(findings("**Findings:** a.rs panics"), "a.rs panics");
        assert_eq!(findings("a.rs panics\nFINDINGS:"), "a.rs panics");
    }

    #[test]
    fn other_messages_say_neither() {
        for message in ["", "I would not approve this", "no findings: none", "Approve it if you like"] {
            assert_eq!(Opinion::in_message(message), None, "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_message_is_too_odd(text in "(?si)([*:\n #-]|findings|approve|.){0,40}") {
            let _ = Opinion::in_message(&text);
        }
    }
}
