//! What an agent's last words say about how its task went.

use serde_json::Value;

use super::log_text::{MESSAGE, cut, last_line};
use super::{Outcome, Reading};

/// An answer other than that the task is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `BLOCKED: reason`.
    Blocked(String),
    /// `CLARIFICATION: question`.
    Question(String),
    /// A JSON object with an `error_code`.
    Error(ErrorCode, String),
}

/// The codes of an error report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// Something that it needs from another task is not there.
    BlockedByDependency,
    /// It was not told enough to begin.
    MissingInput,
    /// A tool did not work.
    ToolFailure,
    /// It used up its own turns.
    MaxIterationsReached,
    /// It does not know enough to go on.
    InsufficientContext,
    /// It was asked for something that it must not do.
    SecurityViolation,
    /// Only a person can go on.
    HumanInterventionRequired,
    /// Anything else, unknown codes included.
    UnknownFailure,
}

/// The words of the codes and what each comes to.
const CODES: [(ErrorCode, &str, Outcome); 8] = [
    (ErrorCode::BlockedByDependency, "BLOCKED_BY_DEPENDENCY", Outcome::Blocked),
    (ErrorCode::MissingInput, "MISSING_INPUT", Outcome::NeedsAnswer),
    (ErrorCode::ToolFailure, "TOOL_FAILURE", Outcome::AgentError),
    (ErrorCode::MaxIterationsReached, "MAX_ITERATIONS_REACHED", Outcome::AgentError),
    (ErrorCode::InsufficientContext, "INSUFFICIENT_CONTEXT", Outcome::NeedsAnswer),
    (ErrorCode::SecurityViolation, "SECURITY_VIOLATION", Outcome::AgentError),
    (ErrorCode::HumanInterventionRequired, "HUMAN_INTERVENTION_REQUIRED", Outcome::NeedsAnswer),
    (ErrorCode::UnknownFailure, "UNKNOWN_FAILURE", Outcome::AgentError),
];

impl ErrorCode {
    /// Reads a code; one that nobody knows is an unknown failure.
    pub fn from_word(word: &str) -> ErrorCode {
        let known = CODES.iter().find(|(_, name, _)| *name == word);
        known.map_or(ErrorCode::UnknownFailure, |(code, ..)| *code)
    }

    /// What an attempt that ends with it comes to.
    pub fn outcome(self) -> Outcome {
        let known = CODES.iter().find(|(code, ..)| *code == self);
        known.map_or(Outcome::AgentError, |(.., outcome)| *outcome)
    }
}

impl Answer {
    /// Reads a whole message: the word may begin it, or begin a line of its last paragraph, and what follows it is its
    /// text; a JSON object may be all of it or its end.
    ///
    /// `None` if it says nothing but that the task is done.
    pub fn in_message(message: &str) -> Option<Answer> {
        let message = message.trim();
        let last_paragraph = message.rsplit("\n\n").next().unwrap_or_default();
        report(message).or_else(|| marked(message)).or_else(|| line_starts(last_paragraph).find_map(marked))
    }

    /// Reads the end of a log, whose last line is the message; a JSON object may take more lines.
    pub fn in_log(log: &str) -> Option<Answer> {
        report(log).or_else(|| marked(last_line(log)?))
    }

    /// What an attempt with this answer comes to.
    pub fn outcome(&self) -> Outcome {
        match self {
            Answer::Blocked(_) => Outcome::Blocked,
            Answer::Question(_) => Outcome::NeedsAnswer,
            Answer::Error(code, _) => code.outcome(),
        }
    }

    /// Puts the answer in the place of what a reading said about the end.
    pub(super) fn tell(self, reading: &mut Reading) {
        reading.outcome = self.outcome();
        let text = match self {
            Answer::Blocked(text) | Answer::Question(text) | Answer::Error(_, text) => cut(&text, MESSAGE),
        };
        if reading.outcome == Outcome::NeedsAnswer {
            reading.question = Some(text.clone());
        }
        reading.detail = Some(text);
    }
}

/// A text from each of its lines on.
fn line_starts(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    starts.collect::<Vec<_>>().into_iter().map(|at| &text[at..])
}

/// Marks of Markdown that may stand around the word, as in `**BLOCKED:** reason`.
const DECORATION: &[char] = &['*', '_', '`', '#', '>', '"', ' '];

fn marked(text: &str) -> Option<Answer> {
    let text = text.trim_start_matches(DECORATION);
    let after = |word: &str| {
        let rest = text.strip_prefix(word)?.trim_start_matches(['*', '_', '`']);
        Some(rest.strip_prefix(':')?.trim().trim_matches(['*', '_', '`', '"']).trim().to_owned())
    };
    let or = |text: String, instead: &str| {
        if text.is_empty() { instead.to_owned() } else { text }
    };
    if let Some(reason) = after("BLOCKED") {
        return Some(Answer::Blocked(or(reason, "the agent gave no reason")));
    }
    after("CLARIFICATION").map(|text| Answer::Question(or(text, "the agent asks, but not what")))
}

/// Lines from the end within which an error report must begin.
const REPORT_LINES: usize = 100;

fn report(text: &str) -> Option<Answer> {
    let text = text.trim_end().trim_end_matches('`').trim_end();
    if !text.ends_with('}') {
        return None;
    }
    let objects = line_starts(text).rev().take(REPORT_LINES).filter(|t| t.trim_start().starts_with('{'));
    objects.filter_map(|json| serde_json::from_str::<Value>(json).ok()).find_map(|v| error(&v))
}

fn error(report: &Value) -> Option<Answer> {
    let field = |name: &str| report.get(name)?.as_str().filter(|text| !text.trim().is_empty());
    let word = field("error_code")?;
    let mut text = match field("message") {
        Some(message) => format!("{word}: {message}"),
        None => word.to_owned(),
    };
    let more = [
        ("last_successful_step", "last successful step"),
        ("context_summary", "context"),
        ("suggested_next_step", "suggested next step"),
    ];
    for (name, title) in more {
        if let Some(value) = field(name) {
            text.push_str(&format!("\n{title}: {value}"));
        }
    }
    Some(Answer::Error(ErrorCode::from_word(word), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(text: &str) -> Answer {
        Answer::Blocked(text.to_owned())
    }

    fn question(text: &str) -> Answer {
        Answer::Question(text.to_owned())
    }

    #[test]
    fn prose_says_that_the_task_is_done() {
        for message in [
            "",
            "All done.",
            "Completed: wrote the parser.",
            "I was never blocked: all went well.",
            "The BLOCKED: prefix is parsed now.",
            "Blocked: lower case is prose",
            "It prints\n\nBLOCKED: x\n\nwhen it has to. Tests pass.",
            "{\"error_code\": 5}",
            "}",
            "{\"status\": \"done\"}",
        ] {
            assert_eq!(Answer::in_message(message), None, "{message}");
        }
    }

    #[test]
    fn a_word_at_the_beginning_takes_the_whole_message() {
        assert_eq!(Answer::in_message("BLOCKED: no key\nask ops"), Some(blocked("no key\nask ops")));
        assert_eq!(
            Answer::in_message("CLARIFICATION: Which?\n\n1. a\n2. b"),
            Some(question("Which?\n\n1. a\n2. b"))
        );
    }

    #[test]
    fn a_word_in_the_last_paragraph_takes_the_rest_of_it() {
        let message = "I did half of it.\n\nThe rest waits.\n**CLARIFICATION:** Postgres or `SQLite`?";
        assert_eq!(Answer::in_message(message), Some(question("Postgres or `SQLite`?")));
        assert_eq!(Answer::in_message("x\n\n> BLOCKED: `no`"), Some(blocked("no")));
        assert_eq!(Answer::in_message("x\n\nBLOCKED:"), Some(blocked("the agent gave no reason")));
    }

    #[test]
    fn an_error_report_is_read_bare_or_fenced_or_after_prose() {
        let json = "{\n \"error_code\": \"TOOL_FAILURE\",\n \"message\": \"cargo is {gone}\",\n \"suggested_next_step\": \"install\"\n}";
        let text = "TOOL_FAILURE: cargo is {gone}\nsuggested next step: install".to_owned();
        let expected = Some(Answer::Error(ErrorCode::ToolFailure, text));
        assert_eq!(Answer::in_message(json), expected);
        assert_eq!(Answer::in_message(&format!("Sorry.\n```json\n{json}\n```\n")), expected);
        assert_eq!(Answer::in_log(&format!("log line\n{json}\n\n")), expected);
    }

    #[test]
    fn every_code_comes_to_an_outcome_and_unknown_ones_to_an_error() {
        let told = ["BLOCKED_BY_DEPENDENCY", "MISSING_INPUT", "SECURITY_VIOLATION", "NEW_ONE"]
            .map(|word| ErrorCode::from_word(word).outcome());
        assert_eq!(told, [Outcome::Blocked, Outcome::NeedsAnswer, Outcome::AgentError, Outcome::AgentError]);
    }

    #[test]
    fn of_a_log_only_the_last_line_is_an_answer() {
        assert_eq!(Answer::in_log("BLOCKED: early\nall done\n"), None);
        assert_eq!(Answer::in_log("work\nBLOCKED: late\n\n"), Some(blocked("late")));
    }

    proptest::proptest! {
        #[test]
        fn no_message_is_too_odd(text in "(?s)([{}\"`:*\n ]|BLOCKED|error_code|.){0,60}") {
            let _ = (Answer::in_message(&text), Answer::in_log(&text));
        }
    }
}
