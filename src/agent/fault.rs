//! What went wrong by an agent program's own account.

use super::Outcome;
use super::log_text::{MESSAGE, cut, plain};

/// An error that an agent program tells of, and the outcome that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it comes to.
    pub outcome: Outcome,
    /// The program's message, plain and cut to a sane length.
    pub message: String,
}

impl Fault {
    pub(super) fn new(outcome: Outcome, message: &str) -> Fault {
        Fault { outcome, message: cut(&plain(message), MESSAGE) }
    }

    /// An error of the model's service: its HTTP status, and the word by which it calls the error, as far as the program tells them.
    pub(super) fn of_service(status: Option<u64>, word: Option<&str>, message: &str) -> Fault {
        let words = format!("{} {}", word.unwrap_or_default(), message).to_lowercase();
        Fault::new(outcome(status, &words), message)
    }
}

/// In this order: no money, a limit, no right to log in, a service that does not work, anything else.
///
/// A word in a message decides only where no status contradicts it.
fn outcome(status: Option<u64>, words: &str) -> Outcome {
    let says = |list: &[&str]| list.iter().any(|word| words.contains(word));
    match status {
        _ if says(OUT_OF_CREDIT) => Outcome::OutOfCredit,
        Some(429 | 529) => Outcome::RateLimited,
        None if says(RATE_LIMITED) => Outcome::RateLimited,
        Some(401 | 403) => Outcome::Authentication,
        // Google answers a wrong key with 400.
        _ if says(WRONG_KEY) => Outcome::Authentication,
        None if says(AUTHENTICATION) => Outcome::Authentication,
        Some(500..) => Outcome::Unavailable,
        None if says(UNREACHABLE) => Outcome::Unavailable,
        _ => Outcome::AgentError,
    }
}

/// Words of an error, in lower case, whatever its status.
const OUT_OF_CREDIT: &[&str] = &[
    "credit balance is too low",
    "billing_error",
    "insufficient_quota",
    "quota exceeded. check your plan and billing",
    "insufficient balance",
    "insufficient credits",
];
const WRONG_KEY: &[&str] = &["api key not valid", "api_key_invalid", "incorrect api key"];
/// Words of an error, in lower case, where it comes without a status.
const RATE_LIMITED: &[&str] = &[
    "rate_limit",
    "rate limit",
    "ratelimit",
    "resource_exhausted",
    "too many requests",
    "repeated 529",
    "overloaded",
    "usage limit",
    "hit your limit",
    "limit reached",
    "exhausted your",
    "quota exceeded",
    "request a quota increase",
];
const AUTHENTICATION: &[&str] = &[
    "authentication_error",
    "invalid api key",
    "please run /login",
    "not logged in",
    "oauth token",
    "refresh token",
    "unauthorized",
    "auth method",
    "log out and sign in",
    "missing environment variable",
    "api key is missing",
    "codex login",
    "opencode auth login",
];
const UNREACHABLE: &[&str] = &[
    "connection error",
    "connection dropped",
    "connection refused",
    "connection reset",
    "unable to connect",
    "cannot connect",
    "econnrefused",
    "econnreset",
    "etimedout",
    "enotfound",
    "fetch failed",
    "error sending request",
    "stream disconnected",
    "socket connection was closed",
    "socket hang up",
    "request timed out",
    "internal server error",
    "service unavailable",
    "high demand",
    "transient api issue",
    "at capacity",
    "api_error",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: Option<u64>, message: &str) -> Outcome {
        Fault::of_service(status, None, message).outcome
    }

    #[test]
    fn a_status_counts_for_more_than_words_but_for_money() {
        assert_eq!(of(Some(400), "Unauthorized: the rate limit of overloaded words"), Outcome::AgentError);
        assert_eq!(of(Some(500), "rate limit"), Outcome::Unavailable);
        assert_eq!(of(Some(429), "insufficient_quota"), Outcome::OutOfCredit);
        assert_eq!(of(Some(400), "API key not valid. Please pass a valid API key."), Outcome::Authentication);
    }

    #[test]
    fn the_services_word_counts_like_its_message() {
        let fault = Fault::of_service(Some(429), Some("insufficient_quota"), "You exceeded your quota");
        assert_eq!(fault, Fault::new(Outcome::OutOfCredit, "You exceeded your quota"));
    }

    #[test]
    fn without_a_status_words_decide() {
        let told = ["Too Many Requests", "Not logged in", "fetch failed", "boom"].map(|m| of(None, m));
        assert_eq!(
            told,
            [Outcome::RateLimited, Outcome::Authentication, Outcome::Unavailable, Outcome::AgentError]
        );
    }
}
