//! The status lists: each task stands in exactly one of them, once.

use crate::genesis::form::Field;
use crate::genesis::tree::Node;
use crate::genesis::view::{Listed, STATUS, all};
use crate::genesis::xml::Xml;
use crate::genesis::{Edit, Status, Task, Transition};

use super::Writer;
use super::element::New;
use super::task::result;

/// Attributes of an entry, each with its value, or none where it is to go.
pub(super) type Attributes<'a> = Vec<(&'static str, Option<&'a str>)>;

impl Writer<'_> {
    /// Moves the entry of `task` to the list of its new status. A task without an element
    /// (`marked`) has no other place for a status that shares its list: its entry says it.
    pub(super) fn move_entry(&mut self, task: &Task, transition: &Transition<'_>, marked: bool) {
        let trackers = all(self.xml, Xml::ROOT, self.names.tracker.paths);
        let view = self.view;
        let entries: Vec<&Listed> =
            view.listed.iter().filter(|listed| listed.reference.id == task.id).collect();
        let again = || self.say_a_status(&entries).then(|| self.own_word(transition.to));
        let word = if marked { self.mark(transition.to) } else { again() };
        let attributes = self.attributes(transition, word.as_deref());
        if trackers.is_empty() {
            if self.names.tracker.made || marked {
                self.create_lists(task, transition.to, &attributes, marked);
            }
            return;
        }
        let target = self.names.lists.of(transition.to);
        let stays = entries.iter().find(|entry| self.names.lists.of(entry.list) == target);
        let kept = stays.map(|entry| entry.node);
        for entry in entries.iter().filter(|entry| Some(entry.node) != kept) {
            self.remove(entry.node);
        }
        if let Some(node) = kept {
            let splices = self.set_attributes(node, &attributes);
            self.splices.extend(splices);
        } else {
            let new = self.entry(&task.id, entries.first().map(|entry| entry.node), &attributes);
            self.add_to_list(&trackers, transition.to, new);
        }
    }

    /// The list `target` to which entries are added: the last one of that name, in whatever spelling.
    pub(super) fn list(&self, trackers: &[Node], target: &str) -> Option<Node> {
        let lists = trackers.iter().flat_map(|tracker| self.xml.children(*tracker));
        let is_target = |list: &Node| {
            let list = self.names.lists.status(self.xml.name(*list));
            list.is_some_and(|list| self.names.lists.of(list) == target)
        };
        lists.filter(is_target).last()
    }

    pub(super) fn add_to_list(&mut self, trackers: &[Node], status: Status, new: New) {
        let (names, target) = (&self.names.tracker, self.names.lists.of(status));
        if let Some(list) = self.list(trackers, target) {
            // A list has no children but its entries.
            self.insert(list, &[], vec![(names.entry, new)]);
        } else if let Some(path) =
            names.paths.iter().rfind(|path| !self.xml.select(Xml::ROOT, path).is_empty())
        {
            self.append(Xml::ROOT, &[], &[path, &[target, names.entry][..]].concat(), new);
        }
    }

    /// What the entry says beside its id.
    pub(super) fn attributes<'a>(
        &self,
        transition: &'a Transition<'_>,
        word: Option<&'a str>,
    ) -> Attributes<'a> {
        let mut attributes = vec![(STATUS, word)];
        if let Some(name) = self.names.tracker.reason {
            let why = result(transition).map_or(transition.description, |result| result.summary.as_str());
            attributes.push((name, Some(why).filter(|_| transition.to == Status::Failed)));
        }
        attributes
    }

    pub(super) fn set_attributes(
        &self,
        node: Node,
        attributes: &Attributes<'_>,
    ) -> Vec<crate::genesis::Splice> {
        attributes.iter().flat_map(|(name, value)| self.attribute(node, name, *value)).collect()
    }

    /// Whether entries say a status beside their list, as those of some planners do. It has to follow, then.
    pub(super) fn say_a_status(&self, entries: &[&Listed]) -> bool {
        entries.iter().any(|entry| self.xml.attribute(entry.node, STATUS).is_some())
    }

    /// The word that an entry needs where its list does not say the status.
    pub(super) fn mark(&self, status: Status) -> Option<String> {
        let said_by_list = self.names.lists.all().into_iter().any(|(listed, _)| listed == status);
        (!said_by_list).then(|| self.own_word(status))
    }

    /// An entry as it stood elsewhere, or a new one.
    pub(super) fn entry(&self, id: &str, old: Option<Node>, attributes: &Attributes<'_>) -> New {
        let Some(node) = old else {
            let new = New::empty(self.names.tracker.entry).field(self.names.tracker.id, id);
            let said = attributes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
            return said.fold(new, |new, (name, value)| new.field(&[Field::Attribute(name)], value));
        };
        let span = self.xml.span(node);
        let raw = self.xml.slice(span.clone());
        let mut splices = self.set_attributes(node, attributes);
        for splice in &mut splices {
            splice.range = splice.range.start - span.start..splice.range.end - span.start;
        }
        New::Moved(Edit::new(splices).splice(raw).unwrap_or_else(|_| raw.to_owned()))
    }

    /// A document without lists gets them with all tasks in them.
    fn create_lists(&mut self, changed: &Task, to: Status, attributes: &Attributes<'_>, marked: bool) {
        let lists = self.names.lists.all().map(|(_, name)| {
            let status = |task: &Task| if task.id == changed.id { to } else { task.status };
            let inside = self.view.tasks.iter().filter(|task| self.names.lists.of(status(task)) == name);
            let entries = inside.map(|task| {
                if task.id == changed.id {
                    return self.entry(&task.id, None, attributes);
                }
                let word = self.mark(task.status).filter(|_| marked);
                self.entry(&task.id, None, &vec![(STATUS, word.as_deref())])
            });
            New::with(name, entries.collect())
        });
        let Some([around @ .., name]) = self.names.tracker.paths.first() else {
            return;
        };
        let path = [around, &[*name]].concat();
        self.append(Xml::ROOT, &[], &path, New::with(name, lists.to_vec()));
    }
}
