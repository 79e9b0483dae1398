//! `OpenCode`'s output: a JSON object a line for every part of a message.

use serde_json::Value;

use super::super::json_lines::{first_text, sum, text};
use super::super::{Event, Fault, Outcome, TELLING, Tokens};

/// What a line tells of.
pub(super) fn events(line: &Value) -> Vec<Event> {
    let part = line.get("part").unwrap_or(&Value::Null);
    match text(line, "type") {
        Some("step_start") => vec![started(line)],
        Some("text") => said(part).into_iter().collect(),
        Some("tool_use") => tool_use(part),
        Some("step_finish") => [spent(part)].into_iter().chain(finished(part)).collect(),
        Some("error") => vec![started(line), Event::Ended(Err(failed(line)))],
        _ => Vec::new(),
    }
}

fn started(line: &Value) -> Event {
    Event::Started { session: text(line, "sessionID").map(str::to_owned), model: None }
}

/// What the program says to the agent is printed as if the agent had said it.
fn said(part: &Value) -> Option<Event> {
    let is_synthetic = part.get("synthetic").and_then(Value::as_bool).unwrap_or(false);
    text(part, "text").filter(|_| !is_synthetic).map(|said| Event::Said(said.to_owned()))
}

/// Tools that change the file that they tell of.
const EDITORS: &[&str] = &["edit", "write", "multiedit", "patch"];

/// Told once the tool has been used.
fn tool_use(part: &Value) -> Vec<Event> {
    let name = text(part, "tool").unwrap_or("tool");
    let state = part.get("state").unwrap_or(&Value::Null);
    let input = state.get("input").unwrap_or(&Value::Null);
    let on = first_text(input, TELLING).or_else(|| text(state, "title"));
    let tool = Event::Tool { name: name.to_owned(), on: on.map(str::to_owned) };
    let then = match text(state, "status") {
        Some("completed") if EDITORS.contains(&name) => {
            text(input, "filePath").map(|path| Event::Changed(path.to_owned()))
        }
        Some("error") => text(state, "error").map(|error| refused(name, on, error)),
        _ => None,
    };
    [tool].into_iter().chain(then).collect()
}

fn refused(name: &str, on: Option<&str>, error: &str) -> Event {
    let is_denied =
        ["rejected permission", "prevents you from using"].iter().any(|words| error.contains(words));
    let what = on.map_or_else(|| name.to_owned(), |on| format!("{name} ({on})"));
    if is_denied { Event::Denied(what) } else { Event::ToolFailed(error.to_owned()) }
}

/// A price of nothing is one that is not known.
fn spent(part: &Value) -> Event {
    let tokens = part.get("tokens").filter(|tokens| tokens.is_object()).map(|tokens| {
        let cache = |field| tokens.get("cache").map_or(0, |cache| sum(cache, &[field]));
        let (cached, written) = (cache("read"), cache("write"));
        Tokens {
            input: sum(tokens, &["input"]).saturating_add(cached).saturating_add(written),
            output: sum(tokens, &["output", "reasoning"]),
            cached,
        }
    });
    Event::Spent { tokens, cost_usd: part.get("cost").and_then(Value::as_f64).filter(|cost| *cost > 0.0) }
}

/// After a step that used tools comes another one, unless a tool was denied: then the program is over without a word.
fn finished(part: &Value) -> Option<Event> {
    match text(part, "reason")? {
        "stop" => Some(Event::Ended(Ok(None))),
        "content-filter" => {
            let fault = Fault::new(Outcome::AgentError, "the model refused: its service filtered the answer");
            Some(Event::Ended(Err(fault)))
        }
        "length" => {
            let fault =
                Fault::new(Outcome::AgentError, "the model's answer was cut off at its greatest length");
            Some(Event::Ended(Err(fault)))
        }
        _ => None,
    }
}

fn failed(line: &Value) -> Fault {
    let error = line.get("error").unwrap_or(&Value::Null);
    let data = error.get("data").unwrap_or(&Value::Null);
    let name = text(error, "name").unwrap_or("an error without a name");
    let message = text(data, "message").or_else(|| text(error, "message")).unwrap_or(name);
    let status = data.get("statusCode").and_then(Value::as_u64);
    let words = format!("{name} {}", text(data, "responseBody").unwrap_or_default());
    let message =
        wait(data).map_or_else(|| message.to_owned(), |wait| format!("{message} (retry-after: {wait})"));
    Fault::of_service(status, Some(&words), &message)
}

/// Seconds; the program has waited out shorter ones than these, and in vain.
const SHORT: u64 = 60;

/// The seconds after which the service may be asked again, if they are many.
fn wait(data: &Value) -> Option<u64> {
    let wait = data.get("responseHeaders").and_then(|headers| text(headers, "retry-after"))?;
    wait.parse().ok().filter(|seconds| *seconds >= SHORT)
}
