//! The typed view: what the elements say, read through the form's table of names.

mod edges;
mod ids;
mod lists;
mod project;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use super::form::{Field, Fields, Names};
use super::tree::Node;
use super::xml::Xml;
use super::{Edge, Level, Project, Ref, Task};

pub(super) use lists::{Listed, STATUS};

/// Everything that a document says, with the elements that say it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub(super) project: Project,
    pub(super) tasks: Vec<Task>,
    /// The element of each task; none for a task that is only referred to.
    pub(super) elements: Vec<Option<Node>>,
    pub(super) edges: Vec<Edge>,
    pub(super) levels: Vec<Level>,
    /// The entries of the status lists.
    pub(super) listed: Vec<Listed>,
    /// Which task has an id; of two the first.
    by_id: HashMap<String, usize>,
}

impl View {
    /// Reads a document whose form spells things as `names` says.
    pub(super) fn read(xml: Xml<'_>, names: &'static Names) -> View {
        let listed = lists::read(xml, names);
        let levels = edges::levels(xml, names);
        let (tasks, elements) = tasks::read(xml, names, &listed, &levels);
        let edges = edges::read(xml, names, &tasks);
        let project = project::read(xml, names);
        let by_id = by_id(&tasks);
        View { project, tasks, elements, edges, levels, listed, by_id }
    }

    /// The first task of that id, and its element.
    pub(super) fn task(&self, id: &str) -> Option<(&Task, Option<Node>)> {
        let index = *self.by_id.get(id)?;
        self.tasks.get(index).zip(self.elements.get(index).copied())
    }
}

fn by_id(tasks: &[Task]) -> HashMap<String, usize> {
    let mut by_id = HashMap::with_capacity(tasks.len());
    for (index, task) in tasks.iter().enumerate() {
        by_id.entry(task.id.clone()).or_insert(index);
    }
    by_id
}

/// A value and where it stands.
pub(super) fn field(xml: Xml<'_>, node: Node, fields: &[Field]) -> Option<Ref> {
    fields.iter().find_map(|field| match field {
        Field::Child(name) => {
            let child = xml.child(node, name)?;
            Some(Ref { id: xml.text(child).into_owned(), span: xml.text_span(child) })
        }
        Field::Attribute(name) => {
            let attribute = xml.attribute(node, name)?;
            let id = xml.value(&attribute).into_owned();
            Some(Ref { id, span: non_empty(attribute.value) })
        }
    })
}

/// The value alone; `None` where it is missing or empty.
fn value(xml: Xml<'_>, node: Node, fields: Fields) -> Option<String> {
    field(xml, node, fields).map(|found| found.id).filter(|text| !text.is_empty())
}

/// The reference to a task that `node` is; empty where its id is missing.
fn task_ref(xml: Xml<'_>, node: Node, names: &Names) -> Ref {
    let missing = || Ref { id: String::new(), span: xml.start_tag(node) };
    field(xml, node, names.ref_id).unwrap_or_else(missing)
}

/// An empty value is shown by its quotes.
fn non_empty(span: Range<usize>) -> Range<usize> {
    if span.is_empty() { span.start.saturating_sub(1)..span.end + 1 } else { span }
}
