//! Codex's output: a JSON object a line, about threads, turns, and items, of which turns are made.

use serde_json::Value;

use super::super::json_lines::{items, sum, text};
use super::super::{Event, Fault, Tokens};

/// What a line tells of.
pub(super) fn events(line: &Value) -> Vec<Event> {
    let item = line.get("item").unwrap_or(&Value::Null);
    match text(line, "type") {
        Some("thread.started") => vec![started(line)],
        Some("item.started") => begun(item).into_iter().collect(),
        Some("item.completed") => done(item),
        Some("error") => told(text(line, "message").unwrap_or_default()),
        Some("turn.completed") => vec![spent(line), Event::Ended(Ok(None))],
        Some("turn.failed") => vec![Event::Ended(Err(failed(line)))],
        _ => Vec::new(),
    }
}

fn started(line: &Value) -> Event {
    Event::Started { session: text(line, "thread_id").map(str::to_owned), model: None }
}

fn begun(item: &Value) -> Option<Event> {
    let tool =
        |name: &str, on: Option<&str>| Event::Tool { name: name.to_owned(), on: on.map(str::to_owned) };
    match text(item, "type")? {
        "command_execution" => Some(tool("shell", text(item, "command").map(command))),
        "mcp_tool_call" => Some(tool(text(item, "server").unwrap_or("tool"), text(item, "tool"))),
        "web_search" => Some(tool("web search", text(item, "query"))),
        _ => None,
    }
}

fn done(item: &Value) -> Vec<Event> {
    let is_declined = text(item, "status") == Some("declined");
    match text(item, "type") {
        Some("agent_message") => {
            text(item, "text").map(|said| Event::Said(said.to_owned())).into_iter().collect()
        }
        Some("command_execution") if is_declined => {
            let what = text(item, "command").map(command).unwrap_or_default();
            vec![Event::Denied(format!("shell ({what})"))]
        }
        Some("command_execution") => failed_command(item).into_iter().collect(),
        Some("file_change") => changed(item, is_declined).collect(),
        Some("error") => text(item, "message").map(|m| Event::Complained(m.to_owned())).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn failed_command(item: &Value) -> Option<Event> {
    let code = item.get("exit_code").and_then(Value::as_i64).filter(|code| *code != 0)?;
    let output = text(item, "aggregated_output").unwrap_or_default();
    Some(Event::ToolFailed(format!("exit code {code}\n{output}")))
}

fn changed(item: &Value, is_declined: bool) -> impl Iterator<Item = Event> {
    let paths = items(item, "changes").filter_map(|change| text(change, "path"));
    paths.map(move |path| {
        if is_declined {
            Event::Denied(format!("a change of {path}"))
        } else {
            Event::Changed(path.to_owned())
        }
    })
}

/// What the agent asked for, out of the shell that it is started by: `/bin/bash -lc 'cargo test'`.
fn command(line: &str) -> &str {
    let Some((shell, script)) = line.split_once(" -lc ") else { return line };
    let inner = |quote: char| script.strip_prefix(quote)?.strip_suffix(quote);
    if shell.contains(' ') { line } else { inner('\'').or_else(|| inner('"')).unwrap_or(script) }
}

/// What comes before the end of a turn: it tries again, or will say the same once more as the turn's end.
fn told(message: &str) -> Vec<Event> {
    match message.strip_prefix("Reconnecting... ") {
        Some(why) => vec![Event::Retried(format!(": {why}"))],
        None => vec![Event::Complained(message.to_owned())],
    }
}

fn spent(line: &Value) -> Event {
    let usage = line.get("usage").filter(|usage| usage.is_object());
    let tokens = usage.map(|usage| Tokens {
        input: sum(usage, &["input_tokens"]),
        output: sum(usage, &["output_tokens"]),
        cached: sum(usage, &["cached_input_tokens"]),
    });
    Event::Spent { tokens, cost_usd: None }
}

/// The message can be the body of the service's answer.
fn failed(line: &Value) -> Fault {
    let message = line.get("error").and_then(|error| text(error, "message")).unwrap_or_default();
    let body: Value = serde_json::from_str(message).unwrap_or_default();
    let inner = body.get("error").unwrap_or(&Value::Null);
    let word = text(inner, "type").or_else(|| text(inner, "code"));
    Fault::of_service(status(message), word, text(inner, "message").unwrap_or(message))
}

/// `unexpected status 401 Unauthorized: …`, `exceeded retry limit, last status: 429 Too Many Requests`.
fn status(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("status")?;
    let digits: String =
        rest.trim_start_matches([':', ' ']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
