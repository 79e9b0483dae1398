//! How an attempt by Claude Code ended. Its exit codes lie, so the `result` line decides, in a fixed order.

use serde_json::Value;

use super::super::log_text::{self, MESSAGE, cut, plain};
use super::super::retry_at;
use super::super::{Answer, Ended, Exit, Outcome, Reading, Tokens};
use super::stream::{Stream, text};

/// Ended by us, no result, denied tools, rate limit, authentication, turns or budget, other errors, the answer itself.
pub(super) fn read(ended: &Ended<'_>) -> Reading {
    let stream = match Stream::read(ended.stdout) {
        Ok(stream) => stream,
        Err(error) => {
            let detail = format!("{} cannot be read: {error}", ended.stdout.display());
            return without_result(ended, Stream::default(), Some(detail));
        }
    };
    let Some(result) = stream.result.clone().map(ResultLine) else {
        return without_result(ended, stream, None);
    };
    let mut reading = result.facts(&stream);
    if let Some(by) = ended.ended_by_us {
        reading.outcome = by.outcome();
    } else if let Some((outcome, detail)) = result.fault() {
        reading.outcome = outcome;
        if outcome == Outcome::RateLimited {
            let ends = stream.limit_ends.and_then(|ends| retry_at::of_epoch(ends, ended.at));
            reading.retry_at = ends.or_else(|| retry_at::retry_at(&detail, ended.at));
        }
        reading.detail = Some(cut(&plain(&detail), MESSAGE));
    } else if let Some(answer) = result.last_words(&stream).and_then(answer) {
        answer.tell(&mut reading);
    }
    reading
}

fn without_result(ended: &Ended<'_>, stream: Stream, trouble: Option<String>) -> Reading {
    let outcome = match (ended.ended_by_us, ended.exit) {
        (Some(by), _) => by.outcome(),
        (None, exit) if signal(exit).is_some() => Outcome::Killed,
        (None, Exit::Code(0)) => Outcome::AgentError,
        (None, _) => Outcome::Failed,
    };
    let said = stream.last_text.as_deref().and_then(summary);
    let cause = trouble.unwrap_or_else(|| "it ended without a result".to_owned());
    let detail = match said.as_deref().and_then(log_text::first_line) {
        _ if ended.ended_by_us.is_none() => {
            format!("{cause}; {}", log_text::with_last_lines(ended, ""))
        }
        Some(said) => format!("it said last: {said}"),
        None => cause,
    };
    Reading { session: stream.session, detail: Some(detail), ..Reading::of(outcome) }
}

/// The program turns a signal into an exit code of 128 and the signal's number.
fn signal(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Signal(signal) => Some(signal),
        Exit::Code(code) => Some(code - 128).filter(|signal| (1..=31).contains(signal)),
    }
}

/// Read from the whole message: a summary may have lost its end.
fn answer(message: &str) -> Option<Answer> {
    Answer::in_message(&plain(message))
}

fn summary(text: &str) -> Option<String> {
    let text = plain(text);
    let text = text.trim();
    (!text.is_empty()).then(|| cut(text, MESSAGE))
}

/// The last line of the output, of which any field may be missing or odd.
struct ResultLine(Value);

impl ResultLine {
    /// What it says of the attempt, with no judgement of how it ended.
    fn facts(&self, stream: &Stream) -> Reading {
        Reading {
            summary: self.last_words(stream).and_then(summary),
            cost_usd: self.0.get("total_cost_usd").and_then(Value::as_f64).filter(|c| c.is_finite()),
            tokens: self.tokens(),
            session: text(&self.0, "session_id").map(str::to_owned).or_else(|| stream.session.clone()),
            ..Reading::of(Outcome::Completed)
        }
    }

    /// What the agent said last; of an error, both places hold the program's message instead.
    fn last_words<'a>(&'a self, stream: &'a Stream) -> Option<&'a str> {
        if self.is_error() {
            return None;
        }
        let words = text(&self.0, "result").filter(|text| !text.trim().is_empty());
        words.or(stream.last_text.as_deref())
    }

    /// What went wrong, if the program says that something did.
    fn fault(&self) -> Option<(Outcome, String)> {
        let denied = self.denied();
        if !denied.is_empty() {
            return Some((Outcome::PermissionDenied, format!("denied: {}", denied.join("; "))));
        }
        if text(&self.0, "stop_reason") == Some("refusal") {
            return Some((Outcome::AgentError, format!("the model refused: {}", self.message())));
        }
        if !self.is_error() {
            return None;
        }
        let message = self.message();
        let outcome = self.kind(&message.to_lowercase());
        Some((outcome, message))
    }

    fn kind(&self, message: &str) -> Outcome {
        let status = self.0.get("api_error_status").and_then(Value::as_u64);
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        match (text(&self.0, "subtype"), status) {
            _ if says(OUT_OF_CREDIT) => Outcome::OutOfCredit,
            (_, Some(429 | 529)) => Outcome::RateLimited,
            (_, None) if says(RATE_LIMITED) => Outcome::RateLimited,
            (_, Some(401 | 403)) => Outcome::Authentication,
            (_, None) if says(AUTHENTICATION) => Outcome::Authentication,
            (Some("error_max_turns"), _) => Outcome::OutOfTurns,
            (Some("error_max_budget_usd"), _) => Outcome::OutOfBudget,
            (_, Some(500..)) => Outcome::Unavailable,
            (_, None) if says(UNREACHABLE) => Outcome::Unavailable,
            _ => Outcome::AgentError,
        }
    }

    fn is_error(&self) -> bool {
        let flagged = self.0.get("is_error").and_then(Value::as_bool).unwrap_or(false);
        flagged || text(&self.0, "subtype").is_some_and(|subtype| subtype.starts_with("error"))
    }

    /// What it says about its error, as far as it says anything.
    fn message(&self) -> String {
        let listed = self.0.get("errors").and_then(Value::as_array).into_iter().flatten();
        let texts = listed.filter_map(Value::as_str).chain(text(&self.0, "result"));
        let texts: Vec<_> = texts.filter(|text| !text.trim().is_empty()).collect();
        if texts.is_empty() {
            return text(&self.0, "subtype").unwrap_or("no message").to_owned();
        }
        texts.join("; ")
    }

    /// The tools that it was denied, each with what it was wanted for.
    fn denied(&self) -> Vec<String> {
        let denials = self.0.get("permission_denials").and_then(Value::as_array);
        denials.into_iter().flatten().map(denial).collect()
    }

    fn tokens(&self) -> Option<Tokens> {
        let models = self.0.get("modelUsage").and_then(Value::as_object);
        let by_model = models.map(|models| models.values().map(of_model).collect::<Vec<_>>());
        match by_model.filter(|models| !models.is_empty()) {
            Some(models) => Some(models.into_iter().fold(Tokens::default(), sum)),
            None => self.0.get("usage").filter(|usage| usage.is_object()).map(of_main),
        }
    }
}

/// Words of an error message, in lower case, whatever its status.
const OUT_OF_CREDIT: &[&str] = &["credit balance is too low", "billing_error", "insufficient_quota"];
/// Words of an error message, in lower case, where it comes without a status.
const RATE_LIMITED: &[&str] = &[
    "rate_limit",
    "rate limit",
    "repeated 529",
    "overloaded",
    "usage limit",
    "hit your limit",
    "limit reached",
];
const AUTHENTICATION: &[&str] =
    &["authentication_error", "invalid api key", "please run /login", "not logged in", "oauth token"];
const UNREACHABLE: &[&str] = &[
    "connection error",
    "unable to connect",
    "econnrefused",
    "econnreset",
    "etimedout",
    "enotfound",
    "fetch failed",
    "request timed out",
    "internal server error",
    "api_error",
];

fn denial(denial: &Value) -> String {
    let tool = text(denial, "tool_name").unwrap_or("a tool");
    let input = denial.get("tool_input");
    let what = ["command", "file_path", "url", "query", "path"];
    let what = what.iter().find_map(|field| input.and_then(|input| text(input, field)));
    match what.and_then(log_text::first_line) {
        Some(what) => format!("{tool} ({what})"),
        None => tool.to_owned(),
    }
}

fn count(usage: &Value, fields: &[&str]) -> u64 {
    let counts = fields.iter().filter_map(|field| usage.get(field).and_then(Value::as_u64));
    counts.fold(0, u64::saturating_add)
}

/// By model, agents that the agent started are counted, too.
fn of_model(usage: &Value) -> Tokens {
    Tokens {
        input: count(usage, &["inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"]),
        output: count(usage, &["outputTokens"]),
    }
}

fn of_main(usage: &Value) -> Tokens {
    Tokens {
        input: count(usage, &["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]),
        output: count(usage, &["output_tokens"]),
    }
}

fn sum(a: Tokens, b: Tokens) -> Tokens {
    Tokens { input: a.input.saturating_add(b.input), output: a.output.saturating_add(b.output) }
}

#[cfg(test)]
mod tests;
