//! What is said of a task in few words, the same wherever it is shown.

use anstyle::{AnsiColor, Style};

use super::model::{Owner, TaskStatus};
use super::reader::Reader;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::report::text::clean;

/// What there is to say of a task in one line.
pub(in crate::report) fn summary(task: &TaskStatus, reader: &Reader) -> String {
    let is_open = task.status != Status::Completed;
    let question = task.question.as_ref().filter(|_| is_open).cloned();
    let waits = until(task, reader).map(|until| format!("waits {until}"));
    let answer = task.answer.as_ref().map(|answer| format!("answered: {answer}"));
    let said = [because(task), waits, question, answer, task.summary.clone(), went_wrong(task)];
    let text = said.into_iter().flatten().next().unwrap_or_default();
    clean(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default())
}

/// Why a pending task can't be run.
pub(in crate::report) fn because(task: &TaskStatus) -> Option<String> {
    task.not_run_because.as_ref().map(|cause| format!("because {}", cause.sentence()))
}

/// Until when it waits.
pub(in crate::report) fn until(task: &TaskStatus, reader: &Reader) -> Option<String> {
    Some(format!("until {} for a limit to end", reader.time(task.waits_until?)))
}

/// How the last attempt went wrong, the outcome's own words first.
pub(in crate::report) fn went_wrong(task: &TaskStatus) -> Option<String> {
    if task.is_set_back {
        return None;
    }
    let outcome = task.outcome.filter(|outcome| *outcome != Outcome::Completed);
    let sentence = outcome.filter(|_| task.status != Status::Completed).map(Outcome::sentence);
    match (sentence, &task.detail) {
        (Some(sentence), Some(detail)) => Some(format!("{sentence}: {detail}")),
        (sentence, detail) => sentence.map(str::to_owned).or_else(|| detail.clone()),
    }
}

/// Who has a task.
pub(in crate::report) fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Run { pid: Some(pid), host, .. } => {
            format!("run {pid} on {}", host.as_deref().map(clean).unwrap_or_default())
        }
        Owner::Run { pid: None, .. } => "a run that is gone; the next `run` takes it up".to_owned(),
        Owner::Job { job, host, .. } => format!("{} on {}", clean(job), clean(host)),
        Owner::Person(name) => clean(name),
    }
}

/// The colour of a status.
pub(in crate::report) fn color(status: Status) -> Style {
    match status {
        Status::Completed => AnsiColor::Green.on_default(),
        Status::Failed | Status::Cancelled => AnsiColor::Red.on_default(),
        Status::Blocked => AnsiColor::Yellow.on_default(),
        Status::InProgress => AnsiColor::Cyan.on_default(),
        Status::Pending => Style::new(),
    }
}
