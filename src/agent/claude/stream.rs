//! Claude Code's output: a JSON object a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use super::super::log_text::first_line;

/// Lines longer than this (in bytes) are passed over.
const MAX_LINE: u64 = 32 * 1024 * 1024;

/// What matters of the whole output.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The last line of type `result`.
    pub result: Option<Value>,
    /// The session that the program named first.
    pub session: Option<String>,
    /// The last text of the model.
    pub last_text: Option<String>,
    /// When the limit ends by which the service refused to go on, in seconds since 1970.
    pub limit_ends: Option<i64>,
}

impl Stream {
    /// Reads a log; lines that are no JSON, and events that we do not know, are passed over.
    pub(super) fn read(log: &Path) -> io::Result<Stream> {
        let mut reader = BufReader::new(File::open(log)?);
        let mut stream = Stream::default();
        let mut line = Vec::new();
        while next_line(&mut reader, &mut line)? {
            if let Ok(event) = serde_json::from_slice::<Value>(&line) {
                stream.take(event);
            }
        }
        Ok(stream)
    }

    fn take(&mut self, event: Value) {
        if self.session.is_none() {
            self.session = text(&event, "session_id").map(str::to_owned);
        }
        match text(&event, "type") {
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

/// Also told while all is well: only what is refused ends a session.
fn limit_ends(event: &Value) -> Option<i64> {
    let limit = event.get("rate_limit_info").filter(|limit| text(limit, "status") == Some("rejected"))?;
    limit.get("resetsAt").and_then(Value::as_i64)
}

/// The next line into `line`, empty if it is too long; `false` at the end.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if reader.by_ref().take(MAX_LINE).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if !line.ends_with(b"\n") && line.len() as u64 == MAX_LINE {
        line.clear();
        reader.skip_until(b'\n')?;
    }
    Ok(true)
}

/// A text field of an object.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field)?.as_str()
}

/// What an agent that this one started says is not its own.
fn is_subagents(event: &Value) -> bool {
    event.get("parent_tool_use_id").is_some_and(|id| !id.is_null())
}

fn content(event: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    let blocks = event.get("message").and_then(|m| m.get("content")).and_then(Value::as_array);
    blocks.into_iter().flatten()
}

/// A line of the output for the progress display: what the agent says or does, or what it waits for.
pub(super) fn progress(line: &str) -> Option<String> {
    let event: Value = serde_json::from_str(line).ok()?;
    let told = match text(&event, "type")? {
        "assistant" => content(&event).rev().find_map(block)?,
        "system" => system(&event)?,
        "result" => text(&event, "result")?.to_owned(),
        _ => return None,
    };
    first_line(&told)
}

fn block(block: &Value) -> Option<String> {
    match text(block, "type")? {
        "text" => text(block, "text").filter(|text| !text.trim().is_empty()).map(str::to_owned),
        "tool_use" => Some(tool_use(block)),
        _ => None,
    }
}

/// The fields of a tool's input that say best what it is used for, the best one first.
const TELLING: &[&str] = &[
    "command",
    "file_path",
    "notebook_path",
    "path",
    "pattern",
    "query",
    "url",
    "description",
    "skill",
    "prompt",
];

fn tool_use(block: &Value) -> String {
    let name = text(block, "name").unwrap_or("tool");
    let input = block.get("input");
    let told = TELLING.iter().find_map(|field| input.and_then(|input| text(input, field)));
    match told.and_then(first_line) {
        Some(told) => format!("{name}: {told}"),
        None => name.to_owned(),
    }
}

fn system(event: &Value) -> Option<String> {
    match text(event, "subtype")? {
        "init" => Some(format!("started with {}", text(event, "model")?)),
        "api_retry" => Some(retry(event)),
        _ => None,
    }
}

fn retry(event: &Value) -> String {
    let number = |field: &str| event.get(field).and_then(Value::as_u64);
    let mut told = "the service refused; trying again".to_owned();
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
