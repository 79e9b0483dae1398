//! The status lists: each task stands in exactly one of them, once.

use crate::genesis::tree::Node;
use crate::genesis::view::{Listed, STATUS};
use crate::genesis::xml::Xml;
use crate::genesis::{Edit, Status, Task};

use super::Writer;
use super::element::New;

impl Writer<'_> {
    /// Moves the entry of `task` to the list of `to`. A task that is only referred to (`marked`)
    /// has no other place for a status that shares its list: its entry says it.
    pub(super) fn move_entry(&mut self, task: &Task, to: Status, marked: bool) {
        if self.xml.select(Xml::ROOT, self.names.tracker).is_empty() {
            return self.create_lists(task, to, marked);
        }
        let target = self.names.lists.of(to);
        let view = self.view;
        let entries: Vec<&Listed> =
            view.listed.iter().filter(|listed| listed.reference.id == task.id).collect();
        let stays = entries.iter().find(|entry| self.names.lists.of(entry.list) == target);
        let kept = stays.map(|entry| entry.node);
        for entry in entries.iter().filter(|entry| Some(entry.node) != kept) {
            self.remove(entry.node);
        }
        let mark = self.mark(to).filter(|_| marked);
        match kept {
            Some(node) if marked => {
                let splices = self.attribute(node, STATUS, mark);
                self.splices.extend(splices);
            }
            Some(_) => {}
            None => {
                let entry = entries.first().map(|entry| entry.node);
                let new = self.entry(task, entry, mark, marked);
                let path = [self.names.tracker, &[target, self.names.task_ref]].concat();
                self.append(Xml::ROOT, &[], &path, new);
            }
        }
    }

    /// The word that an entry needs where its list does not say the status.
    pub(super) fn mark(&self, status: Status) -> Option<&'static str> {
        let said_by_list = self.names.lists.all().into_iter().any(|(listed, _)| listed == status);
        (!said_by_list).then(|| (self.names.word)(status))
    }

    /// An entry as it stood elsewhere, or a new one.
    pub(super) fn entry(&self, task: &Task, old: Option<Node>, mark: Option<&str>, marked: bool) -> New {
        let Some(node) = old else {
            let new = New::empty(self.names.task_ref).field(self.names.ref_id, &task.id);
            return match mark {
                Some(mark) => new.field(&[crate::genesis::form::Field::Attribute(STATUS)], mark),
                None => new,
            };
        };
        let span = self.xml.span(node);
        let raw = self.xml.slice(span.clone());
        let mut splices = if marked { self.attribute(node, STATUS, mark) } else { Vec::new() };
        for splice in &mut splices {
            splice.range = splice.range.start - span.start..splice.range.end - span.start;
        }
        New::Moved(Edit::new(splices).splice(raw).unwrap_or_else(|_| raw.to_owned()))
    }

    /// A document without lists gets them with all tasks in them.
    fn create_lists(&mut self, changed: &Task, to: Status, marked: bool) {
        let entries: Vec<(&'static str, New)> = self
            .view
            .tasks
            .iter()
            .map(|task| {
                let status = if task.id == changed.id { to } else { task.status };
                let mark = self.mark(status).filter(|_| marked);
                (self.names.lists.of(status), self.entry(task, None, mark, marked))
            })
            .collect();
        let list = |(_, name): (Status, &'static str)| {
            let inside = entries.iter().filter(|(list, _)| *list == name);
            New::with(name, inside.map(|(_, new)| new.clone()).collect())
        };
        let lists = self.names.lists.all().map(list).to_vec();
        let [around @ .., name] = self.names.tracker else {
            return;
        };
        let path = [around, &[*name]].concat();
        self.append(Xml::ROOT, &[], &path, New::with(name, lists));
    }
}
