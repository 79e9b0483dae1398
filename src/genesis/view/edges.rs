//! Who waits for whom, and the given levels.

use foldhash::{HashSet, HashSetExt};

use crate::genesis::form::{Fields, LevelNames, Names};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Edge, Level, Ref, Task};

use super::{all, field, nodes, task_ref, value};

/// The union of all places that say who waits for whom, in the order of the text.
pub(super) fn read(xml: Xml<'_>, names: &'static Names, tasks: &[Task]) -> Vec<Edge> {
    let declared = names.edges.iter().flat_map(|edge| {
        let ends = |node| Edge { from: end(xml, node, edge.from), to: end(xml, node, edge.to) };
        xml.select(Xml::ROOT, edge.path).into_iter().map(ends)
    });
    let mut edges: Vec<Edge> = declared.chain(tasks.iter().flat_map(own)).collect();
    edges.sort_by_key(|edge| edge.from.span.start);
    let mut seen = HashSet::with_capacity(edges.len());
    let first: Vec<bool> = edges.iter().map(|Edge { from, to }| seen.insert((&from.id, &to.id))).collect();
    let mut first = first.into_iter();
    edges.retain(|_| first.next().unwrap_or(true));
    edges
}

/// The given levels; in a document that has none, those of its nodes.
pub(super) fn levels(xml: Xml<'_>, names: &'static Names, nodes: &[(String, Node)]) -> Vec<Level> {
    let given = names.levels.iter().flat_map(|level| {
        let groups = xml.select(Xml::ROOT, level.path).into_iter();
        groups.zip(0_i64..).map(|(node, position)| read_level(xml, level, node, position))
    });
    let given: Vec<Level> = given.collect();
    if given.is_empty() { nodes::levels(xml, names, nodes) } else { given }
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

fn read_level(xml: Xml<'_>, names: &'static LevelNames, node: Node, position: i64) -> Level {
    let given = value(xml, node, names.number);
    let number = given.and_then(|number| number.trim().parse().ok());
    let refs = all(xml, node, names.refs).into_iter().map(|node| task_ref(xml, node, names.id));
    Level { number: number.unwrap_or(position), refs: refs.collect(), span: xml.span(node) }
}
