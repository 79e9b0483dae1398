use super::{Awaited, Surroundings};
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::report::Reader;
use crate::report::TaskStatus;
use crate::report::status::{Owner, until};
use crate::run::ledger::FORGOTTEN;

/// Why the task is where it is, the weightiest reason first, as sentences without a full stop.
pub(in crate::report) fn reasons(
    task: &TaskStatus,
    waits_for: &[Awaited],
    around: &Surroundings<'_>,
) -> Vec<String> {
    let mut why = of_status(task, waits_for, around);
    why.extend(task.is_forgotten.then(|| FORGOTTEN.to_owned()));
    why
}

fn of_status(task: &TaskStatus, waits_for: &[Awaited], around: &Surroundings<'_>) -> Vec<String> {
    match task.status {
        Status::Pending => pending(task, waits_for, around),
        Status::InProgress => vec![in_progress(task, around)],
        Status::Completed => vec![completed(task)],
        Status::Failed => ended(task, "it failed", around),
        Status::Blocked => ended(task, "it is blocked", around),
        Status::Cancelled => vec![cancelled(task, around)],
    }
}

fn pending(task: &TaskStatus, waits_for: &[Awaited], around: &Surroundings<'_>) -> Vec<String> {
    let mut why = Vec::new();
    if let Some(cause) = &task.not_run_because {
        why.push(format!("it can't be run because {}", cause.sentence()));
    }
    if !waits_for.is_empty() {
        let each = waits_for.iter().map(|before| format!("`{}` ({})", before.id, before.status));
        why.push(format!("it waits for {}", each.collect::<Vec<_>>().join(", ")));
    }
    why.extend(until(task, &Reader::of(0)).map(|until| format!("it waits {until}")));
    if why.is_empty() {
        why.push(ready(around).to_owned());
    }
    if let Some(answer) = &task.answer {
        why.push(format!("its question is answered: {answer}"));
    } else if let Some(outcome) = task.outcome.filter(|outcome| *outcome != Outcome::Completed) {
        why.push(format!("its last attempt {}{}", outcome.sentence(), detail(task)));
    }
    why
}

fn ready(around: &Surroundings<'_>) -> &'static str {
    match (around.is_live, around.is_paused) {
        (true, _) if around.is_ending => {
            "it is ready, but the live run is ending, and leaves it to the next one"
        }
        (true, true) => "it is ready, but the live run is paused",
        (true, false) => {
            "it is ready: the live run starts it as soon as its jobs, limits, disk and load permit"
        }
        (false, _) if around.distance.is_some() => "it is ready, and nobody works at the plan",
        (false, _) => "it is ready, and no run is live",
    }
}

fn in_progress(task: &TaskStatus, around: &Surroundings<'_>) -> String {
    match &task.owner {
        Some(Owner::Run { pid: Some(pid), host, .. }) => {
            let host = host.as_deref().filter(|_| around.distance.is_some());
            format!(
                "run {pid}{} is at work on it",
                host.map(|host| format!(" on {host}")).unwrap_or_default()
            )
        }
        Some(Owner::Run { pid: None, .. }) => {
            "a run that is gone was at work on it; the next run takes it up".to_owned()
        }
        Some(Owner::Job { job, host, .. }) => format!("{job}, on {host}, is at work on it"),
        Some(Owner::Person(name)) => format!("{name} is at work on it; a run leaves it alone"),
        None => "somebody unknown is at work on it; a run leaves it alone".to_owned(),
    }
}

fn completed(task: &TaskStatus) -> String {
    match task.attempts {
        0 if task.is_forgotten => "it was completed after a run had begun it".to_owned(),
        0 => "it was completed by hand, or without work".to_owned(),
        1 => "it was completed by its first attempt".to_owned(),
        count => format!("it was completed after {count} attempts"),
    }
}

/// The way in which its last attempt went wrong says more than the status, unless the status has come of something later.
fn ended(task: &TaskStatus, otherwise: &str, around: &Surroundings<'_>) -> Vec<String> {
    let outcome = task.outcome.filter(|outcome| *outcome != Outcome::Completed);
    let said = since_its_last_attempt(task, around).or_else(|| said_in_plan(task, around));
    let what = match (said, outcome) {
        (Some(said), _) if task.attempts == 0 => format!("{otherwise}: {said}"),
        (Some(said), _) => format!("{otherwise}, by what came after its last attempt: {said}"),
        (None, Some(outcome)) => format!("its last attempt {}{}", outcome.sentence(), detail(task)),
        (None, None) => otherwise.to_owned(),
    };
    let question = task.question.as_ref().map(|question| format!("it asks: {question}"));
    std::iter::once(what).chain(question).collect()
}

/// By whom, and why, as far as they have said so.
fn cancelled(task: &TaskStatus, around: &Surroundings<'_>) -> String {
    let in_journal = || {
        let last = around.history.task(&task.id)?.transitions.last()?;
        (last.to == task.status).then_some(last.description.as_str())
    };
    match in_journal().or_else(|| said_in_plan(task, around)).map(str::trim) {
        None | Some("" | "cancelled") => "it was cancelled".to_owned(),
        Some(said) => match said.strip_prefix("cancelled ") {
            Some(more) => format!("it was cancelled {more}"),
            None => format!("it was cancelled: {said}"),
        },
    }
}

/// What stands in the plan with a change of status that the journal does not have, as `task block` writes it: the status is said already.
fn said_in_plan<'a>(task: &'a TaskStatus, around: &Surroundings<'_>) -> Option<&'a str> {
    let known = around.history.task(&task.id).and_then(|story| story.transitions.last());
    let last = task.history.last().filter(|last| last.status == Some(task.status))?;
    let said =
        last.description.as_deref().filter(|_| known.is_none_or(|known| known.to != task.status))?.trim();
    let said =
        said.strip_prefix(task.status.as_str()).and_then(|said| said.strip_prefix(": ")).unwrap_or(said);
    Some(said).filter(|said| !said.is_empty())
}

/// What the journal has of the change of status that led here, if it was not the end of the last attempt: an attempt that never began
/// leaves nothing else.
fn since_its_last_attempt<'a>(task: &TaskStatus, around: &'a Surroundings<'_>) -> Option<&'a str> {
    let story = around.history.task(&task.id)?;
    let (from, own) = story.last_attempt().map_or((0, 0), |last| (last.transitions_before, 1));
    let since = story.transitions.get(from..).filter(|since| since.len() > own)?;
    let last = since.last().filter(|last| last.to == task.status)?;
    Some(last.description.as_str()).filter(|said| !said.trim().is_empty())
}

fn detail(task: &TaskStatus) -> String {
    task.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"))
}
