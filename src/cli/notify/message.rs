//! What somebody is told; `schemas/notify.schema.json` says what each key means.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agent::Outcome;
use crate::cli::config::Notice;
use crate::report::{clean, shell_word};
use crate::run::{Cause, RunEvent, Summary, TaskEnded, call};

/// Characters of a detail.
const DETAIL: usize = 2_000;

/// One thing that somebody is told.
pub(super) struct Message {
    text: String,
    body: Value,
}

impl Message {
    /// Of an event that somebody could want to know of.
    pub(super) fn of(event: &RunEvent, plan: &Path, epic: &str) -> Option<(Notice, Self)> {
        match event {
            RunEvent::TaskEnded(ended) => {
                let notice = notice(ended)?;
                Some((notice, Self::task(notice, ended, plan, epic)))
            }
            RunEvent::Ended(summary) => Some((Notice::RunEnded, Self::run(summary, plan, epic))),
            RunEvent::Started(_)
            | RunEvent::Note(_)
            | RunEvent::Warning { .. }
            | RunEvent::AttemptStarted { .. }
            | RunEvent::OverEstimate { .. }
            | RunEvent::Output { .. }
            | RunEvent::Reported { .. }
            | RunEvent::Retrying { .. }
            | RunEvent::Parked { .. }
            | RunEvent::Held { .. }
            | RunEvent::NotRun { .. }
            | RunEvent::PlanChanged { .. }
            | RunEvent::Paused { .. }
            | RunEvent::Resumed { .. }
            | RunEvent::Stopping(_)
            | RunEvent::Suspended
            | RunEvent::Continued { .. } => None,
        }
    }

    /// Of a run that could not go on.
    pub(super) fn broken(plan: &Path, epic: &str, why: &str) -> Self {
        let text = format!("{}: the run could not go on: {}", clean(epic), clean(&cut(why)));
        Self { text, body: body(plan, epic, &json!({"result": "error", "detail": cut(why)})) }
    }

    fn task(notice: Notice, ended: &TaskEnded, plan: &Path, epic: &str) -> Self {
        let (id, sentence) = (clean(ended.task.as_str()), ended.outcome.sentence());
        let first = clean(ended.summary.lines().next().unwrap_or_default());
        let more = if first.is_empty() { String::new() } else { format!(": {}", cut(&first)) };
        let verb = match notice {
            Notice::Question => "answer",
            Notice::TaskFailed | Notice::TaskBlocked | Notice::RunEnded => "status",
        };
        let end = if notice == Notice::Question { " TEXT" } else { "" };
        let place = shell_word(&plan.to_string_lossy());
        let more_keys = json!({
            "task": ended.task,
            "result": ended.cause.as_str(),
            "outcome": ended.outcome,
            "detail": Some(cut(&ended.summary)).filter(|detail| !detail.is_empty()),
            "next": call(verb, &place, &id, end),
        });
        let text = format!("{}: task {id} {sentence}{more}", clean(epic));
        Self { text, body: body(plan, epic, &more_keys) }
    }

    fn run(summary: &Summary, plan: &Path, epic: &str) -> Self {
        let Summary { verdict, completed, total, .. } = summary;
        let word = verdict.as_str();
        let text = format!("{}: {word}, {completed} of {total} tasks are completed", clean(epic));
        let more = json!({
            "result": word,
            "exit_code": verdict.exit_code(),
            "completed": completed,
            "total": total,
            "next": format!("blueprint status {}", shell_word(&plan.to_string_lossy())),
        });
        Self { text, body: body(plan, epic, &more) }
    }

    /// The document, in one line.
    pub(super) fn json(&self, notice: Notice, time: Timestamp) -> String {
        let mut document = json!({
            "version": 1, "event": notice.as_str(), "time": time.to_string(), "text": self.text,
        });
        if let (Some(document), Some(body)) = (document.as_object_mut(), self.body.as_object()) {
            document.extend(body.clone());
        }
        document.to_string()
    }
}

/// What a task's end is to somebody who only wants to hear of what needs them.
fn notice(ended: &TaskEnded) -> Option<Notice> {
    match ended.cause {
        Cause::Failed => Some(Notice::TaskFailed),
        Cause::Blocked if ended.outcome == Outcome::NeedsAnswer => Some(Notice::Question),
        Cause::Blocked => Some(Notice::TaskBlocked),
        Cause::Completed | Cause::Cancelled | Cause::Interrupted | Cause::Foreign | Cause::LeftOut => None,
    }
}

/// All keys, `null` where nothing is known.
fn body(plan: &Path, epic: &str, known: &Value) -> Value {
    let mut body = json!({
        "plan": plan.to_string_lossy(), "epic": epic, "task": null, "result": null, "outcome": null, "detail": null,
        "exit_code": null, "completed": null, "total": null, "next": null,
    });
    if let (Some(body), Some(known)) = (body.as_object_mut(), known.as_object()) {
        body.extend(known.clone());
    }
    body
}

fn cut(text: &str) -> String {
    text.chars().take(DETAIL).collect()
}
