//! The typed view: what the elements say, read through the form's table of names.

mod edges;
#[cfg(test)]
mod form_tests;
mod ids;
mod knowledge;
mod lists;
mod nodes;
mod project;
mod tasks;
#[cfg(test)]
mod tests;
mod update;

use std::ops::Range;

use foldhash::{HashMap, HashMapExt};

use super::form::{Field, Fields, Names, Paths, Place, Texts};
use super::tree::Node;
use super::xml::Xml;
use super::{Details, Edge, Level, Project, Ref, Task};

pub(super) use knowledge::known;
pub(super) use lists::{Listed, STATUS};
pub(super) use tasks::{deciding_event, event_words, last_event};
pub(super) use update::Edited;

/// Everything that a document says, with the elements that say it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct View {
    pub(super) project: Project,
    pub(super) tasks: Vec<Task>,
    /// The element of each task; none for a task that is only referred to.
    pub(super) elements: Vec<Option<Node>>,
    pub(super) levels: Vec<Level>,
    /// The entries of the status lists.
    pub(super) listed: Vec<Listed>,
    /// The nodes of the graph with their ids: another place for what is known of a task.
    pub(super) nodes: Vec<(String, Node)>,
    /// Which task has an id; of two the first.
    by_id: HashMap<String, usize>,
}

impl View {
    /// Reads a document whose form spells things as `names` says.
    pub(super) fn read(xml: Xml<'_>, names: &'static Names) -> View {
        let listed = lists::read(xml, names);
        let nodes = nodes::read(xml, names);
        let levels = edges::levels(xml, names, &nodes);
        let (tasks, elements) = tasks::read(xml, names, &listed, &levels, &nodes);
        let project = project::read(xml, names);
        let by_id = by_id(&tasks);
        View { project, tasks, elements, levels, listed, nodes, by_id }
    }

    /// What the task at `index` says at length; nothing, where it is only referred to.
    pub(super) fn details(&self, xml: Xml<'_>, names: &'static Names, index: usize) -> Details {
        let element = self.elements.get(index).copied().flatten();
        element.map_or_else(Details::default, |node| tasks::read_details(xml, names, node))
    }

    /// Who waits for whom.
    pub(super) fn edges(&self, xml: Xml<'_>, names: &'static Names) -> Vec<Edge> {
        edges::read(xml, names, &self.tasks)
    }

    /// The place of the first task of that id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The first task of that id, and its element.
    pub(super) fn task(&self, id: &str) -> Option<(&Task, Option<Node>)> {
        let index = self.find(id)?;
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
    fields.iter().find_map(|field| in_place(xml, node, *field))
}

/// The value in one place of its element; `None` where the place is not there.
pub(super) fn in_place(xml: Xml<'_>, node: Node, field: Field) -> Option<Ref> {
    match field {
        Field::Child(name) => {
            let child = xml.child(node, name)?;
            Some(Ref { id: xml.text(child).into_owned(), span: xml.text_span(child) })
        }
        Field::Attribute(name) => {
            let attribute = xml.attribute(node, name)?;
            let id = xml.value(&attribute).into_owned();
            Some(Ref { id, span: non_empty(attribute.value) })
        }
        Field::Text if xml.tree.children(node).next().is_some() => None,
        Field::Text => {
            let id = xml.text(node).into_owned();
            (!id.is_empty()).then(|| Ref { id, span: xml.text_span(node) })
        }
    }
}

/// The places of a value that are there, each with the element around it.
pub(super) fn present<'p>(xml: Xml<'_>, places: &'p [Place]) -> impl Iterator<Item = (Node, &'p Place)> {
    places.iter().flat_map(move |place| {
        let around = xml.select(Xml::ROOT, place.around).into_iter();
        around.filter(move |node| in_place(xml, *node, place.field).is_some()).map(move |node| (node, place))
    })
}

/// Every element that one of `paths` leads to from `node`, in the order of the text.
pub(super) fn all(xml: Xml<'_>, node: Node, paths: Paths) -> Vec<Node> {
    let [path] = paths else {
        let mut found: Vec<Node> = paths.iter().flat_map(|path| xml.select(node, path)).collect();
        found.sort_unstable();
        return found;
    };
    xml.select(node, path)
}

/// Texts of one kind inside `node`.
fn texts(xml: Xml<'_>, node: Node, texts: &Texts) -> Vec<String> {
    let [usual, others @ ..] = texts.paths else {
        return Vec::new();
    };
    let read = |path: &[&'static str]| -> Vec<String> {
        xml.select(node, path).into_iter().map(|node| text_of(xml, node, texts.parts)).collect()
    };
    let found = read(usual);
    if !found.is_empty() {
        return found;
    }
    let somewhere_else = others.iter().map(|path| read(path));
    let with_text = |found: &Vec<String>| found.iter().any(|text| !text.is_empty());
    somewhere_else.into_iter().find(with_text).unwrap_or_default()
}

/// What an element says: its text, or else those of its attributes.
fn text_of(xml: Xml<'_>, node: Node, parts: &[&'static str]) -> String {
    let text = xml.text(node);
    if !text.is_empty() || parts.is_empty() {
        return text.into_owned();
    }
    let said = parts.iter().filter_map(|part| Some(xml.value(&xml.attribute(node, part)?).into_owned()));
    said.collect::<Vec<_>>().join(": ")
}

/// The value alone; `None` where it is missing or empty.
fn value(xml: Xml<'_>, node: Node, fields: Fields) -> Option<String> {
    field(xml, node, fields).map(|found| found.id).filter(|text| !text.is_empty())
}

/// The reference to a task that `node` is; empty where its id is missing.
fn task_ref(xml: Xml<'_>, node: Node, id: Fields) -> Ref {
    let missing = || Ref { id: String::new(), span: xml.start_tag(node) };
    field(xml, node, id).unwrap_or_else(missing)
}

/// An empty value is shown by its quotes.
fn non_empty(span: Range<usize>) -> Range<usize> {
    if span.is_empty() { span.start.saturating_sub(1)..span.end + 1 } else { span }
}
