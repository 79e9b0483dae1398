//! How an attempt ended, in one word.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A text that names no [`Outcome`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no outcome of an attempt")]
pub struct UnknownOutcome(pub String);

/// Makes the enum, its words and its sentences from one table, so that they cannot drift apart.
macro_rules! outcomes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $transient:literal, $sentence:literal;)*) => {
        /// How an attempt ended.
        ///
        /// A plain word: exit code, signal and message stand in the [`Reading`](super::Reading) that came with it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Outcome { $($(#[$doc])* $variant,)* }

        impl Outcome {
            /// Every outcome, in the order of the table.
            pub const ALL: &'static [Outcome] = &[$(Outcome::$variant,)*];

            /// The word for files and scripts, such as `timed-out`.
            pub fn as_str(self) -> &'static str {
                match self { $(Outcome::$variant => $word,)* }
            }

            /// What a person is told, as the end of "the task …", such as `timed out`.
            pub fn sentence(self) -> &'static str {
                match self { $(Outcome::$variant => $sentence,)* }
            }

            /// Whether another attempt of the same run may end better with nothing changed by anybody.
            ///
            /// True where the cause lies outside the task: limits and troubles of the service, a signal that we did not
            /// send (most often the kernel, short of memory), and a time-out, since most of those are programs that
            /// hang. Not for a program that cannot be started: it will be missing the next time, too.
            pub fn is_transient(self) -> bool {
                match self { $(Outcome::$variant => $transient,)* }
            }

            /// Whether the agent program came to that end by itself, so that its service must have worked.
            pub fn is_of_the_program(self) -> bool {
                match self {
                    Outcome::Completed | Outcome::NoChanges | Outcome::AgentError | Outcome::PermissionDenied => true,
                    Outcome::OutOfTurns | Outcome::OutOfBudget | Outcome::Blocked | Outcome::NeedsAnswer => true,
                    Outcome::GateFailed | Outcome::MergeConflict | Outcome::Escaped => true,
                    Outcome::Failed | Outcome::TimedOut | Outcome::Killed | Outcome::CouldNotStart => false,
                    Outcome::Cancelled | Outcome::Interrupted | Outcome::RateLimited => false,
                    Outcome::Unavailable | Outcome::Authentication | Outcome::OutOfCredit => false,
                }
            }

            /// Whether it says that no attempt by the same runner can do better until a person has mended something there: it may not log
            /// in, or has no money left.
            pub fn closes_its_runner(self) -> bool {
                matches!(self, Outcome::Authentication | Outcome::OutOfCredit)
            }
        }
    };
}

outcomes! {
    /// The agent says that the work is done; whether it is, the worktree and the gates tell.
    Completed = "completed", false, "was completed";
    /// The agent said that it was done, but nothing had changed.
    NoChanges = "no-changes", false, "ended without any change";
    /// The program ended with an exit code other than 0.
    Failed = "failed", false, "failed";
    /// The agent program, or the agent in its answer, reported an error.
    AgentError = "agent-error", false, "ended with an error of the agent";
    /// We ended it, because its time was up or it gave no sign of life.
    TimedOut = "timed-out", true, "timed out";
    /// A signal that we did not send ended it.
    Killed = "killed", true, "was killed by a signal";
    /// The program could not be started.
    CouldNotStart = "could-not-start", false, "could not be started";
    /// A person cancelled it.
    Cancelled = "cancelled", false, "was cancelled";
    /// The run ended (or was killed) while it was at work; the next run takes it up.
    Interrupted = "interrupted", false, "was interrupted";
    /// The service refused more work for now.
    RateLimited = "rate-limited", true, "was stopped by a rate limit";
    /// The service failed or could not be reached.
    Unavailable = "unavailable", true, "could not reach its model";
    /// The service did not accept the credentials.
    Authentication = "authentication", false, "could not log in to its model";
    /// The agent was denied a tool that it wanted to use.
    PermissionDenied = "permission-denied", false, "was denied a tool";
    /// The agent used up its turns.
    OutOfTurns = "out-of-turns", false, "used up its turns";
    /// The agent program stopped at its own cost limit, which each attempt has for itself.
    OutOfBudget = "out-of-budget", false, "used up its budget";
    /// The account that pays for the service has nothing left.
    OutOfCredit = "out-of-credit", false, "has no credit left for its model";
    /// The agent says that something keeps it from finishing.
    Blocked = "blocked", false, "is blocked";
    /// The agent asks a question.
    NeedsAnswer = "needs-answer", false, "waits for an answer";
    /// A gate did not pass.
    GateFailed = "gate-failed", false, "did not pass a gate";
    /// The work could not be merged.
    MergeConflict = "merge-conflict", false, "could not be merged";
    /// It wrote where it must not: outside its worktree.
    Escaped = "escaped", false, "wrote outside its worktree";
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    /// Reads the word of [`Outcome::as_str`].
    ///
    /// # Errors
    /// Any other text.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .find(|outcome| outcome.as_str() == word)
            .copied()
            .ok_or_else(|| UnknownOutcome(word.to_owned()))
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_survives_its_word_and_json() {
        for &outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
            let json = serde_json::to_string(&outcome).unwrap();
            assert_eq!(json, format!("\"{outcome}\""));
            assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), outcome);
        }
    }

    #[test]
    fn words_are_kebab_case_and_differ() {
        let words: std::collections::BTreeSet<_> = Outcome::ALL.iter().map(|o| o.as_str()).collect();
        assert_eq!(words.len(), Outcome::ALL.len());
        assert!(words.iter().all(|w| w.chars().all(|c| c == '-' || c.is_ascii_lowercase())));
    }

    #[test]
    fn an_unknown_word_is_an_error_that_names_it() {
        let error = "done".parse::<Outcome>().unwrap_err();
        assert_eq!(error.to_string(), "`done` is no outcome of an attempt");
    }

    #[test]
    fn only_causes_outside_the_task_are_transient() {
        let transient: Vec<_> = Outcome::ALL.iter().filter(|o| o.is_transient()).collect();
        assert_eq!(
            transient,
            [&Outcome::TimedOut, &Outcome::Killed, &Outcome::RateLimited, &Outcome::Unavailable]
        );
    }
}
