//! Journal and plan file agree: the journal is the commit point, so what it has and the file has not is applied to the file.

use std::collections::BTreeSet;

use super::record::TransitionRecord;
use super::{History, TaskHistory};

use crate::genesis::{Batch, Details, Edit, EditError, Event, Genesis, Status, Task, Transition};

/// The changes of status that the journal has and the document has not, in the order in which they were made.
///
/// A crash between journal and file, or a writer that put an older file back, leaves such gaps. A document whose task has
/// gone on from there is simply newer, and left as it is.
pub fn missing<'h>(history: &'h History, genesis: &Genesis) -> Vec<&'h TransitionRecord> {
    let tasks = genesis.tasks().iter();
    let stories = tasks.filter_map(|task| Some((task, history.task(&task.id)?)));
    let tail = |(task, story): (&Task, &'h TaskHistory)| {
        let details = genesis.details(&task.id);
        missing_tail(task, &details, genesis.keeps_history(&task.id), &story.transitions)
    };
    let mut tails: Vec<_> = stories.map(tail).collect();
    // Whole tails, so that a clock that was set back can't mix up the changes of one task.
    tails.sort_by_key(|tail| tail.first().map(|transition| transition.at));
    tails.into_iter().flatten().collect()
}

/// Those of a task's last changes that lead on from what the document has: all that come after the last one which it has, or, where somebody
/// has had a say since, those from that status on.
fn missing_tail<'h>(
    task: &Task,
    details: &Details,
    keeps_history: bool,
    transitions: &'h [TransitionRecord],
) -> &'h [TransitionRecord] {
    let known = match transitions.len().checked_sub(1) {
        // Where no history is kept an older status can't be told from one that was set back by hand: one step only. Where one is kept,
        // and is not there, the document is from before.
        Some(last) if !keeps_history => last,
        _ => transitions.iter().rposition(|transition| has_event(details, transition)).map_or(0, |at| at + 1),
    };
    let unknown = transitions.get(known..).unwrap_or_default();
    let leads_on =
        |transition: &TransitionRecord| task.status == transition.from && transition.from != transition.to;
    // Before a gap somebody else has had a say, which is lost: what follows can't be told from there.
    let gap = unknown.windows(2).rposition(|pair| pair[0].to != pair[1].from).map_or(0, |at| at + 1);
    if let Some(at) = unknown[gap..].iter().position(leads_on) {
        return &unknown[gap + at..];
    }
    let newest = details.newest();
    let last_known = known.checked_sub(1).and_then(|at| transitions.get(at));
    let nobody_spoke_since = newest.zip(last_known).is_some_and(|(event, ours)| is_event_of(ours, event));
    if nobody_spoke_since {
        return if unknown.last().is_some_and(|last| last.to != task.status) { &unknown[gap..] } else { &[] };
    }
    match unknown {
        // Half a change, as agents write it: the same status, without what belongs to it. Where there is no history there is no result.
        [ours] if keeps_history && known > 0 && ours.to == task.status => {
            if ours.result.is_some() && details.result.is_none() { unknown } else { &[] }
        }
        _ => unknown.iter().rposition(leads_on).map_or(&[], |at| &unknown[at..]),
    }
}

fn has_event(details: &Details, transition: &TransitionRecord) -> bool {
    details.history.iter().any(|event| is_event_of(transition, event))
}

fn is_event_of(transition: &TransitionRecord, event: &Event) -> bool {
    event.at() == Some(transition.at) && event.status == Some(transition.to)
}

/// Whether the task's status in the document is the one that a run of ours wrote when it put the task in progress, and nobody's since.
pub fn is_ours(story: Option<&TaskHistory>, genesis: &Genesis, task: &Task) -> bool {
    let Some(story) = story.filter(|_| task.status == Status::InProgress) else { return false };
    if story.taken_by().is_some() {
        return false;
    }
    let is_last = story.transitions.last().is_some_and(|last| last.to == task.status);
    let details = genesis.details(&task.id);
    // An older file that was put back may show an earlier time at which we put it in progress.
    let is_one_of = |event: &Event| story.transitions.iter().any(|ours| is_event_of(ours, event));
    is_last && details.newest().is_none_or(is_one_of)
}

/// Why nothing is known of attempts that were made.
pub const FORGOTTEN: &str = "the journal that had its attempts is not here any more: `blueprint clean` removed it, or it is another clone's; \
                             what the plan itself says is all that is left";

/// Whether the document tells of a run's work at a task that the journal knows nothing of.
pub fn is_forgotten(story: Option<&TaskHistory>, details: &Details) -> bool {
    let is_begun_by_us = |event: &Event| {
        event.status == Some(Status::InProgress) && event.actor.as_deref() == Some(super::books::ACTOR)
    };
    let is_unknown = |story: &TaskHistory| story.attempts.is_empty() && story.transitions.is_empty();
    story.is_none_or(is_unknown) && details.history.iter().any(is_begun_by_us)
}

/// The document with everything in it that the journal has; the very same if nothing is missing.
///
/// # Errors
/// [`EditError`] when a transition does not fit the document.
pub fn caught_up(genesis: Genesis, history: &History) -> Result<Genesis, EditError> {
    let mut now = genesis;
    let many = missing(history, &now);
    if many.len() > FEW {
        let many: Vec<_> = many.into_iter().cloned().collect();
        if let Some(edit) = together(&many, &now) {
            now.edit(&edit)?;
        }
    }
    for transition in missing(history, &now) {
        now.edit(&take_back(transition, &now)?)?;
        now.edit(&edit_of(transition, &now)?)?;
    }
    Ok(now)
}

/// More are made together: each by itself has a large document be gone through.
const FEW: usize = 8;

/// One edit that makes of the document what many transitions make of it, as far as they fit together; what is missing then has to be made
/// one by one. Nothing, where none fits.
pub(super) fn together(records: &[TransitionRecord], genesis: &Genesis) -> Option<Edit> {
    let mut batch = genesis.batch()?;
    let mut left_out = BTreeSet::new();
    for record in records {
        if !left_out.contains(&record.task) && !add_to(&mut batch, genesis, record) {
            left_out.insert(&record.task);
        }
    }
    batch.edit(genesis)
}

/// Adds a transition to a batch of the document; false, if that has to be made by itself.
pub(super) fn add_to(batch: &mut Batch, genesis: &Genesis, record: &TransitionRecord) -> bool {
    let task = record.task.as_str();
    let before = batch.status(genesis, task);
    // Somebody else has written that very status: it is taken back first.
    let is_there = before.is_none() && genesis.task(task).is_some_and(|task| task.status == record.to);
    if is_there && record.from != record.to {
        return false;
    }
    batch.add(genesis, &transition(record)).unwrap_or(false)
}

/// The edit that a journal's transition makes of the document.
///
/// # Errors
/// [`EditError`] when the task is gone.
pub fn edit_of(record: &TransitionRecord, genesis: &Genesis) -> Result<Edit, EditError> {
    genesis.transition(&transition(record))
}

fn transition(record: &TransitionRecord) -> Transition<'_> {
    Transition {
        task: record.task.as_str(),
        to: record.to,
        at: record.at,
        actor: &record.actor,
        description: &record.description,
        changes: record.changes.as_deref(),
        result: record.result.clone(),
    }
}

/// Whether the document has the very change that the record is about; true where it keeps no history of the task.
pub(super) fn is_written(record: &TransitionRecord, genesis: &Genesis) -> bool {
    let id = record.task.as_str();
    let details = genesis.details(id);
    genesis.task(id).is_none()
        || details.history.is_empty()
        || record.from == record.to
        || has_event(&details, record)
}

/// The edit that takes back a status which somebody else has written, where it is the very one that `record` is about to write: what an
/// agent writes into the plan during its attempt is no more than its report, and may be half of a change.
///
/// Empty if there is nothing to take back.
///
/// # Errors
/// [`EditError`] when the task is gone.
pub(super) fn take_back(record: &TransitionRecord, genesis: &Genesis) -> Result<Edit, EditError> {
    let Some(task) = genesis.task(record.task.as_str()) else { return Ok(Edit::default()) };
    let is_change = task.status == record.to && record.from != record.to;
    if !is_change || has_event(&genesis.details(&task.id), record) {
        return Ok(Edit::default());
    }
    genesis.transition(&Transition {
        task: record.task.as_str(),
        to: record.from,
        at: record.at,
        actor: &record.actor,
        description: "somebody changed the status during the attempt: taken as a report",
        changes: None,
        result: None,
    })
}

#[cfg(test)]
mod tests;
