//! The view after an edit: what the edit touched is read anew, everything else only moves.

use std::collections::HashSet;
use std::ops::Range;

use crate::genesis::form::{Names, Path};
use crate::genesis::patch::Patch;
use crate::genesis::shift::{Shift, moved};
use crate::genesis::tree::{Element, Node};
use crate::genesis::xml::Xml;
use crate::genesis::{Level, Ref, Status, Task};

use super::{Listed, View, lists, nodes, project, tasks};

/// An edit that was made: the document as it is now, and what became of its places.
#[derive(Clone, Copy)]
pub(in crate::genesis) struct Edited<'a> {
    pub(in crate::genesis) xml: Xml<'a>,
    pub(in crate::genesis) names: &'static Names,
    pub(in crate::genesis) patches: &'a [Patch],
    pub(in crate::genesis) shift: &'a Shift,
}

/// What a patch can have changed.
enum Touched {
    /// The task at that index.
    Task(usize),
    /// A status list of that status.
    List(Status),
    /// The project, or nothing that the view has.
    Elsewhere,
}

impl View {
    /// The view of the document as it is after the edit.
    pub(in crate::genesis) fn after(mut self, edited: Edited<'_>) -> View {
        match self.touched(edited) {
            Some(touched) if self.update(edited, &touched).is_some() => self,
            Some(_) | None => View::read(edited.xml, edited.names),
        }
    }

    /// What each patch touches; `None` if it can change which tasks, lists or levels there are.
    fn touched(&self, edited: Edited<'_>) -> Option<Vec<Touched>> {
        // Each task has an element, and an id of its own.
        let is_plain = self.elements.iter().all(Option::is_some) && self.by_id.len() == self.tasks.len();
        let patches = edited.patches.iter().enumerate();
        is_plain.then(|| patches.map(|(number, patch)| self.touched_by(edited, number, patch)).collect())?
    }

    fn touched_by(&self, edited: Edited<'_>, number: usize, patch: &Patch) -> Option<Touched> {
        let Edited { xml, names, .. } = edited;
        let parent = edited.renumbered(patch.parent);
        let way = way(xml, parent);
        if way.starts_with(names.task.path) {
            return Some(Touched::Task(self.task_around(patch.parent)?));
        }
        if names.task.path.split_last().is_some_and(|(_, around)| way == around) {
            return self.task_alone(edited, number, patch).map(Touched::Task);
        }
        let graph = names.levels.iter().map(|level| level.path).chain([names.nodes.path]);
        if graph.chain([names.task.path]).any(|path| !path.is_empty() && meets(&way, path)) {
            return None;
        }
        let Some(tracker) = names.tracker.paths.iter().find(|path| meets(&way, path)) else {
            return Some(Touched::Elsewhere);
        };
        let is_list = way.len() == tracker.len() + 1;
        is_list.then(|| names.lists.status(xml.name(parent)))?.map(Touched::List)
    }

    /// The task that the element `node` is part of, both as they were.
    fn task_around(&self, node: Node) -> Option<usize> {
        self.elements.partition_point(|element| element.is_some_and(|element| element <= node)).checked_sub(1)
    }

    /// The task that is all that there was in the patch, and is all that there is: its own tag has changed.
    fn task_alone(&self, edited: Edited<'_>, number: usize, patch: &Patch) -> Option<usize> {
        let Edited { xml, names, .. } = edited;
        let element = Some(Node(patch.nodes.start)).filter(|_| !patch.nodes.is_empty())?;
        let index = self.elements.binary_search(&Some(element)).ok()?;
        let was_alone =
            self.elements.get(index + 1).is_none_or(|next| next.is_none_or(|next| next.0 >= patch.nodes.end));
        let now = edited.now(element, number);
        let Element { after, foreign, .. } = *xml.tree.element(now);
        let is_alone = after == now.0 + patch.grown_to && !foreign;
        let is_task = names.task.path.last().is_some_and(|name| xml.name(now) == *name);
        (was_alone && is_alone && is_task).then_some(index)
    }

    fn update(&mut self, edited: Edited<'_>, touched: &[Touched]) -> Option<()> {
        let relisted = self.update_lists(edited, touched);
        self.renumber(edited);
        self.shift_levels(edited.shift);
        let again: HashSet<usize> = touched
            .iter()
            .filter_map(|touched| match touched {
                Touched::Task(index) => Some(*index),
                Touched::List(_) | Touched::Elsewhere => None,
            })
            .collect();
        for (index, task) in self.tasks.iter_mut().enumerate() {
            shift_task(task, edited.shift);
            if again.contains(&index) {
                reread(task, edited, self.elements.get(index).copied()??, &self.nodes)?;
            }
        }
        let decided = again.into_iter().chain(relisted.iter().filter_map(|id| self.by_id.get(id).copied()));
        for index in decided.collect::<Vec<_>>() {
            self.decide(index);
        }
        self.project = project::read(edited.xml, edited.names);
        Some(())
    }

    /// Reads the entries that are new, and drops those that are gone. Their ids.
    fn update_lists(&mut self, edited: Edited<'_>, touched: &[Touched]) -> Vec<String> {
        let mut ids = Vec::new();
        let mut kept = std::mem::take(&mut self.listed);
        let at = |listed: &[Listed], node: u32| listed.partition_point(|listed| listed.node.0 < node);
        for (number, (patch, touched)) in edited.patches.iter().zip(touched).enumerate().rev() {
            let behind = kept.split_off(at(&kept, patch.nodes.end));
            let gone = kept.split_off(at(&kept, patch.nodes.start));
            let new = match touched {
                Touched::List(status) => edited.entries(number, patch, *status),
                Touched::Task(_) | Touched::Elsewhere => Vec::new(),
            };
            ids.extend(gone.into_iter().chain(new.iter().cloned()).map(|listed| listed.reference.id));
            self.listed.splice(0..0, new.into_iter().chain(behind.into_iter().map(|old| edited.listed(old))));
        }
        self.listed.splice(0..0, kept.into_iter().map(|old| edited.listed(old)));
        ids
    }

    fn renumber(&mut self, edited: Edited<'_>) {
        let elements = self.elements.iter_mut().flatten();
        for node in elements.chain(self.nodes.iter_mut().map(|(_, node)| node)) {
            *node = edited.renumbered(*node);
        }
    }

    fn shift_levels(&mut self, shift: &Shift) {
        for Level { refs, span, .. } in &mut self.levels {
            *span = shift.span(span);
            for reference in refs {
                shift_ref(reference, shift);
            }
        }
    }

    fn decide(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        let entries = self.listed.iter().filter(|listed| listed.reference.id == task.id);
        task.status = tasks::decided(task, entries.map(|listed| listed.status).max());
    }
}

impl Edited<'_> {
    /// Where an element is that no patch replaced.
    fn renumbered(self, node: Node) -> Node {
        let before = self.patches.partition_point(|patch| patch.nodes.end <= node.0);
        self.now(node, before)
    }

    /// Where an element is that stands behind so many patches.
    fn now(self, node: Node, patches: usize) -> Node {
        let grown =
            |patch: &Patch| i64::from(patch.grown_to) - i64::from(patch.nodes.end - patch.nodes.start);
        let grown: i64 = self.patches.iter().take(patches).map(grown).sum();
        Node(u32::try_from(i64::from(node.0) + grown).unwrap_or(u32::MAX))
    }

    fn listed(self, old: Listed) -> Listed {
        let reference = Ref { span: self.shift.span(&old.reference.span), ..old.reference };
        Listed { node: self.renumbered(old.node), reference, ..old }
    }

    /// The entries in a patch of a list.
    fn entries(self, number: usize, patch: &Patch, list: Status) -> Vec<Listed> {
        let Edited { xml, names, .. } = self;
        let first = self.now(Node(patch.nodes.start), number).0;
        let parent = self.renumbered(patch.parent);
        let inside = (first..first + patch.grown_to).map(Node).filter(|node| {
            xml.parent(*node) == Some(parent)
                && xml.name(*node) == names.tracker.entry
                && !xml.tree.element(*node).foreign
        });
        inside.map(|node| lists::entry(xml, names, list, node)).collect()
    }
}

/// Reads the task anew. `None` if that changes what others know of it: its id, or what it waits for.
fn reread(task: &mut Task, edited: Edited<'_>, node: Node, nodes: &[(String, Node)]) -> Option<()> {
    let Edited { xml, names, .. } = edited;
    let mut now = tasks::read_task(xml, names, node);
    if let Some((_, node)) = nodes.iter().find(|(id, _)| *id == now.id) {
        nodes::complete(xml, names, &mut now, *node);
    }
    let is_same = (&now.id, &now.id_span, &now.dependencies) == (&task.id, &task.id_span, &task.dependencies);
    is_same.then(|| *task = now)
}

fn shift_task(task: &mut Task, shift: &Shift) {
    let even = shift.even_span(&task.span);
    let old = task.span.clone();
    // What a node of the graph says of a task stands elsewhere.
    let place = |span: &mut Range<usize>| match even {
        Some(by) if old.start <= span.start && span.end <= old.end => {
            *span = moved(span.start, by)..moved(span.end, by);
        }
        Some(_) | None => *span = shift.span(span),
    };
    place(&mut task.span);
    place(&mut task.id_span);
    let refs = task.agent.iter_mut().chain(&mut task.estimate);
    let refs = refs.chain(&mut task.dependencies).chain(&mut task.own_status);
    refs.for_each(|reference| place(&mut reference.span));
}

fn shift_ref(reference: &mut Ref, shift: &Shift) {
    reference.span = shift.span(&reference.span);
}

/// The names of the elements from below the root down to `node`.
fn way(xml: Xml<'_>, node: Node) -> Vec<&str> {
    let up = std::iter::successors(Some(node), |node| xml.parent(*node));
    let mut way: Vec<&str> = up.take_while(|node| *node != Xml::ROOT).map(|node| xml.name(node)).collect();
    way.reverse();
    way
}

/// Whether one of them leads through the place that the other leads to.
fn meets(way: &[&str], path: Path) -> bool {
    way.iter().zip(path).all(|(one, other)| one == other)
}
