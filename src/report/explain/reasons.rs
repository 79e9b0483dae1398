use super::{Awaited, Surroundings};
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::report::Reader;
use crate::report::TaskStatus;
use crate::report::status::{Owner, until};

/// Why the task is where it is, the weightiest reason first, as sentences without a full stop.
pub(in crate::report) fn reasons(
    task: &TaskStatus,
    waits_for: &[Awaited],
    around: &Surroundings<'_>,
) -> Vec<String> {
    match task.status {
        Status::Pending => pending(task, waits_for, around),
        Status::InProgress => vec![in_progress(task, around)],
        Status::Completed => vec![completed(task)],
        Status::Failed => ended(task, "it failed", around),
        Status::Blocked => ended(task, "it is blocked", around),
        Status::Cancelled => vec!["it was cancelled".to_owned()],
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
        0 => "it was completed by hand, or without work".to_owned(),
        1 => "it was completed by its first attempt".to_owned(),
        count => format!("it was completed after {count} attempts"),
    }
}

/// The way in which its last attempt went wrong says more than the status, unless the status has come of something later.
fn ended(task: &TaskStatus, otherwise: &str, around: &Surroundings<'_>) -> Vec<String> {
    let outcome = task.outcome.filter(|outcome| *outcome != Outcome::Completed);
    let what = match (since_its_last_attempt(task, around), outcome) {
        (Some(said), _) if task.attempts == 0 => format!("{otherwise}: {said}"),
        (Some(said), _) => format!("{otherwise}, by what came after its last attempt: {said}"),
        (None, Some(outcome)) => format!("its last attempt {}{}", outcome.sentence(), detail(task)),
        (None, None) => otherwise.to_owned(),
    };
    let question = task.question.as_ref().map(|question| format!("it asks: {question}"));
    std::iter::once(what).chain(question).collect()
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
