//! Gemini CLI's output: a JSON object a line.

use serde_json::Value;

use super::super::json_lines::{first_text, sum, text};
use super::super::{Event, Fault, Outcome, TELLING, Tokens};

/// What a line tells of.
pub(super) fn events(line: &Value) -> Vec<Event> {
    match text(line, "type") {
        Some("init") => vec![started(line)],
        Some("message") => said(line).into_iter().collect(),
        Some("tool_use") => tool_use(line),
        Some("tool_result") => failed_tool(line).into_iter().collect(),
        Some("error") => vec![told(line)],
        Some("result") => [Some(spent(line)), ended(line)].into_iter().flatten().collect(),
        _ => Vec::new(),
    }
}

fn started(line: &Value) -> Event {
    let field = |name| text(line, name).map(str::to_owned);
    Event::Started { session: field("session_id"), model: field("model") }
}

fn said(line: &Value) -> Option<Event> {
    let said = text(line, "content").filter(|_| text(line, "role") == Some("assistant"))?.to_owned();
    let is_piece = line.get("delta").and_then(Value::as_bool).unwrap_or(false);
    Some(if is_piece { Event::SaidMore(said) } else { Event::Said(said) })
}

/// Tools that change the file that they are about to be used on.
const EDITORS: &[&str] = &["write_file", "replace"];

fn tool_use(line: &Value) -> Vec<Event> {
    let name = text(line, "tool_name").unwrap_or("tool");
    let input = line.get("parameters").unwrap_or(&Value::Null);
    let tool = Event::Tool { name: name.to_owned(), on: first_text(input, TELLING).map(str::to_owned) };
    let path = text(input, "file_path").filter(|_| EDITORS.contains(&name));
    [tool].into_iter().chain(path.map(|path| Event::Changed(path.to_owned()))).collect()
}

/// Tools that an agent cannot do its work without; what it was not let read it may not have needed.
const NEEDED: &[&str] = &["write_file", "replace", "run_shell_command"];

fn failed_tool(line: &Value) -> Option<Event> {
    let error = line.get("error").filter(|_| text(line, "status") == Some("error"))?;
    let message = text(error, "message").or_else(|| text(line, "output")).unwrap_or_default();
    // The id of a use begins with the tool's name: `write_file__write_file_1795_0`.
    let tool = text(line, "tool_id").and_then(|id| id.split("__").next()).unwrap_or("a tool");
    let by_type = matches!(
        text(error, "type"),
        Some("policy_violation" | "path_not_in_workspace" | "permission_denied")
    );
    let is_denied =
        by_type || message.starts_with("Path not in workspace") || message.contains("denied by policy");
    let what = message.split(": Attempted path").next().unwrap_or_default();
    Some(if is_denied && NEEDED.contains(&tool) {
        Event::Denied(format!("{tool} ({what})"))
    } else {
        Event::ToolFailed(message.to_owned())
    })
}

/// A warning does not end it, but for one: it is ended if it goes in circles, and that is called a success.
fn told(line: &Value) -> Event {
    let message = text(line, "message").unwrap_or_default();
    if message.starts_with("Loop detected") {
        return Event::Ended(Err(Fault::new(Outcome::AgentError, message)));
    }
    Event::Complained(message.to_owned())
}

fn spent(line: &Value) -> Event {
    let stats = line.get("stats").filter(|stats| stats.is_object());
    let tokens = stats.map(|stats| Tokens {
        input: sum(stats, &["input_tokens"]),
        output: sum(stats, &["output_tokens"]),
        cached: sum(stats, &["cached"]),
    });
    Event::Spent { tokens, cost_usd: None }
}

fn ended(line: &Value) -> Option<Event> {
    match text(line, "status")? {
        "success" => Some(Event::Ended(Ok(None))),
        "error" => Some(Event::Ended(Err(failed(line)))),
        _ => None,
    }
}

/// The message can be the body of the service's answer in brackets: `[API Error: {"error":{"code":429,…}}]`.
fn failed(line: &Value) -> Fault {
    let error = line.get("error").unwrap_or(&Value::Null);
    let message = text(error, "message").unwrap_or_default();
    if text(error, "type").is_some_and(|kind| kind.contains("TurnLimit"))
        || message.contains("max session turns")
    {
        return Fault::new(Outcome::OutOfTurns, message);
    }
    let body = message.trim_start_matches("[API Error: ").trim_end_matches(']');
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let inner = body.get("error").unwrap_or(&Value::Null);
    let status = inner.get("code").and_then(Value::as_u64);
    Fault::of_service(status, text(inner, "status"), text(inner, "message").unwrap_or(message))
}
