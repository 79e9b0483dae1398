//! How an attempt by Claude Code ended. Its exit codes lie, so the `result` line decides, in a fixed order.

use serde_json::Value;

use super::super::ending::signal;
use super::super::json_lines::{first_text, items, sum, text};
use super::super::log_text::{self, MESSAGE, cut, plain};
use super::super::structured::Structured;
use super::super::{Answer, Ended, Event, Exit, Fault, Outcome, Reading, Tokens, retry_at};
use super::stream::Stream;

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
    } else if let Some(fault) = result.fault() {
        reading.outcome = fault.outcome;
        if fault.outcome == Outcome::RateLimited {
            let ends = stream.limit_ends.and_then(|ends| retry_at::of_epoch(ends, ended.at));
            reading.retry_at = ends.or_else(|| retry_at::retry_at(&fault.message, ended.at));
        }
        reading.detail = Some(fault.message);
    } else if let Some(structured) = result.structured() {
        structured.tell(&mut reading);
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
    let tokens = stream.used.into_values().reduce(Tokens::plus);
    let (session, model) = (stream.session, stream.model);
    Reading { session, model, tokens, detail: Some(detail), ..Reading::of(outcome) }
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
pub(super) struct ResultLine(Value);

impl ResultLine {
    pub(super) fn new(line: Value) -> ResultLine {
        ResultLine(line)
    }

    /// What it tells of while one looks on.
    pub(super) fn events(&self) -> [Event; 2] {
        let end = match self.fault() {
            Some(fault) => Err(fault),
            None => Ok(text(&self.0, "result").map(str::to_owned)),
        };
        [Event::Spent { tokens: self.tokens(), cost_usd: self.cost() }, Event::Ended(end)]
    }

    /// What it says of the attempt, with no judgement of how it ended.
    fn facts(&self, stream: &Stream) -> Reading {
        Reading {
            summary: self.last_words(stream).and_then(summary),
            cost_usd: self.cost(),
            tokens: self.tokens(),
            model: stream.model.clone(),
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

    fn cost(&self) -> Option<f64> {
        self.0.get("total_cost_usd").and_then(Value::as_f64).filter(|cost| cost.is_finite())
    }

    fn structured(&self) -> Option<Structured> {
        Structured::of(self.0.get("structured_output")?)
    }

    /// What went wrong, if the program says that something did.
    fn fault(&self) -> Option<Fault> {
        let denied: Vec<_> = items(&self.0, "permission_denials").map(denial).collect();
        if !denied.is_empty() {
            return Some(Fault::new(Outcome::PermissionDenied, &format!("denied: {}", denied.join("; "))));
        }
        let message = self.message();
        if text(&self.0, "stop_reason") == Some("refusal") {
            return Some(Fault::new(Outcome::AgentError, &format!("the model refused: {message}")));
        }
        match text(&self.0, "subtype") {
            Some("error_max_turns") => Some(Fault::new(Outcome::OutOfTurns, &message)),
            Some("error_max_budget_usd") => Some(Fault::new(Outcome::OutOfBudget, &message)),
            _ if !self.is_error() => None,
            _ => Some(self.of_service(&message)),
        }
    }

    fn of_service(&self, message: &str) -> Fault {
        let status = self.0.get("api_error_status").and_then(Value::as_u64);
        let word = first_text(&self.0, &["api_error_type", "api_error"]);
        Fault::of_service(status, word, message)
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

    fn tokens(&self) -> Option<Tokens> {
        let models = self.0.get("modelUsage").and_then(Value::as_object);
        let by_model = models.map(|models| models.values().map(of_model).collect::<Vec<_>>());
        match by_model.filter(|models| !models.is_empty()) {
            Some(models) => Some(models.into_iter().fold(Tokens::default(), Tokens::plus)),
            None => self.0.get("usage").filter(|usage| usage.is_object()).map(of_main),
        }
    }
}

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

/// By model, agents that the agent started are counted, too.
fn of_model(usage: &Value) -> Tokens {
    Tokens {
        input: sum(usage, &["inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"]),
        output: sum(usage, &["outputTokens"]),
        cached: sum(usage, &["cacheReadInputTokens"]),
    }
}

/// As the service's own answers say it.
pub(super) fn of_main(usage: &Value) -> Tokens {
    Tokens {
        input: sum(usage, &["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]),
        output: sum(usage, &["output_tokens"]),
        cached: sum(usage, &["cache_read_input_tokens"]),
    }
}

#[cfg(test)]
mod tests;
