//! Many transitions as one edit: each is written for the document as it is, so that no edit in between has to be read again.

mod apart;
mod changed;
mod log;

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;

use crate::genesis::counts::Counts;
use crate::genesis::tree::Node;
use crate::genesis::view::{Listed, all};
use crate::genesis::xml::Xml;
use crate::genesis::{Edit, EditError, Genesis, ProjectStatus, Splice, Status, Task, Transition};

use self::apart::{Piece, apart};
use self::changed::Changed;
use self::log::Log;
use super::Writer;
use super::element::New;
use super::insert::Place;
use super::transition::written;
use super::words::Words;

/// Transitions of one document, to be written together; more can be added as they happen.
///
/// It belongs to the very document that it was begun for, which stays as it is meanwhile. Of a large plan it comes to have nearly all tasks:
/// of one that is completed it keeps no more than what is written.
#[derive(Debug)]
pub struct Batch {
    words: Words,
    lists: [Option<(Node, Place)>; 6],
    has_lists: bool,
    log: Option<Log>,
    /// The places of the status lists' entries, by the ids of their tasks.
    entries: Vec<u32>,
    /// By the task's place in the document.
    tasks: BTreeMap<usize, Changed>,
    counts: Counts,
    project: Option<ProjectStatus>,
    last: Option<Timestamp>,
    count: usize,
}

impl Batch {
    /// A batch for `genesis`; nothing, if each transition would have to make places that others share.
    pub(in crate::genesis) fn begin(genesis: &Genesis) -> Option<Batch> {
        let writer = Writer::of(genesis);
        let trackers = all(writer.xml, Xml::ROOT, writer.names.tracker.paths);
        if trackers.is_empty() && writer.names.tracker.made {
            return None;
        }
        let list = |status| {
            let list = writer.list(&trackers, writer.names.lists.of(status))?;
            Some((list, writer.place(list, &[], writer.names.tracker.entry)))
        };
        let lists = Status::ALL.map(list);
        let log = match writer.log(writer.names.audit.paths, writer.names.audit.made) {
            Some(path) => Some(Log::at(&writer, path)?),
            None => None,
        };
        let listed = &writer.view.listed;
        let mut entries: Vec<u32> = (0..u32::try_from(listed.len()).ok()?).collect();
        entries.sort_by_key(|entry| listed.get(*entry as usize).map(|listed| &listed.reference.id));
        Some(Batch {
            words: writer.all_words(),
            lists,
            has_lists: !trackers.is_empty(),
            log,
            entries,
            tasks: BTreeMap::new(),
            counts: Counts::of(genesis.tasks(), None),
            project: genesis.project().status,
            last: None,
            count: 0,
        })
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// How many transitions it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The status of a task with all that was added; nothing, if that did not change it.
    pub fn status(&self, genesis: &Genesis, task: &str) -> Option<Status> {
        self.changed(genesis.view().find(task)?)
    }

    /// Adds a transition; false, if it can't be written in a batch. One to the status that the task has already changes nothing.
    ///
    /// # Errors
    /// If there is no such task.
    pub fn add(&mut self, genesis: &Genesis, transition: &Transition<'_>) -> Result<bool, EditError> {
        let unknown = || EditError::UnknownTask(transition.task.to_owned());
        let index = genesis.view().find(transition.task).ok_or_else(unknown)?;
        let (task, node) = genesis.view().task(transition.task).ok_or_else(unknown)?;
        let Some(node) = node else { return Ok(false) };
        let before = self.changed(index).unwrap_or(task.status);
        if before == transition.to {
            return Ok(true);
        }
        let is_listed = !self.has_lists || self.has_list(transition.to);
        if !is_listed || self.tasks.get(&index).is_some_and(Changed::is_done) {
            return Ok(false);
        }
        self.count += 1;
        self.note(before, transition);
        self.tasks.entry(index).or_insert_with(|| Changed::new(before)).add(transition);
        self.write_task(genesis, index, task, node);
        if let Some(log) = &mut self.log {
            log.add(genesis, transition);
        }
        Ok(true)
    }

    /// One that is missing has to be made first.
    fn has_list(&self, status: Status) -> bool {
        let mut lists = Status::ALL.into_iter().zip(&self.lists);
        lists.any(|(of, list)| of == status && list.is_some())
    }

    fn changed(&self, index: usize) -> Option<Status> {
        self.tasks.get(&index).map(Changed::status)
    }

    fn note(&mut self, before: Status, transition: &Transition<'_>) {
        self.counts = self.counts.moved(before, transition.to);
        self.project = self.counts.project_after(transition.to, self.project);
        self.last = self.last.max(Some(transition.at));
    }

    /// All that the task's steps make of its element and its entry, together.
    fn write_task(&mut self, genesis: &Genesis, index: usize, task: &Task, node: Node) {
        let mut writer = Writer { words: Some(&self.words), ..Writer::of(genesis) };
        let Some(changed) = self.tasks.get(&index) else { return };
        let steps = changed.steps(&task.id);
        writer.change_task(node, &steps);
        let mut entry = None;
        if let Some(last) = steps.last().filter(|_| self.has_lists) {
            let entries: Vec<_> = self.entries_of(genesis, &task.id).collect();
            entry = writer.leave_list(task, last, &entries);
        }
        let splices = writer.splices;
        if let Some(changed) = self.tasks.get_mut(&index) {
            changed.write(splices, entry, self.count);
        }
    }

    fn entries_of<'g>(&self, genesis: &'g Genesis, id: &str) -> impl Iterator<Item = &'g Listed> {
        let listed = &genesis.view().listed;
        let id_of = |entry: u32| listed.get(entry as usize).map_or("", |listed| listed.reference.id.as_str());
        let from = self.entries.partition_point(|entry| id_of(*entry) < id);
        let to = self.entries.partition_point(|entry| id_of(*entry) <= id);
        let found = self.entries.get(from..to).unwrap_or_default().to_vec();
        found.into_iter().filter_map(|entry| listed.get(entry as usize))
    }

    /// All of it as one edit; nothing, if parts of it get in each other's way.
    pub fn edit(&self, genesis: &Genesis) -> Option<Edit> {
        let shared = self.shared(genesis);
        let pieces = self.pieces(&shared)?;
        let splice = |piece: &Piece<'_>| Splice { range: piece.range.clone(), text: piece.text.to_owned() };
        Some(Edit { splices: pieces.iter().map(splice).collect() })
    }

    /// Writes the document with all of it; false, if parts of it get in each other's way: nothing is written then.
    ///
    /// # Errors
    /// What `to` says.
    pub fn write(&self, genesis: &Genesis, to: &mut dyn io::Write) -> io::Result<bool> {
        let shared = self.shared(genesis);
        let Some(pieces) = self.pieces(&shared) else { return Ok(false) };
        let source = genesis.source().as_bytes();
        let mut at = 0;
        for Piece { range, text, .. } in &pieces {
            to.write_all(source.get(at..range.start).unwrap_or_default())?;
            to.write_all(text.as_bytes())?;
            at = range.end;
        }
        to.write_all(source.get(at..).unwrap_or_default())?;
        Ok(true)
    }

    /// What is written once, however many tasks change.
    fn shared(&self, genesis: &Genesis) -> Vec<Splice> {
        let Some(last) = self.last else { return Vec::new() };
        let mut writer = Writer { words: Some(&self.words), ..Writer::of(genesis) };
        writer.change_metadata(self.project, &written(last));
        writer.write_counters(self.counts);
        for (status, list) in Status::ALL.into_iter().zip(self.lists) {
            if let Some((list, place)) = list {
                let entries = self.entries_for(status, genesis);
                if !entries.is_empty() {
                    writer.insert_at(list, place, &entries);
                }
            }
        }
        writer.splices
    }

    /// The entries that come to the list of a status, in the order in which they came. A list that two statuses share is the first one's.
    fn entries_for(&self, status: Status, genesis: &Genesis) -> Vec<New> {
        let lists = &genesis.form().names().lists;
        let is_first = |to: Status| Status::ALL.into_iter().find(|other| lists.of(*other) == lists.of(to));
        let is_meant = |task: &&Changed| is_first(task.status()) == Some(status);
        let mut tasks: Vec<_> = self.tasks.values().filter(is_meant).collect();
        tasks.sort_by_key(|task| task.number());
        let entries = tasks.into_iter().filter_map(|task| task.entry());
        entries.map(|entry| New::Moved(entry.to_owned())).collect()
    }

    fn pieces<'a>(&'a self, shared: &'a [Splice]) -> Option<Vec<Piece<'a>>> {
        let of = |number: usize| {
            move |splice: &'a Splice| Piece { range: splice.range.clone(), number, text: &splice.text }
        };
        let tasks = self.tasks.values().flat_map(|task| task.splices().iter().map(of(task.number())));
        let log = self.log.iter().flat_map(Log::added).map(of(0));
        let mut pieces: Vec<_> = tasks.chain(log).chain(shared.iter().map(of(0))).collect();
        pieces.sort_by_key(|piece| (piece.range.start, piece.range.end, piece.number));
        apart(pieces)
    }
}

#[cfg(test)]
impl Batch {
    /// How many steps are kept that may be written again.
    pub(super) fn steps(&self) -> usize {
        self.tasks.values().map(|task| task.steps("").len()).sum()
    }

    /// The bytes of the longest of the texts that are kept.
    pub(super) fn longest_text(&self) -> usize {
        let log = self.log.iter().flat_map(Log::added);
        log.map(|splice| splice.text.len()).max().unwrap_or_default()
    }
}
