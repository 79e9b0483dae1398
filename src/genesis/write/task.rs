//! What a transition changes in the task itself: result, history, its own status.

use crate::genesis::form::{Field, Part, Path, ResultNames};
use crate::genesis::tree::Node;
use crate::genesis::view::{all, in_place};
use crate::genesis::{Status, TaskResult, Transition};

use super::Writer;
use super::element::New;
use super::transition::written;

impl Writer<'_> {
    /// Changes the task `node`: the transitions are made one after the other, and only their last status and result are left.
    pub(super) fn change_task(&mut self, node: Node, transitions: &[Transition<'_>]) {
        let names = &self.names.task;
        let Some(last) = transitions.last() else { return };
        let mut missing: Vec<_> = self.change_own_status(node, last.to).into_iter().collect();
        if let Some(result) = transitions.iter().rev().find_map(result) {
            let new = new_result(&names.result, result);
            match self.xml.child(node, names.result.element) {
                Some(old) => self.replace(old, &new),
                None => missing.push((names.result.element, new)),
            }
        }
        missing.extend(self.add_events(node, transitions));
        self.insert(node, names.path, missing);
    }

    /// Every place in which the task says its status follows. Gives back a child that is missing.
    fn change_own_status(&mut self, node: Node, to: Status) -> Option<(&'static str, New)> {
        let names = &self.names.task;
        let word = self.own_word(to);
        let said = |place: &Field| in_place(self.xml, node, *place).map(|said| (*place, said.id));
        let places: Vec<(Field, String)> = names.status.iter().filter_map(said).collect();
        for (place, _) in places.iter().filter(|(_, said)| Status::from_word(said) != Some(to)) {
            self.set_field(node, *place, &word);
        }
        if !names.status_made || !places.is_empty() {
            return None;
        }
        match self.usual_status_place()? {
            Field::Child(name) => Some((name, New::text(name, &word))),
            place => {
                self.set_field(node, place, &word);
                None
            }
        }
    }

    /// Where the other tasks of this document say their status.
    pub(super) fn usual_status_place(&self) -> Option<Field> {
        let places = self.names.task.status;
        let elements = self.view.elements.iter().flatten();
        let place_in = |node: &Node| places.iter().find(|place| in_place(self.xml, *node, **place).is_some());
        elements.into_iter().find_map(place_in).or(places.first()).copied()
    }

    /// Adds to the history. Gives back the history itself, where it is missing.
    fn add_events(&mut self, node: Node, transitions: &[Transition<'_>]) -> Option<(&'static str, New)> {
        let names = self.names.task.event;
        let last = all(self.xml, node, names.paths).last().copied().or_else(|| self.some_event());
        let is_there = |path: &&Path| path.first().is_some_and(|name| self.xml.child(node, name).is_some());
        if let Some(path) = names.paths.iter().find(is_there) {
            let name = *path.last()?;
            let events = transitions.iter().map(|transition| self.event(name, transition, last));
            self.append_all(node, self.names.task.path, path, events.collect());
            return None;
        }
        let [history, around @ .., event] = names.paths.first().copied()? else {
            return None;
        };
        let events = transitions.iter().map(|transition| self.event(event, transition, last));
        let inside = New::all_inside(events.collect(), around);
        names.made.then(|| (*history, New::with(history, inside)))
    }

    fn event(&self, name: &'static str, transition: &Transition<'_>, like: Option<Node>) -> New {
        let (at, word) = (written(transition.at), self.event_word(transition.to));
        let said = [
            (Part::Time, Some(at.as_str())),
            (Part::Status, Some(word.as_str())),
            (Part::Description, Some(transition.description)),
            (Part::Actor, Some(transition.actor)),
        ];
        self.new_entry(name, &self.names.task.event, &said, like)
    }

    /// An event of another task, to show how events look in this document.
    pub(super) fn some_event(&self) -> Option<Node> {
        let paths = self.names.task.event.paths;
        let mut written = self.view.elements.iter().flatten();
        written.find_map(|node| all(self.xml, *node, paths).last().copied())
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
    let mut new = New::empty(names.element).field(names.summary, &result.summary);
    if let Some([around, name]) = names.deliverables.paths.first()
        && !result.deliverables.is_empty()
    {
        let items = result.deliverables.iter().map(|item| New::text(name, item));
        new = new.child(New::with(around, items.collect()));
    }
    match &result.notes {
        Some(notes) => new.optional(names.notes, notes),
        None => new,
    }
}
