//! Who waits for whom, and the given levels.

use std::collections::HashSet;

use crate::genesis::form::{Fields, Names};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Edge, Level, Ref, Task};

use super::{field, task_ref};

/// The union of all places that say who waits for whom, in the order of the text.
pub(super) fn read(xml: Xml<'_>, names: &'static Names, tasks: &[Task]) -> Vec<Edge> {
    let declared = xml.select(Xml::ROOT, names.dependency).into_iter().map(|node| {
        let end = |fields| end(xml, node, fields);
        Edge { from: end(names.from), to: end(names.to) }
    });
    let mut edges: Vec<Edge> = declared.chain(tasks.iter().flat_map(own)).collect();
    edges.sort_by_key(|edge| edge.from.span.start);
    let mut seen = HashSet::new();
    edges.retain(|Edge { from, to }| seen.insert((from.id.clone(), to.id.clone())));
    edges
}

/// The given levels.
pub(super) fn levels(xml: Xml<'_>, names: &'static Names) -> Vec<Level> {
    let groups = xml.select(Xml::ROOT, names.level).into_iter();
    groups.zip(0_i64..).map(|(node, position)| level(xml, names, node, position)).collect()
}

fn end(xml: Xml<'_>, dependency: Node, fields: Fields) -> Ref {
    let missing = || Ref { id: String::new(), span: xml.start_tag(dependency) };
    field(xml, dependency, fields).unwrap_or_else(missing)
}

fn own(task: &Task) -> impl Iterator<Item = Edge> + '_ {
    task.dependencies
        .iter()
        .map(|from| Edge { from: from.clone(), to: Ref { id: task.id.clone(), span: task.id_span.clone() } })
}

fn level(xml: Xml<'_>, names: &'static Names, node: Node, position: i64) -> Level {
    let given = xml.attribute(node, names.level_number);
    let number = given.and_then(|number| xml.value(&number).trim().parse().ok());
    let refs = xml.named(node, names.task_ref).map(|node| task_ref(xml, node, names));
    Level { number: number.unwrap_or(position), refs: refs.collect(), span: xml.span(node) }
}
