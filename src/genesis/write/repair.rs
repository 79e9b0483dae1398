//! Repair: whatever tells a task's status beside the place that decides is made to follow it.
//!
//! No status changes by it, nothing that a person wrote is lost: entries move as they are, entries that name no task stay, and so do
//! words that mean no status.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::genesis::counts::{Counts, agrees};
use crate::genesis::form::Names;
use crate::genesis::tree::Node;
use crate::genesis::view::{Listed, STATUS, View, all, in_place};
use crate::genesis::xml::Xml;
use crate::genesis::{Edit, Status, Task};

use super::Writer;
use super::element::New;
use super::layout;
use super::lists::Attributes;

/// The edit that makes all places agree; empty if they do.
pub(in crate::genesis) fn repair(xml: Xml<'_>, names: &'static Names, view: &View) -> Edit {
    let mut writer = Writer::new(xml, names, view);
    // Found once: how a file words a status may have to be looked for in every task.
    let words = Status::ALL.into_iter().map(|status| (status, writer.own_word(status))).collect();
    writer.follow_in_tasks(&words);
    let trackers = all(xml, Xml::ROOT, names.tracker.paths);
    if !trackers.is_empty() {
        writer.follow_in_lists(&trackers, &words);
    }
    writer.correct_counters();
    Edit::new(writer.splices)
}

/// How this file words each status.
type Words = BTreeMap<Status, String>;

/// What is to be done in the lists.
#[derive(Default)]
struct Moves {
    /// Entries that go.
    gone: HashSet<Node>,
    /// What comes, by the name of the list.
    come: HashMap<&'static str, Vec<New>>,
}

impl Writer<'_> {
    fn follow_in_tasks(&mut self, words: &Words) {
        let mut seen = HashSet::new();
        for (task, element) in self.view.tasks.iter().zip(&self.view.elements) {
            let Some(node) = element.filter(|_| seen.insert(&task.id)) else { continue };
            for place in self.names.task.status {
                let said = in_place(self.xml, node, *place).and_then(|said| Status::from_word(&said.id));
                if let Some(word) =
                    words.get(&task.status).filter(|_| said.is_some_and(|said| said != task.status))
                {
                    self.set_field(node, *place, word);
                }
            }
        }
    }

    fn follow_in_lists(&mut self, trackers: &[Node], words: &Words) {
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
                let attributes = self.attributes_of_entry(task, element.is_none(), entries, words);
                self.list_once(task, &attributes, entries, &mut moves);
            }
        }
        self.make_moves(trackers, moves);
    }

    /// What the entry of a task says beside its id. Where no event tells the status, that is whatever its list does not, else a status only
    /// if it says one already; and why it failed is said of nothing else.
    fn attributes_of_entry<'w>(
        &self,
        task: &Task,
        is_only_referred_to: bool,
        entries: &[&Listed],
        words: &'w Words,
    ) -> Attributes<'w> {
        let has_no_event = is_only_referred_to || task.last_status.is_none();
        let is_said_by_list = self.names.lists.all().iter().any(|(listed, _)| *listed == task.status);
        let is_to_be_said = if has_no_event { !is_said_by_list } else { self.say_a_status(entries) };
        let word = words.get(&task.status).filter(|_| is_to_be_said);
        let mut attributes = vec![(STATUS, word.map(String::as_str))];
        let reason = self.names.tracker.reason.filter(|_| task.status != Status::Failed);
        attributes.extend(reason.map(|name| (name, None)));
        attributes
    }

    /// One entry in the right list stays, and becomes the only one; where there is none, one comes.
    fn list_once(
        &mut self,
        task: &Task,
        attributes: &Attributes<'_>,
        entries: &[&Listed],
        moves: &mut Moves,
    ) {
        let lists = &self.names.lists;
        let target = lists.of(task.status);
        let is_right = |entry: &&&Listed| lists.of(entry.list) == target;
        if let [only] = entries
            && is_right(&only)
        {
            return;
        }
        let kept = entries.iter().find(is_right).map(|entry| entry.node);
        moves.gone.extend(entries.iter().map(|entry| entry.node).filter(|node| Some(*node) != kept));
        if let Some(node) = kept {
            let splices = self.set_attributes(node, attributes);
            self.splices.extend(splices);
        } else {
            let new = self.entry(&task.id, entries.first().map(|entry| entry.node), attributes);
            moves.come.entry(target).or_default().push(new);
        }
    }

    fn make_moves(&mut self, trackers: &[Node], Moves { mut gone, mut come }: Moves) {
        let mut missing = Vec::new();
        for (_, name) in self.names.lists.all() {
            let Some(new) = come.remove(name) else { continue };
            match self.list(trackers, name) {
                Some(list) => self.add_to_list_together(list, &new, &mut gone),
                None => missing.push((name, New::with(name, new))),
            }
        }
        let is_there = |path: &&&[&'static str]| !self.xml.select(Xml::ROOT, path).is_empty();
        if let Some(path) = self.names.tracker.paths.iter().rfind(is_there)
            && let Some(tracker) = self.xml.select(Xml::ROOT, path).pop()
        {
            self.insert(tracker, path, missing);
        }
        let mut gone: Vec<Node> = gone.into_iter().collect();
        gone.sort_unstable();
        for node in gone {
            self.remove(node);
        }
    }

    /// Behind the last entry; in its place, if that one goes.
    fn add_to_list_together(&mut self, list: Node, new: &[New], gone: &mut HashSet<Node>) {
        let entry = self.names.tracker.entry;
        let nearest = self.xml.named(list, entry).last();
        match nearest.filter(|nearest| gone.remove(nearest)) {
            Some(nearest) => self.put_in_place(nearest, new),
            // A list has no children but its entries.
            None => self.insert_many(list, &[], entry, new),
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
        let progress = all(self.xml, Xml::ROOT, self.names.progress);
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
