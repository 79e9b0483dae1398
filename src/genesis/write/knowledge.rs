//! The knowledge base, and notes in the audit log: entries that are added once.

use crate::genesis::form::{Fields, Names, Path};
use crate::genesis::view::{View, field};
use crate::genesis::xml::Xml;
use crate::genesis::{Decision, Edit, EditError, Learning, Note};

use super::element::New;
use super::transition::written;
use super::{Writer, escape};

/// The type of the audit log's events that are notes.
const NOTE: &str = "note";

/// The edit that adds a learning; empty if it is there.
pub(in crate::genesis) fn learning(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    learning: &Learning,
) -> Edit {
    let of = &names.knowledge.learning;
    let values = [
        (of.title, learning.title.as_str()),
        (of.description, &learning.description),
        (of.category, &learning.category),
    ];
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    writer.add_once(of.path, &values, of.time, &written(learning.at));
    Edit::new(writer.splices)
}

/// The edit that adds a decision; empty if it is there.
pub(in crate::genesis) fn decision(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    decision: &Decision,
) -> Edit {
    let of = &names.knowledge.decision;
    let values = [
        (of.title, decision.title.as_str()),
        (of.context, &decision.context),
        (of.decision, &decision.decision),
        (of.rationale, &decision.rationale),
    ];
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    writer.add_once(of.path, &values, of.time, &written(decision.at));
    Edit::new(writer.splices)
}

/// The edit that adds a note; empty if it is there.
pub(in crate::genesis) fn note(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    note: &Note,
) -> Result<Edit, EditError> {
    if view.task(&note.task).is_none() {
        return Err(EditError::UnknownTask(note.task.clone()));
    }
    let said = |(actor, text): (Option<String>, String)| {
        same(&text, &note.text) && same(&actor.unwrap_or_default(), &note.actor)
    };
    if notes(xml, names, &note.task).into_iter().any(said) {
        return Ok(Edit::default());
    }
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    let at = written(note.at);
    writer.change_metadata(None, &at);
    writer.log(&at, NOTE, &format!("{}: {}", note.task, note.text), &note.actor, None);
    Ok(Edit::new(writer.splices))
}

/// The notes about a task: who says what.
pub(in crate::genesis) fn notes(
    xml: Xml<'_>,
    names: &'static Names,
    task: &str,
) -> Vec<(Option<String>, String)> {
    let of = &names.audit_entry;
    let text = |node, name| xml.child(node, name).map(|child| xml.text(child).into_owned());
    let events = xml.select(Xml::ROOT, names.audit).into_iter();
    let notes = events.filter(|event| text(*event, of.kind).as_deref() == Some(NOTE));
    notes
        .filter_map(|event| {
            let said = text(event, of.description)?;
            let said = said.strip_prefix(task)?.strip_prefix(": ")?;
            Some((text(event, of.actor), said.trim().to_owned()))
        })
        .collect()
}

/// Whether two texts say the same once they are written: what XML can't hold is gone, and where lines break is up to the layout.
fn same(one: &str, other: &str) -> bool {
    escape::clean(one).split_whitespace().eq(escape::clean(other).split_whitespace())
}

impl Writer<'_> {
    /// Adds an element with `values` at the end of `path`, unless there is one that says the same; `time` tells nothing apart.
    fn add_once(&mut self, path: Path, values: &[(Fields, &str)], time: Fields, at: &str) {
        let [.., name] = path else { return };
        let known = self.xml.select(Xml::ROOT, path);
        let says = |node, (fields, wanted): &(Fields, &str)| {
            same(&field(self.xml, node, fields).unwrap_or_else(nothing).id, wanted)
        };
        if known.into_iter().any(|node| values.iter().all(|value| says(node, value))) {
            return;
        }
        let empty = New::empty(name);
        let filled = values.iter().fold(empty, |new, (fields, value)| new.field(fields, value));
        self.change_metadata(None, at);
        self.append(Xml::ROOT, &[], path, filled.field(time, at));
    }
}

fn nothing() -> crate::genesis::Ref {
    crate::genesis::Ref { id: String::new(), span: 0..0 }
}

#[cfg(test)]
mod tests;
