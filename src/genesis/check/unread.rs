//! What a task says it waits for in words that its form does not have: nobody reads them, and it would run too early.

use std::ops::Range;

use crate::genesis::form::{Field, Names};
use crate::genesis::tree::Node;
use crate::genesis::view::View;
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, Task, shown::shown};

/// How prerequisites are called, without capitals, `_` and `-`.
const MEANT: [&str; 12] = [
    "after",
    "blockedby",
    "dependency",
    "dependencies",
    "depends",
    "dependson",
    "needs",
    "prerequisite",
    "prerequisites",
    "require",
    "requires",
    "waitsfor",
];

pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let tasks = view.tasks.iter().zip(&view.elements);
    let written = tasks.filter_map(|(task, element)| Some((task, (*element)?)));
    written.flat_map(|(task, node)| unread(xml, names, task, node)).collect()
}

fn unread(xml: Xml<'_>, names: &'static Names, task: &Task, node: Node) -> Vec<Diagnostic> {
    let read = names.task.dependencies;
    let is_child = |name: &str| read.iter().any(|field| matches!(field, Field::Child(read) if *read == name));
    let is_attribute =
        |name: &str| read.iter().any(|field| matches!(field, Field::Attribute(read) if *read == name));
    let children = xml.children(node).map(|child| (xml.name(child), xml.start_tag(child)));
    let attributes =
        xml.attributes(node).map(|attribute| (xml.slice(attribute.name.clone()), attribute.name));
    let children = children.filter(|(name, _)| !is_child(name));
    let unread = children.chain(attributes.filter(|(name, _)| !is_attribute(name)));
    unread.filter(|(name, _)| is_meant(name)).map(|(name, span)| report(names, task, name, span)).collect()
}

fn is_meant(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    MEANT.contains(&plain.to_ascii_lowercase().as_str())
}

fn report(names: &Names, task: &Task, name: &str, span: Range<usize>) -> Diagnostic {
    let message = format!(
        "{} of task {} is not read: the task does not wait because of it",
        shown(name),
        shown(&task.id)
    );
    let problem = Diagnostic::new(Code::UnreadDependency, span, message);
    match names.task.dependencies.first() {
        Some(Field::Child(read)) => problem.help(format!("this form reads `<{read}>`")),
        Some(Field::Attribute(read)) => problem.help(format!("this form reads the attribute `{read}`")),
        Some(Field::Text) | None => problem.help("this form has dependencies in its graph only"),
    }
}
