//! The knowledge base, and notes in the audit log: entries that are added once.

use crate::genesis::form::{EntryNames, Names, Part};
use crate::genesis::tree::Node;
use crate::genesis::view::{View, all, field};
use crate::genesis::xml::Xml;
use crate::genesis::{Decision, Edit, EditError, Learning, Note};

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
    let Learning { title, description, category, .. } = learning;
    let said = [
        (Part::Title, title.as_str()),
        // No form has a learning without a description.
        (Part::Description, if description.trim().is_empty() { title } else { description }),
        (Part::Category, category),
    ];
    let mut writer = Writer::new(xml, names, view);
    writer.add_once(&names.knowledge.learning, &said, &written(learning.at));
    Edit::new(writer.splices)
}

/// The edit that adds a decision; empty if it is there.
pub(in crate::genesis) fn decision(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    decision: &Decision,
) -> Edit {
    let mut said = vec![
        (Part::Title, decision.title.as_str()),
        (Part::Context, &decision.context),
        (Part::Decision, &decision.decision),
        (Part::Rationale, &decision.rationale),
    ];
    said.extend(names.knowledge.decision_category.map(|category| (Part::Category, category)));
    let mut writer = Writer::new(xml, names, view);
    writer.add_once(&names.knowledge.decision, &said, &written(decision.at));
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
        same(&text, &note.text) && actor.is_none_or(|actor| same(&actor, &note.actor))
    };
    if notes(xml, names, &note.task).into_iter().any(said) {
        return Ok(Edit::default());
    }
    let (at, description) = (written(note.at), format!("{}: {}", note.task, note.text));
    let said = [
        (Part::Time, Some(at.as_str())),
        (Part::Kind, Some(NOTE)),
        (Part::Description, Some(&description)),
        (Part::Actor, Some(&note.actor)),
    ];
    let mut writer = Writer::new(xml, names, view);
    // Unlike a transition, which the task itself has, it would be lost without a log.
    if let Some(path) = writer.log(names.audit.paths, true) {
        writer.change_metadata(None, &at);
        writer.add_audit_entry(path, &said);
    }
    Ok(Edit::new(writer.splices))
}

/// The notes about a task: who says what.
pub(in crate::genesis) fn notes(
    xml: Xml<'_>,
    names: &'static Names,
    task: &str,
) -> Vec<(Option<String>, String)> {
    let text = |node, part| field(xml, node, names.audit.of(part)).map(|found| found.id);
    let is_note = |entry: &Node| text(*entry, Part::Kind).is_some_and(|kind| kind.eq_ignore_ascii_case(NOTE));
    let entries = all(xml, Xml::ROOT, names.audit.paths).into_iter().filter(is_note);
    let about_task = |entry| {
        let description = text(entry, Part::Description)?;
        let said = description.strip_prefix(task)?.strip_prefix(": ")?;
        Some((text(entry, Part::Actor), said.trim().to_owned()))
    };
    entries.filter_map(about_task).collect()
}

/// Whether two texts say the same once they are written: what XML can't hold is gone, and where lines break is up to the layout.
fn same(one: &str, other: &str) -> bool {
    escape::clean(one).split_whitespace().eq(escape::clean(other).split_whitespace())
}

impl Writer<'_> {
    /// Adds an entry that says `said`, unless there is one that says the same; when it was said tells nothing apart.
    fn add_once(&mut self, names: &EntryNames, said: &[(Part, &str)], at: &str) {
        let known = all(self.xml, Xml::ROOT, names.paths);
        let says = |node: Node, (part, text): &(Part, &str)| {
            !names.says(*part)
                || same(&field(self.xml, node, names.of(*part)).map_or(String::new(), |found| found.id), text)
        };
        if known.iter().any(|node| said.iter().all(|one| says(*node, one))) {
            return;
        }
        let Some((path, (name, _))) =
            self.log(names.paths, true).and_then(|path| Some((path, path.split_last()?)))
        else {
            return;
        };
        let id = self.free_id(names, name, &known);
        let mut said: Vec<_> = said.iter().map(|(part, text)| (*part, Some(*text))).collect();
        said.extend([(Part::Time, Some(at)), (Part::Id, Some(id.as_str()))]);
        self.change_metadata(None, at);
        let new = self.new_entry(name, names, &said, known.last().copied());
        self.append(Xml::ROOT, &[], path, new);
    }

    /// An id that none of the entries has, where the form gives them any.
    fn free_id(&self, names: &EntryNames, name: &str, known: &[Node]) -> String {
        let id = |node: &Node| field(self.xml, *node, names.of(Part::Id)).map(|found| found.id);
        let taken: std::collections::HashSet<_> = known.iter().filter_map(id).collect();
        let ids = (known.len() + 1..).map(|number| format!("{name}-{number}"));
        ids.into_iter().find(|id| !taken.contains(id)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
