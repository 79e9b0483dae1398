//! The answer that an agent gives as an object where its program can be told to ask for one.

use serde_json::Value;

use super::json_lines::{items, text};
use super::log_text::{LINE, MESSAGE, cut, plain};
use super::{Outcome, Reading};

/// What the answer has to look like. Every field is required and no other allowed: some services take no schema else.
pub(super) const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["status","summary","deliverables","question","learnings"],"properties":{"status":{"type":"string","enum":["done","blocked","needs_clarification"],"description":"done: the task meets its acceptance criteria. blocked: something that you cannot remove is in the way. needs_clarification: a person has to decide something first."},"summary":{"type":"string","description":"What you did, what you decided and why, and what those who build on it need to know; if blocked, what is in the way."},"deliverables":{"type":"array","items":{"type":"string"},"description":"The files or things that came of it."},"question":{"type":["string","null"],"description":"The question, if you need a decision."},"learnings":{"type":"array","items":{"type":"string"},"description":"What you learned that other tasks of the plan should know; mostly nothing."}}}"#;

/// An answer that fits [`SCHEMA`], or nearly does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Structured {
    status: Status,
    summary: String,
    deliverables: Vec<String>,
    question: Option<String>,
    learnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Done,
    Blocked,
    NeedsClarification,
}

/// Deliverables and learnings that are kept.
const MOST_ITEMS: usize = 100;

impl Structured {
    /// `None` for an object that says nothing about how the task went.
    pub(super) fn of(value: &Value) -> Option<Structured> {
        let status = match text(value, "status")? {
            "done" => Status::Done,
            "blocked" => Status::Blocked,
            "needs_clarification" => Status::NeedsClarification,
            _ => return None,
        };
        Some(Structured {
            status,
            summary: text(value, "summary").and_then(|text| filled(text, MESSAGE)).unwrap_or_default(),
            deliverables: texts(value, "deliverables"),
            question: text(value, "question").and_then(|text| filled(text, MESSAGE)),
            learnings: texts(value, "learnings"),
        })
    }

    /// A last message that is such an object and nothing else, perhaps in a fence.
    pub(super) fn in_message(message: &str) -> Option<Structured> {
        let inner = message.trim().trim_start_matches("```json").trim_matches('`').trim();
        Structured::of(&serde_json::from_str(inner).ok()?)
    }

    /// The answer as a person would give it.
    pub(super) fn words(&self) -> String {
        let learnt = self.learnings.iter().map(|text| format!("Learned: {text}"));
        let said = [self.summary.clone()].into_iter().chain(learnt).chain(self.question.clone());
        said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Puts the answer in the place of what a reading said about the end.
    pub(super) fn tell(self, reading: &mut Reading) {
        let Structured { status, summary, deliverables, question, learnings } = self;
        let why = Some(summary.clone()).filter(|summary| !summary.is_empty());
        reading.summary.clone_from(&why);
        (reading.deliverables, reading.learnings) = (deliverables, learnings);
        reading.outcome = match status {
            Status::Done => Outcome::Completed,
            Status::Blocked => {
                reading.detail = Some(why.unwrap_or_else(|| "the agent gave no reason".to_owned()));
                Outcome::Blocked
            }
            Status::NeedsClarification => {
                let asks = question.or(why).unwrap_or_else(|| "the agent asks, but not what".to_owned());
                reading.question = Some(asks.clone());
                reading.detail = Some(asks);
                Outcome::NeedsAnswer
            }
        };
    }
}

fn filled(text: &str, most: usize) -> Option<String> {
    let text = plain(text);
    Some(cut(text.trim(), most)).filter(|text| !text.is_empty())
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let texts = items(value, field).filter_map(|item| filled(item.as_str()?, LINE));
    texts.take(MOST_ITEMS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(message: &str) -> Reading {
        let mut reading = Reading::of(Outcome::Completed);
        Structured::in_message(message).unwrap().tell(&mut reading);
        reading
    }

    #[test]
    fn the_schema_asks_for_every_field_and_no_other() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let fields: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
        let required: Vec<_> = items(&schema, "required").filter_map(Value::as_str).collect();
        assert_eq!(fields, required);
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn an_answer_says_what_was_done() {
        let done = reading(
            r#"{"status":"done","summary":" Wrote it. ","deliverables":["a.rs"," ",5],"question":null,"learnings":["x"]}"#,
        );
        assert_eq!((done.outcome, done.summary.as_deref()), (Outcome::Completed, Some("Wrote it.")));
        assert_eq!((done.deliverables, done.learnings), (vec!["a.rs".to_owned()], vec!["x".to_owned()]));
    }

    #[test]
    fn an_answer_says_what_is_in_the_way_or_asks() {
        let blocked = reading(r#"{"status":"blocked","summary":"no key"}"#);
        assert_eq!((blocked.outcome, blocked.detail.as_deref()), (Outcome::Blocked, Some("no key")));
        let asks = reading("```json\n{\"status\":\"needs_clarification\",\"question\":\"Which?\"}\n```");
        assert_eq!((asks.outcome, asks.question.as_deref()), (Outcome::NeedsAnswer, Some("Which?")));
        let vague = reading(r#"{"status":"needs_clarification","summary":"A or B?","question":" "}"#);
        assert_eq!(vague.question.as_deref(), Some("A or B?"));
        let mute = reading(r#"{"status":"blocked"}"#);
        assert_eq!(mute.detail.as_deref(), Some("the agent gave no reason"));
    }

    #[test]
    fn other_messages_are_no_such_answer() {
        for message in
            ["", "done", "{}", r#"{"status":"started"}"#, r#"{"status":5}"#, r#"x {"status":"done"}"#]
        {
            assert_eq!(Structured::in_message(message), None, "{message}");
        }
    }
}
