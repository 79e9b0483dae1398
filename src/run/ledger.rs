//! Journal and plan file agree: the journal is the commit point, so what it has and the file has not is applied to the file.

use super::History;
use super::record::TransitionRecord;
use crate::genesis::{Edit, EditError, Genesis, ProjectStatus, Status, Transition};

/// The newest change of each task's status that the journal has and the document has not, in the order in which they
/// were made.
///
/// A crash between journal and file, or a writer that put an older file back, leaves such gaps. A document whose task has
/// gone on from there is simply newer, and left as it is.
pub fn missing<'h>(history: &'h History, genesis: &Genesis) -> Vec<&'h TransitionRecord> {
    let newest = history.tasks().filter_map(|(_, story)| story.transitions.last());
    let mut missing: Vec<_> = newest.filter(|transition| is_missing(transition, genesis)).collect();
    missing.sort_by_key(|transition| transition.at);
    missing
}

fn is_missing(transition: &TransitionRecord, genesis: &Genesis) -> bool {
    let Some(task) = genesis.task(transition.task.as_str()) else { return false };
    let written = |at: &Option<String>| {
        at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok()) == Some(transition.at)
    };
    let is_there =
        task.history.iter().any(|event| written(&event.timestamp) && event.status == Some(transition.to));
    !is_there && task.status == transition.from && transition.from != transition.to
}

/// The document with everything in it that the journal has; the very same if nothing is missing.
///
/// # Errors
/// [`EditError`] when a transition does not fit the document.
pub fn caught_up(genesis: Genesis, history: &History) -> Result<Genesis, EditError> {
    let mut now = genesis;
    for transition in missing(history, &now) {
        now = now.apply(&edit_of(transition, None, &now)?)?;
    }
    Ok(now)
}

/// The edit that a journal's transition makes of the document.
///
/// # Errors
/// [`EditError`] when the task is gone.
pub fn edit_of(
    record: &TransitionRecord,
    project: Option<ProjectStatus>,
    genesis: &Genesis,
) -> Result<Edit, EditError> {
    genesis.transition(&Transition {
        task: record.task.as_str(),
        to: record.to,
        at: record.at,
        actor: &record.actor,
        description: &record.description,
        changes: record.changes.as_deref(),
        result: record.result.clone(),
        project,
    })
}

/// Whether every task of the document but `ours` is completed.
pub(super) fn is_last_open(genesis: &Genesis, ours: &str) -> bool {
    genesis.tasks().iter().all(|task| task.id == ours || task.status == Status::Completed)
}
