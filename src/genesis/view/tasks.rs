//! The tasks, and which status each has.

use std::collections::hash_map::Entry;
use std::thread::Builder;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::genesis::form::{Field, Names, Part, ResultNames, TaskNames};
use crate::genesis::tree::Node;
use crate::genesis::xml::Xml;
use crate::genesis::{Details, Event, Level, Ref, Status, Task, TaskResult};

use super::{Listed, all, field, ids, in_place, nodes, texts, value};

/// The status that the lists give each task.
type ByList<'a> = HashMap<&'a str, Status>;

/// The tasks in the order of the text, each with its element if it has one.
pub(super) fn read(
    xml: Xml<'_>,
    names: &'static Names,
    listed: &[Listed],
    levels: &[Level],
    nodes: &[(String, Node)],
) -> (Vec<Task>, Vec<Option<Node>>) {
    let by_list = by_list(listed);
    let written = xml.select(Xml::ROOT, names.task.path);
    let mut tasks = read_tasks(xml, names, &written);
    let mut elements: Vec<Option<Node>> = written.into_iter().map(Some).collect();
    let by_node = add_nodes(xml, names, (&mut tasks, &mut elements), nodes);
    if names.refs_are_tasks && tasks.is_empty() {
        tasks.extend(referred(listed, levels).into_iter().map(named_only));
        elements.resize(tasks.len(), None);
    }
    for task in &mut tasks {
        if let Some(node) = by_node.get(task.id.as_str()) {
            nodes::complete(xml, names, task, *node);
        }
        task.status = decided(task, by_list.get(task.id.as_str()).copied());
    }
    (tasks, elements)
}

/// So many tasks are worth a thread.
const PER_THREAD: usize = 2_000;
/// More than these would wait for the memory.
const THREADS: usize = 4;

/// Reads each task from its element. Most of the time that a plan's view takes goes here, and no task needs another: a large plan is shared
/// among the cores.
fn read_tasks(xml: Xml<'_>, names: &'static Names, nodes: &[Node]) -> Vec<Task> {
    // To ask how many cores there are takes longer than a thread too many.
    let threads = (nodes.len() / PER_THREAD).clamp(1, THREADS);
    let share =
        |nodes: &[Node]| -> Vec<Task> { nodes.iter().map(|node| read_task(xml, names, *node)).collect() };
    if threads == 1 {
        return share(nodes);
    }
    std::thread::scope(|scope| {
        let mut shares = nodes.chunks(nodes.len().div_ceil(threads));
        let own = shares.next().unwrap_or_default();
        let spawn = |nodes| (nodes, Builder::new().spawn_scoped(scope, move || share(nodes)).ok());
        let others: Vec<_> = shares.map(spawn).collect();
        let mut tasks = share(own);
        for (nodes, other) in others {
            // What no thread could be had for, or none came back from, is read here.
            tasks.extend(other.and_then(|other| other.join().ok()).unwrap_or_else(|| share(nodes)));
        }
        tasks
    })
}

/// Reads one task from its element alone: what other places say of it is not in it, and its
/// status is not decided yet.
pub(super) fn read_task(xml: Xml<'_>, names: &'static Names, node: Node) -> Task {
    let names = &names.task;
    let missing = || Ref { id: String::new(), span: xml.start_tag(node) };
    let Ref { id, span: id_span } = in_place(xml, node, Field::Attribute(names.id)).unwrap_or_else(missing);
    let events = all(xml, node, names.event.paths).into_iter();
    Task {
        id_span,
        span: xml.span(node),
        name: value(xml, node, names.name).unwrap_or_default(),
        agent: field(xml, node, names.agent).filter(|agent| !agent.id.is_empty()),
        estimate: nodes::estimate(xml, node, names.estimate),
        dependencies: dependencies(xml, names, node),
        status: Status::Pending,
        own_status: names.status.iter().filter_map(|place| in_place(xml, node, *place)).collect(),
        last_status: events.rev().find_map(|event| Status::from_word(&word(xml, names, event))),
        id,
    }
}

/// What the task's element says at length.
pub(super) fn read_details(xml: Xml<'_>, names: &'static Names, node: Node) -> Details {
    let names = &names.task;
    let events = all(xml, node, names.event.paths).into_iter();
    Details {
        description: value(xml, node, names.description).unwrap_or_default(),
        acceptance: texts(xml, node, &names.acceptance),
        history: events.map(|event| read_event(xml, names, event)).collect(),
        result: xml.child(node, names.result.element).and_then(|node| result(xml, &names.result, node)),
    }
}

/// The status of a task: what the last event says whose word is a status, else the list that it
/// stands in, else what it says itself.
pub(super) fn decided(task: &Task, listed: Option<Status>) -> Status {
    let own = || task.own_status.iter().find_map(|word| Status::from_word(&word.id));
    task.last_status.or(listed).or_else(own).unwrap_or(Status::Pending)
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

/// Adds the tasks that only the graph has. Gives back the first node of each task.
fn add_nodes<'a>(
    xml: Xml<'_>,
    names: &'static Names,
    (tasks, elements): (&mut Vec<Task>, &mut Vec<Option<Node>>),
    nodes: &'a [(String, Node)],
) -> HashMap<&'a str, Node> {
    let mut by_node = HashMap::with_capacity(nodes.len());
    if nodes.is_empty() {
        return by_node;
    }
    let written: HashSet<String> = tasks.iter().map(|task| task.id.clone()).collect();
    let mut found: Vec<_> = std::mem::take(tasks).into_iter().zip(std::mem::take(elements)).collect();
    for (id, node) in nodes {
        let Entry::Vacant(vacant) = by_node.entry(id.as_str()) else { continue };
        vacant.insert(*node);
        if !written.contains(id) {
            let reference = super::task_ref(xml, *node, names.nodes.id);
            found.push((Task { name: String::new(), ..named_only(&reference) }, None));
        }
    }
    found.sort_by_key(|(task, _)| task.span.start);
    (*tasks, *elements) = found.into_iter().unzip();
    by_node
}

fn dependencies(xml: Xml<'_>, names: &TaskNames, node: Node) -> Vec<Ref> {
    let of = |place: &Field| match place {
        Field::Child(name) => xml.named(node, name).flat_map(|list| ids::read(xml, list)).collect(),
        Field::Attribute(name) => {
            xml.attribute(node, name).map_or_else(Vec::new, |ids| ids::value(xml, &ids))
        }
        Field::Text => Vec::new(),
    };
    names.dependencies.iter().flat_map(of).collect()
}

/// Of several words the one that is a status counts: some events say their kind and their status.
fn word(xml: Xml<'_>, names: &'static TaskNames, event: Node) -> String {
    let places = names.event.of(Part::Status).iter();
    let mut words = places.filter_map(|place| Some(in_place(xml, event, *place)?.id));
    let Some(first) = words.next() else { return String::new() };
    let is_status = |word: &String| Status::from_word(word).is_some();
    if is_status(&first) { first } else { words.find(is_status).unwrap_or(first) }
}

/// The last event of the task that `node` is.
pub(in crate::genesis) fn last_event(xml: Xml<'_>, names: &'static Names, node: Node) -> Option<Event> {
    let events = all(xml, node, names.task.event.paths);
    events.last().map(|event| read_event(xml, &names.task, *event))
}

/// The event that decides which status the task has that `node` is.
pub(in crate::genesis) fn deciding_event(xml: Xml<'_>, names: &'static Names, node: Node) -> Option<Node> {
    let events = all(xml, node, names.task.event.paths).into_iter();
    events.rev().find(|event| Status::from_word(&word(xml, &names.task, *event)).is_some())
}

/// The words of the events of the task that `node` is.
pub(in crate::genesis) fn event_words<'a>(
    xml: Xml<'a>,
    names: &'static Names,
    node: Node,
) -> impl Iterator<Item = String> + use<'a> {
    let events = all(xml, node, names.task.event.paths).into_iter();
    events.map(move |event| word(xml, &names.task, event))
}

fn read_event(xml: Xml<'_>, names: &'static TaskNames, node: Node) -> Event {
    let part = |part| value(xml, node, names.event.of(part));
    let word = word(xml, names, node);
    Event {
        timestamp: part(Part::Time),
        status: Status::from_word(&word),
        word,
        description: part(Part::Description),
        actor: part(Part::Actor),
        span: xml.span(node),
    }
}

/// An element that says nothing is a place for a result, and none.
fn result(xml: Xml<'_>, names: &'static ResultNames, node: Node) -> Option<TaskResult> {
    let result = TaskResult {
        summary: value(xml, node, names.summary).unwrap_or_default(),
        deliverables: texts(xml, node, &names.deliverables),
        notes: value(xml, node, names.notes),
    };
    (result != TaskResult::default() || xml.children(node).next().is_some()).then_some(result)
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

fn named_only(reference: &Ref) -> Task {
    Task {
        id: reference.id.clone(),
        id_span: reference.span.clone(),
        span: reference.span.clone(),
        name: reference.id.clone(),
        agent: None,
        estimate: None,
        dependencies: Vec::new(),
        status: Status::Pending,
        own_status: Vec::new(),
        last_status: None,
    }
}
