//! What somebody is told; `schemas/notify.schema.json` says what each key means.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agent::Outcome;
use crate::cli::config::Notice;
use crate::cli::elsewhere::Elsewhere;
use crate::plan::TaskId;
use crate::report::{clean, shell_word};
use crate::run::{Cause, Lacks, RunEvent, Summary, TaskEnded, call, word_for};

/// Characters of a detail.
const DETAIL: usize = 2_000;

/// The plan that is run, and how whoever is told of it calls it.
pub(in crate::cli) struct Place {
    plan: PathBuf,
    epic: String,
    /// Where a job of a CI system runs it, that is in any clone but this one.
    elsewhere: Option<Elsewhere>,
}

impl Place {
    pub(in crate::cli) fn new(plan: &Path, epic: &str, elsewhere: Option<Elsewhere>) -> Self {
        Self { plan: plan.to_owned(), epic: epic.to_owned(), elsewhere }
    }

    /// How it stands: all of it, or one task.
    fn status(&self, task: Option<&TaskId>) -> String {
        match (&self.elsewhere, task) {
            (Some(elsewhere), task) => elsewhere.at_a_distance("status", task, ""),
            (None, Some(task)) => self.here("status", task, ""),
            (None, None) => format!("blueprint status {}", self.word()),
        }
    }

    /// The word that a task waits for.
    fn say(&self, task: &TaskId, (verb, rest): (&str, &str)) -> String {
        let elsewhere = self.elsewhere.as_ref().map(|elsewhere| elsewhere.word(task, (verb, rest)));
        elsewhere.unwrap_or_else(|| self.here(verb, task, rest))
    }

    fn here(&self, verb: &str, task: &TaskId, rest: &str) -> String {
        call(verb, &self.word(), &clean(task.as_str()), rest)
    }

    fn word(&self) -> String {
        shell_word(&self.plan.to_string_lossy())
    }
}

/// One thing that somebody is told.
pub(super) struct Message {
    text: String,
    body: Value,
}

impl Message {
    /// Of an event that somebody could want to know of.
    pub(super) fn of(event: &RunEvent, place: &Place) -> Option<(Notice, Self)> {
        match event {
            RunEvent::TaskEnded(ended) => {
                let notice = notice(ended)?;
                Some((notice, Self::task(notice, ended, place)))
            }
            RunEvent::Ended(summary) => Some((Notice::RunEnded, Self::run(summary, place))),
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
    pub(super) fn broken(place: &Place, why: &str) -> Self {
        let text = format!("{}: the run could not go on: {}", clean(&place.epic), clean(&cut(why)));
        Self { text, body: body(place, &json!({"result": "error", "detail": cut(why)})) }
    }

    fn task(notice: Notice, ended: &TaskEnded, place: &Place) -> Self {
        let (id, sentence) = (clean(ended.task.as_str()), ended.outcome.sentence());
        let first = clean(ended.summary.lines().next().unwrap_or_default());
        let more = if first.is_empty() { String::new() } else { format!(": {}", cut(&first)) };
        let more_keys = json!({
            "task": ended.task,
            "result": ended.cause.as_str(),
            "outcome": ended.outcome,
            "detail": Some(cut(&ended.summary)).filter(|detail| !detail.is_empty()),
            "next": next(notice, ended, place),
        });
        let text = format!("{}: task {id} {sentence}{more}", clean(&place.epic));
        Self { text, body: body(place, &more_keys) }
    }

    fn run(summary: &Summary, place: &Place) -> Self {
        let Summary { verdict, completed, total, .. } = summary;
        let word = verdict.as_str();
        let text = format!("{}: {word}, {completed} of {total} tasks are completed", clean(&place.epic));
        let more = json!({
            "result": word,
            "exit_code": verdict.exit_code(),
            "completed": completed,
            "total": total,
            "next": place.status(None),
        });
        Self { text, body: body(place, &more) }
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

/// What one would type now: a word that is all that the task waits for, or what shows how it stands.
fn next(notice: Notice, ended: &TaskEnded, place: &Place) -> String {
    let waits_for_leave = matches!(ended.lacks, Some(Lacks::Leave(_)));
    match notice {
        Notice::Question => place.say(&ended.task, word_for(ended.lacks.as_ref())),
        Notice::TaskBlocked if waits_for_leave => place.say(&ended.task, word_for(ended.lacks.as_ref())),
        Notice::TaskFailed | Notice::TaskBlocked | Notice::RunEnded => place.status(Some(&ended.task)),
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
fn body(place: &Place, known: &Value) -> Value {
    let mut body = json!({
        "plan": place.plan.to_string_lossy(), "epic": place.epic, "task": null, "result": null, "outcome": null, "detail": null,
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
