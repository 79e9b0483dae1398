//! What is handed to a runner about an ended process, and what it reads from that.

use std::fmt;
use std::path::Path;

use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use signal_hook::low_level::signal_name;

use super::Outcome;

/// How a process left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Whether it is exit code 0.
    pub fn is_success(self) -> bool {
        self == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "signal {signal} ({})", name.trim_start_matches("SIG")),
                None => write!(f, "signal {signal}"),
            },
        }
    }
}

/// Why we ended an attempt. The exit code does not say it, so it has to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBy {
    /// Its time was up.
    TimedOut,
    /// A person cancelled the task.
    Cancelled,
    /// The run itself was told to end.
    Interrupted,
    /// It printed more than can be kept.
    TooMuchOutput,
    /// What it may use up was used up.
    OutOfBudget,
}

impl EndedBy {
    /// The outcome that follows, whatever the program printed.
    pub fn outcome(self) -> Outcome {
        match self {
            EndedBy::TimedOut => Outcome::TimedOut,
            EndedBy::Cancelled => Outcome::Cancelled,
            EndedBy::Interrupted => Outcome::Interrupted,
            EndedBy::TooMuchOutput => Outcome::AgentError,
            EndedBy::OutOfBudget => Outcome::OutOfBudget,
        }
    }
}

/// An ended attempt, as the run saw it.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// How the process left.
    pub exit: Exit,
    /// Whether, and why, we ended it.
    pub ended_by_us: Option<EndedBy>,
    /// The file with all that it wrote to standard output.
    pub stdout: &'a Path,
    /// The file with all that it wrote to standard error.
    pub stderr: &'a Path,
    /// When, where we are: programs say in local time when a limit ends.
    pub at: &'a Zoned,
}

/// Tokens that an attempt used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens sent to the model, those read from and written to its cache included.
    pub input: u64,
    /// Tokens that the model wrote.
    pub output: u64,
    /// Those of the input that were read from its cache, where the program tells them apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Tokens {
    /// Read and written together.
    pub fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, more: Tokens) -> Tokens {
        Tokens {
            input: self.input.saturating_add(more.input),
            output: self.output.saturating_add(more.output),
            cached: self.cached.saturating_add(more.cached),
        }
    }
}

/// What a runner reads from an ended attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// How it ended. [`Outcome::Completed`] is the agent's claim: whether anything changed, git knows.
    pub outcome: Outcome,
    /// The agent's last words, cut to a sane length: what becomes the task's result.
    pub summary: Option<String>,
    /// What came of it, by the agent's own account, where its program asks for one.
    #[serde(default)]
    pub deliverables: Vec<String>,
    /// What others should know, by the agent's own account.
    #[serde(default)]
    pub learnings: Vec<String>,
    /// Why it ended so, for a person: exit code, message, the end of standard error.
    pub detail: Option<String>,
    /// The question that it asks, for [`Outcome::NeedsAnswer`].
    pub question: Option<String>,
    /// What it cost, in US dollars, if the program says so.
    pub cost_usd: Option<f64>,
    /// Tokens used, if the program says so.
    pub tokens: Option<Tokens>,
    /// The model that it talked to, if the program says so.
    #[serde(default)]
    pub model: Option<String>,
    /// The program's own session, by which it can be resumed.
    pub session: Option<String>,
    /// When the limit ends that it ran into, for [`Outcome::RateLimited`], if it says so.
    pub retry_at: Option<Timestamp>,
}

impl Reading {
    /// A reading of which nothing but the outcome is known.
    pub fn of(outcome: Outcome) -> Reading {
        Reading {
            outcome,
            summary: None,
            deliverables: Vec::new(),
            learnings: Vec::new(),
            detail: None,
            question: None,
            cost_usd: None,
            tokens: None,
            model: None,
            session: None,
            retry_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_read_as_a_person_would_say_them() {
        let texts = [Exit::Code(3), Exit::Signal(9), Exit::Signal(6400)].map(|e| e.to_string());
        assert_eq!(texts, ["exit code 3", "signal 9 (KILL)", "signal 6400"]);
    }
}
