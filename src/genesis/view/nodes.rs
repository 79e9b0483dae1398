//! The nodes of the graph: a second place for what is known of the tasks, and the only one for
//! tasks that are nowhere written out.

use std::collections::BTreeMap;

use crate::genesis::form::{Estimate, Names};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Level, Ref, Task};

use super::{field, in_place, task_ref, value};

/// All nodes that have an id, in the order of the text.
pub(super) fn read(xml: Xml<'_>, names: &'static Names) -> Vec<(String, Node)> {
    if names.nodes.path.is_empty() {
        return Vec::new();
    }
    let nodes = xml.select(Xml::ROOT, names.nodes.path).into_iter();
    nodes.filter_map(|node| Some((value(xml, node, names.nodes.id)?, node))).collect()
}

/// The levels that the nodes say they are on.
pub(super) fn levels(xml: Xml<'_>, names: &'static Names, nodes: &[(String, Node)]) -> Vec<Level> {
    let mut levels: BTreeMap<i64, Level> = BTreeMap::new();
    for (_, node) in nodes {
        let number = value(xml, *node, names.nodes.level).and_then(|number| number.trim().parse().ok());
        if let Some(number) = number {
            let empty = || Level { number, refs: Vec::new(), span: xml.span(*node) };
            levels.entry(number).or_insert_with(empty).refs.push(task_ref(xml, *node, names.nodes.id));
        }
    }
    levels.into_values().collect()
}

/// Fills in what the task itself leaves out.
pub(super) fn complete(xml: Xml<'_>, names: &'static Names, task: &mut Task, node: Node) {
    let names = &names.nodes;
    if task.name.is_empty() {
        task.name = value(xml, node, names.name).unwrap_or_default();
    }
    let agent = || field(xml, node, names.agent).filter(|agent| !agent.id.is_empty());
    task.agent = task.agent.take().or_else(agent);
    task.estimate = task.estimate.take().or_else(|| estimate(xml, node, names.estimate));
}

/// The first estimate that is there, with the unit that a bare number is in.
pub(super) fn estimate(xml: Xml<'_>, node: Node, places: &'static [Estimate]) -> Option<Ref> {
    places.iter().find_map(|place| {
        let mut found = in_place(xml, node, place.field).filter(|found| !found.id.is_empty())?;
        if let Some(unit) = place.unit.filter(|_| found.id.trim().parse::<f64>().is_ok()) {
            found.id = format!("{} {unit}", found.id.trim());
        }
        Some(found)
    })
}
