//! Claude Code's output: a JSON object a line.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::super::json_lines::{self, first_text, items, text};
use super::super::{Event, TELLING, Tokens};
use super::ending::{ResultLine, of_main};

/// What matters of the whole output.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The last line of type `result`.
    pub result: Option<Value>,
    /// The session that the program named first.
    pub session: Option<String>,
    /// The last text of the model.
    pub last_text: Option<String>,
    /// The model that the session began with.
    pub model: Option<String>,
    /// What each answer of a model used.
    pub used: BTreeMap<String, Tokens>,
    /// When the limit ends by which the service refused to go on, in seconds since 1970.
    pub limit_ends: Option<i64>,
}

impl Stream {
    /// Reads a log; lines that are no JSON, and events that we do not know, are passed over.
    pub(super) fn read(log: &Path) -> io::Result<Stream> {
        let mut stream = Stream::default();
        json_lines::each(log, |event| stream.take(event))?;
        Ok(stream)
    }

    fn take(&mut self, event: Value) {
        if self.session.is_none() {
            self.session = text(&event, "session_id").map(str::to_owned);
        }
        if let Some((answer, tokens)) = used(&event) {
            self.used.insert(answer, tokens);
        }
        match text(&event, "type") {
            Some("system") => {
                self.model = self.model.take().or_else(|| text(&event, "model").map(str::to_owned));
            }
            Some("result") => self.result = Some(event),
            Some("rate_limit_event") => self.limit_ends = limit_ends(&event),
            Some("assistant") if !is_subagents(&event) => {
                let said = content(&event).rev().find_map(|block| text(block, "text"));
                self.last_text = said.map(str::to_owned).or(self.last_text.take());
            }
            _ => {}
        }
    }
}

/// What one answer of a model used. An answer is told piece by piece, each time with its usage so far.
fn used(event: &Value) -> Option<(String, Tokens)> {
    let message = event.get("message").filter(|_| text(event, "type") == Some("assistant"))?;
    let usage = message.get("usage").filter(|usage| usage.is_object())?;
    Some((text(message, "id")?.to_owned(), of_main(usage)))
}

/// Also told while all is well: only what is refused ends a session.
fn limit_ends(event: &Value) -> Option<i64> {
    let limit = event.get("rate_limit_info").filter(|limit| text(limit, "status") == Some("rejected"))?;
    limit.get("resetsAt").and_then(Value::as_i64)
}

/// What an agent that this one started says is not its own.
fn is_subagents(event: &Value) -> bool {
    event.get("parent_tool_use_id").is_some_and(|id| !id.is_null())
}

fn content(event: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    let blocks = event.get("message").and_then(|m| m.get("content")).and_then(Value::as_array);
    blocks.into_iter().flatten()
}

/// What a line tells of.
pub(super) fn events(line: &str) -> Vec<Event> {
    let Ok(event) = serde_json::from_str::<Value>(line) else { return Vec::new() };
    match text(&event, "type") {
        Some("assistant") => {
            let using = used(&event).map(|(answer, tokens)| Event::Using { answer, tokens });
            content(&event).filter_map(block).chain(using).collect()
        }
        Some("user") => content(&event).filter_map(failed).chain(changed(&event)).collect(),
        Some("system") => system(&event).into_iter().collect(),
        Some("rate_limit_event") => {
            limit_ends(&event).map(|ends| Event::Limited { ends: Some(ends) }).into_iter().collect()
        }
        Some("result") => ResultLine::new(event).events().to_vec(),
        _ => Vec::new(),
    }
}

fn block(block: &Value) -> Option<Event> {
    match text(block, "type")? {
        "text" => text(block, "text")
            .filter(|said| !said.trim().is_empty())
            .map(|said| Event::Said(said.to_owned())),
        "tool_use" => Some(tool_use(block)),
        _ => None,
    }
}

fn tool_use(block: &Value) -> Event {
    let on = block.get("input").and_then(|input| first_text(input, TELLING));
    Event::Tool { name: text(block, "name").unwrap_or("tool").to_owned(), on: on.map(str::to_owned) }
}

/// A tool's result, if it is an error: a text, or blocks of it.
fn failed(block: &Value) -> Option<Event> {
    let is_error = block.get("is_error").and_then(Value::as_bool).unwrap_or(false);
    let content = block.get("content").filter(|_| is_error && text(block, "type") == Some("tool_result"))?;
    let texts = items(block, "content").filter_map(|inner| text(inner, "text"));
    Some(Event::ToolFailed(
        content.as_str().map_or_else(|| texts.collect::<Vec<_>>().join("\n"), str::to_owned),
    ))
}

/// What a tool gave back; of those that write, there is a patch in it.
fn changed(event: &Value) -> Option<Event> {
    let result = event.get("tool_use_result").filter(|result| result.get("structuredPatch").is_some())?;
    text(result, "filePath").map(|path| Event::Changed(path.to_owned()))
}

fn system(event: &Value) -> Option<Event> {
    let field = |name: &str| text(event, name).map(str::to_owned);
    match text(event, "subtype")? {
        "init" => Some(Event::Started { session: field("session_id"), model: field("model") }),
        "api_retry" => Some(Event::Retried(retry(event))),
        _ => None,
    }
}

fn retry(event: &Value) -> String {
    let number = |field: &str| event.get(field).and_then(Value::as_u64);
    let mut told = String::new();
    if let (Some(attempt), Some(most)) = (number("attempt"), number("max_retries")) {
        told.push_str(&format!(" ({attempt} of {most})"));
    }
    if let Some(error) = text(event, "error") {
        told.push_str(&format!(": {error}"));
    }
    told
}

#[cfg(test)]
mod tests;
