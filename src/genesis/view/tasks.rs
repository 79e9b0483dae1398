//! The tasks, and which status each has.

use std::collections::{HashMap, HashSet};

use crate::genesis::form::{Names, ResultNames, TaskNames};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Event, Level, Ref, Status, Task, TaskResult};

use super::{Listed, field, ids, value};

/// The status that the lists give each task.
type ByList<'a> = HashMap<&'a str, Status>;

/// The tasks in the order of the text, each with its element if it has one.
pub(super) fn read(
    xml: Xml<'_>,
    names: &'static Names,
    listed: &[Listed],
    levels: &[Level],
) -> (Vec<Task>, Vec<Option<Node>>) {
    let by_list = by_list(listed);
    let nodes = xml.select(Xml::ROOT, names.task.path);
    let mut tasks: Vec<Task> = nodes.iter().map(|node| task(xml, &names.task, &by_list, *node)).collect();
    if names.refs_are_tasks {
        let referred = referred(listed, levels);
        tasks.extend(referred.into_iter().map(|reference| named_only(reference, &by_list)));
    }
    let mut elements: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    elements.resize(tasks.len(), None);
    (tasks, elements)
}

/// Where a task stands in two lists, an editor stopped half-way between adding the new entry and
/// removing the old one: the status that is further on in a task's life is the newer one.
fn by_list(listed: &[Listed]) -> ByList<'_> {
    let mut by_list = ByList::new();
    for Listed { reference, status, .. } in listed {
        let known = by_list.entry(&reference.id).or_insert(*status);
        *known = (*known).max(*status);
    }
    by_list
}

fn task(xml: Xml<'_>, names: &'static TaskNames, by_list: &ByList<'_>, node: Node) -> Task {
    let missing = || Ref { id: String::new(), span: xml.start_tag(node) };
    let Ref { id, span: id_span } =
        field(xml, node, &[super::Field::Attribute(names.id)]).unwrap_or_else(missing);
    let history: Vec<Event> =
        xml.select(node, names.event).into_iter().map(|event| read_event(xml, names, event)).collect();
    let own = || value(xml, node, names.status).and_then(|word| Status::from_word(&word));
    let last = history.iter().rev().find_map(|event| event.status);
    let status = last.or_else(|| by_list.get(id.as_str()).copied()).or_else(own);
    let present = |fields| field(xml, node, fields).filter(|found| !found.id.is_empty());
    Task {
        id_span,
        span: xml.span(node),
        name: value(xml, node, names.name).unwrap_or_default(),
        description: value(xml, node, names.description).unwrap_or_default(),
        agent: present(names.agent),
        estimate: present(names.estimate),
        acceptance: texts(xml, node, names.acceptance),
        dependencies: dependencies(xml, names, node),
        status: status.unwrap_or(Status::Pending),
        result: xml.child(node, names.result.element).map(|node| result(xml, &names.result, node)),
        history,
        id,
    }
}

fn dependencies(xml: Xml<'_>, names: &TaskNames, node: Node) -> Vec<Ref> {
    xml.named(node, names.dependencies).flat_map(|list| ids::read(xml, list)).collect()
}

fn read_event(xml: Xml<'_>, names: &'static TaskNames, node: Node) -> Event {
    let word = value(xml, node, names.event_status).unwrap_or_default();
    Event {
        timestamp: value(xml, node, names.event_time),
        status: Status::from_word(&word),
        word,
        description: value(xml, node, names.event_description),
        actor: value(xml, node, names.event_actor),
        span: xml.span(node),
    }
}

fn result(xml: Xml<'_>, names: &'static ResultNames, node: Node) -> TaskResult {
    let text = |name| xml.child(node, name).map(|child| xml.text(child).into_owned());
    TaskResult {
        summary: text(names.summary).unwrap_or_default(),
        deliverables: texts(xml, node, names.deliverable),
        notes: text(names.notes).filter(|notes| !notes.is_empty()),
    }
}

fn texts(xml: Xml<'_>, node: Node, path: &[&'static str]) -> Vec<String> {
    xml.select(node, path).into_iter().map(|node| xml.text(node).into_owned()).collect()
}

/// Every task that is referred to, once, where it is first.
fn referred<'a>(listed: &'a [Listed], levels: &'a [Level]) -> Vec<&'a Ref> {
    let in_levels = levels.iter().flat_map(|level| &level.refs);
    let in_lists = listed.iter().map(|listed| &listed.reference);
    let mut refs: Vec<&Ref> =
        in_levels.chain(in_lists).filter(|reference| !reference.id.is_empty()).collect();
    refs.sort_by_key(|reference| reference.span.start);
    let mut seen = HashSet::new();
    refs.retain(|reference| seen.insert(&reference.id));
    refs
}

fn named_only(reference: &Ref, by_list: &ByList<'_>) -> Task {
    Task {
        id: reference.id.clone(),
        id_span: reference.span.clone(),
        span: reference.span.clone(),
        name: reference.id.clone(),
        description: String::new(),
        agent: None,
        estimate: None,
        acceptance: Vec::new(),
        dependencies: Vec::new(),
        status: by_list.get(reference.id.as_str()).copied().unwrap_or(Status::Pending),
        history: Vec::new(),
        result: None,
    }
}
