//! What a transition changes in the task itself: result, history, its own status.

use crate::genesis::form::{Field, ResultNames};
use crate::genesis::tree::Node;
use crate::genesis::{Status, TaskResult, Transition};

use super::Writer;
use super::element::New;

impl Writer<'_> {
    /// Changes the task `node`.
    pub(super) fn change_task(&mut self, node: Node, transition: &Transition<'_>, at: &str) {
        let names = &self.names.task;
        let word = (self.names.word)(transition.to);
        self.set_field(node, names.status, word);
        let mut missing = Vec::new();
        if let Some(result) = result(transition) {
            let new = new_result(&names.result, result);
            match self.xml.child(node, names.result.element) {
                Some(old) => self.replace(old, &new),
                None => missing.push((names.result.element, new)),
            }
        }
        let [history, event] = names.event else {
            return;
        };
        let new = New::empty(event)
            .field(names.event_time, at)
            .field(names.event_status, word)
            .optional(names.event_description, transition.description)
            .optional(names.event_actor, transition.actor);
        if self.xml.child(node, history).is_some() {
            self.append(node, names.path, names.event, new);
        } else {
            missing.push((history, New::with(history, vec![new])));
        }
        self.insert(node, names.path, missing);
    }
}

/// The result that the transition leaves, if it is one that leaves any.
pub(super) fn result<'a>(transition: &'a Transition<'_>) -> Option<&'a TaskResult> {
    let leaves = match transition.to {
        Status::Completed | Status::Failed => true,
        Status::Pending | Status::InProgress | Status::Blocked | Status::Cancelled => false,
    };
    transition.result.as_ref().filter(|_| leaves)
}

fn new_result(names: &ResultNames, result: &TaskResult) -> New {
    let mut children = vec![New::text(names.summary, &result.summary)];
    if let [around, name] = names.deliverable
        && !result.deliverables.is_empty()
    {
        let items = result.deliverables.iter().map(|item| New::text(name, item));
        children.push(New::with(around, items.collect()));
    }
    let new = New::with(names.element, children);
    match &result.notes {
        Some(notes) => new.optional(&[Field::Child(names.notes)], notes),
        None => new,
    }
}
