//! Repair: whatever tells a task's status beside the place that decides is made to follow it.
//!
//! No status changes by it, nothing that a person wrote is lost: entries move as they are, entries that name no task stay, and so do
//! words that mean no status.

use std::collections::{HashMap, HashSet};

use crate::genesis::counts::{Counts, agrees};
use crate::genesis::form::Names;
use crate::genesis::tree::Node;
use crate::genesis::view::{Listed, STATUS, View};
use crate::genesis::xml::Xml;
use crate::genesis::{Edit, Status, Task};

use super::Writer;
use super::element::New;
use super::layout;

/// The edit that makes all places agree; empty if they do.
pub(in crate::genesis) fn repair(xml: Xml<'_>, names: &'static Names, view: &View) -> Edit {
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    writer.follow_in_tasks();
    if !xml.select(Xml::ROOT, names.tracker).is_empty() {
        writer.follow_in_lists();
    }
    writer.correct_counters();
    Edit::new(writer.splices)
}

/// What is to be done in the lists.
#[derive(Default)]
struct Moves {
    /// Entries that go.
    gone: HashSet<Node>,
    /// What comes, by the name of the list.
    come: HashMap<&'static str, Vec<New>>,
}

impl Writer<'_> {
    fn follow_in_tasks(&mut self) {
        let mut seen = HashSet::new();
        for (task, element) in self.view.tasks.iter().zip(&self.view.elements) {
            let Some(node) = element.filter(|_| seen.insert(&task.id)) else { continue };
            let said = crate::genesis::view::field(self.xml, node, self.names.task.status);
            let says_another =
                said.and_then(|said| Status::from_word(&said.id)).is_some_and(|said| said != task.status);
            if says_another {
                self.set_field(node, self.names.task.status, (self.names.word)(task.status));
            }
        }
    }

    fn follow_in_lists(&mut self) {
        let view = self.view;
        let mut entries: HashMap<&str, Vec<&Listed>> = HashMap::new();
        for listed in &view.listed {
            entries.entry(&listed.reference.id).or_default().push(listed);
        }
        let mut moves = Moves::default();
        let mut seen = HashSet::new();
        for (task, element) in view.tasks.iter().zip(&view.elements) {
            if !task.id.is_empty() && seen.insert(&task.id) {
                let entries = entries.get(task.id.as_str()).map_or(&[][..], Vec::as_slice);
                self.list_once(task, element.is_none(), entries, &mut moves);
            }
        }
        self.make_moves(moves);
    }

    /// One entry in the right list stays, and becomes the only one; where there is none, one comes.
    fn list_once(&mut self, task: &Task, is_only_referred_to: bool, entries: &[&Listed], moves: &mut Moves) {
        let lists = &self.names.lists;
        let target = lists.of(task.status);
        let is_right = |entry: &&&Listed| lists.of(entry.list) == target;
        if let [only] = entries
            && is_right(&only)
        {
            return;
        }
        // Where no event tells the status, the entry has to tell what its list does not.
        let decides = is_only_referred_to || task.history.iter().all(|event| event.status.is_none());
        let mark = self.mark(task.status).filter(|_| decides);
        let kept = entries.iter().find(is_right).map(|entry| entry.node);
        moves.gone.extend(entries.iter().map(|entry| entry.node).filter(|node| Some(*node) != kept));
        if let Some(node) = kept {
            let splices = if decides { self.attribute(node, STATUS, mark) } else { Vec::new() };
            self.splices.extend(splices);
        } else {
            let new = self.entry(task, entries.first().map(|entry| entry.node), mark, decides);
            moves.come.entry(target).or_default().push(new);
        }
    }

    fn make_moves(&mut self, Moves { mut gone, mut come }: Moves) {
        let Some(tracker) = self.xml.select(Xml::ROOT, self.names.tracker).pop() else { return };
        let mut missing = Vec::new();
        for (_, name) in self.names.lists.all() {
            let Some(new) = come.remove(name) else { continue };
            match self.xml.named(tracker, name).last() {
                Some(list) => self.add_to_list(list, name, new, &mut gone),
                None => missing.push((name, New::with(name, new))),
            }
        }
        self.insert(tracker, self.names.tracker, missing);
        let mut gone: Vec<Node> = gone.into_iter().collect();
        gone.sort_unstable();
        for node in gone {
            self.remove(node);
        }
    }

    /// Behind the last entry; in its place, if that one goes.
    fn add_to_list(&mut self, list: Node, name: &'static str, new: Vec<New>, gone: &mut HashSet<Node>) {
        let last = self.xml.named(list, self.names.task_ref).last();
        match last.filter(|last| gone.remove(last)) {
            Some(last) => self.put_in_place(last, &new),
            None => {
                let path = [self.names.tracker, &[name]].concat();
                let new = new.into_iter().map(|new| (self.names.task_ref, new)).collect();
                self.insert(list, &path, new);
            }
        }
    }

    fn put_in_place(&mut self, node: Node, new: &[New]) {
        let span = self.xml.span(node);
        let text = match layout::own_line(self.xml, span.start) {
            Some(line) => {
                let style = layout::block(line, "");
                let separator = format!("{}{}", line.newline, line.indent);
                new.iter().map(|new| new.written(&style)).collect::<Vec<_>>().join(&separator)
            }
            None => new.iter().map(|new| new.written(&layout::flat(self.xml))).collect(),
        };
        self.splice(span, text);
    }

    fn correct_counters(&mut self) {
        let progress = self.xml.select(Xml::ROOT, self.names.progress);
        let counts = Counts::of(&self.view.tasks, None);
        for (name, count) in counts.counters(self.names) {
            let counter = progress.first().and_then(|progress| self.xml.child(*progress, name));
            if let Some(counter) = counter
                && !agrees(self.names, name, &self.xml.text(counter), &count)
            {
                self.set_text(counter, &count);
            }
        }
    }
}
