//! Where a new task stands beside its element: the graph's nodes, levels, edges, the list of what is pending.

use std::collections::BTreeMap;

use crate::genesis::form::{EdgeNames, Fields, LevelNames, Path};
use crate::genesis::tree::Node;
use crate::genesis::view::{all, field, in_place};
use crate::genesis::xml::Xml;
use crate::genesis::{EditError, NewTask, Status};

use super::Writer;
use super::element::New;

impl Writer<'_> {
    /// Where the plan's graph has a node for each task.
    pub(super) fn add_node(&mut self, task: &NewTask<'_>) {
        let names = &self.names.nodes;
        let Some((_, sample)) = self.view.nodes.last() else { return };
        let Some((name, around)) = names.path.split_last() else { return };
        let Some(parent) = self.xml.parent(*sample) else { return };
        let level = self.level_of(task).map(|level| level.to_string());
        // One without a level, such as an added one that stands between two, is no reason for the next to have none.
        let nodes = || self.view.nodes.iter().rev().map(|(_, node)| node);
        let said_by = |fields: Fields, node: &Node| {
            fields.iter().find(|place| in_place(self.xml, *node, **place).is_some()).copied()
        };
        let has = |fields: Fields| nodes().find_map(|node| said_by(fields, node));
        let said = [
            (names.id.first().copied(), Some(task.id)),
            (has(names.level), level.as_deref()),
            (has(names.name), Some(task.name)),
            (has(names.agent), task.agent),
        ];
        let said = said.into_iter().filter_map(|(field, text)| field.zip(text));
        let new = said.fold(New::empty(name), |new, (field, text)| new.optional(&[field], text));
        self.insert(parent, around, vec![(name, new)]);
    }

    /// Levels without a single edge are the order itself.
    pub(super) fn is_ordered_by_levels(&self) -> bool {
        !self.view.levels.is_empty() && self.view.edges(self.xml, self.names).is_empty()
    }

    /// The level above all that the task waits for and below all that wait for it; none, if there is none between.
    fn level_of(&self, task: &NewTask<'_>) -> Option<i64> {
        let mut known = BTreeMap::new();
        for level in &self.view.levels {
            known.extend(level.refs.iter().map(|found| (found.id.as_str(), level.number)));
        }
        let numbers =
            |ids: &[&str]| -> Vec<i64> { ids.iter().filter_map(|id| known.get(id).copied()).collect() };
        let (after, before) = (numbers(task.after).into_iter().max(), numbers(task.before).into_iter().min());
        let all = self.view.levels.iter().map(|level| level.number);
        let free = match (after, before) {
            (Some(after), _) => after.checked_add(1)?,
            (None, Some(before)) => all.filter(|number| *number < before).max()?,
            // In a plan of steps it joins the last one, since nobody is to wait for it.
            (None, None) if self.is_ordered_by_levels() => all.max()?,
            (None, None) => all.min()?,
        };
        before.is_none_or(|before| free < before).then_some(free)
    }

    pub(super) fn add_to_level(&mut self, task: &NewTask<'_>) -> Result<(), EditError> {
        let Some(number) = self.level_of(task) else {
            return self.add_level_between(task);
        };
        let is_used = |names: &&LevelNames| !self.xml.select(Xml::ROOT, names.path).is_empty();
        // Levels may be the nodes' own.
        let Some(names) = self.names.levels.iter().find(is_used) else { return Ok(()) };
        let groups = self.xml.select(Xml::ROOT, names.path);
        let same = |(position, group): &(usize, Node)| {
            let given =
                field(self.xml, *group, names.number).and_then(|number| number.id.trim().parse().ok());
            given.or(i64::try_from(*position).ok()) == Some(number)
        };
        let found = groups.iter().copied().enumerate().find(same).map(|(_, group)| group);
        match found {
            Some(group) => {
                let used = names.refs.iter().find(|path| !self.xml.select(group, path).is_empty());
                if let Some(path) = used.or(names.refs.first()) {
                    let sample = self.xml.select(group, path).last().copied();
                    let new = self.reference(path, names, task.id, sample);
                    self.append(group, names.path, path, new);
                }
            }
            None => self.add_level(names, &groups, number, task.id),
        }
        Ok(())
    }

    /// A level of its own, above all that the task waits for; what is as high or higher moves up. Only where all levels say their numbers:
    /// else it stands in none, which a plan of steps can't have.
    fn add_level_between(&mut self, task: &NewTask<'_>) -> Result<(), EditError> {
        let is_after = |reference: &crate::genesis::Ref| task.after.contains(&reference.id.as_str());
        let below = self.view.levels.iter().filter(|level| level.refs.iter().any(is_after));
        let free = below.map(|level| level.number).max().and_then(|number| number.checked_add(1));
        let used = self.names.levels.iter().find(|names| !self.xml.select(Xml::ROOT, names.path).is_empty());
        let groups = used.map(|names| self.xml.select(Xml::ROOT, names.path)).unwrap_or_default();
        let number = |group: &Node| field(self.xml, *group, used?.number)?.id.trim().parse::<i64>().ok();
        let numbers: Option<Vec<i64>> = groups.iter().map(number).collect();
        let (Some(names), Some(free), Some(numbers)) = (used, free, numbers) else {
            let why =
                || EditError::NoPlace("a plan of steps, in which no step lies between those".to_owned());
            return if self.is_ordered_by_levels() { Err(why()) } else { Ok(()) };
        };
        for (group, number) in groups.iter().zip(numbers).filter(|(_, number)| *number >= free) {
            self.set_places(*group, names.number, &number.saturating_add(1).to_string());
        }
        self.add_level(names, &groups, free, task.id);
        Ok(())
    }

    fn set_places(&mut self, node: Node, places: Fields, value: &str) {
        let xml = self.xml;
        for place in places.iter().filter(|place| in_place(xml, node, **place).is_some()) {
            self.set_field(node, *place, value);
        }
    }

    fn add_level(&mut self, names: &LevelNames, groups: &[Node], number: i64, id: &str) {
        let samples = groups.iter().flat_map(|group| all(self.xml, *group, names.refs));
        let sample = samples.last();
        let used = |path: &&Path| groups.iter().any(|group| !self.xml.select(*group, path).is_empty());
        let Some(path) = names.refs.iter().find(used).or(names.refs.first()) else { return };
        let Some((name, _)) = names.path.split_last() else { return };
        let Some((_, inner)) = path.split_last() else { return };
        let reference = self.reference(path, names, id, sample).inside(inner);
        let number = number.to_string();
        let Some(place) = self.like(names.number, groups.last().copied()) else { return };
        let new = New::empty(name).field(&[place], &number).child(reference);
        self.append(Xml::ROOT, &[], names.path, new);
    }

    fn reference(&self, path: Path, names: &LevelNames, id: &str, sample: Option<Node>) -> New {
        let place = names
            .id
            .iter()
            .find(|place| sample.is_some_and(|node| in_place(self.xml, node, **place).is_some()));
        let place = place.or(names.id.first()).copied();
        New::empty(path.last().unwrap_or(&"")).field(place.as_slice(), id)
    }

    /// All edges that the task itself does not say.
    pub(super) fn add_edges(&mut self, task: &NewTask<'_>) {
        if self.is_ordered_by_levels() {
            return;
        }
        let is_used = |names: &&EdgeNames| !self.xml.select(Xml::ROOT, names.path).is_empty();
        let is_begun = |names: &&EdgeNames| {
            names.path.split_last().is_some_and(|(_, around)| !self.xml.select(Xml::ROOT, around).is_empty())
        };
        let used = self.names.edges.iter().find(is_used);
        let says_own = self.own_dependencies(task).is_some() && used.is_none();
        let after = task.after.iter().filter(|_| !says_own).map(|id| (*id, task.id));
        let pairs: Vec<_> = after.chain(task.before.iter().map(|id| (task.id, *id))).collect();
        let begun = self.names.edges.iter().find(is_begun);
        let Some(names) = used.or(begun).or(self.names.edges.first()) else { return };
        let Some((name, around)) = names.path.split_last() else { return };
        if pairs.is_empty() {
            return;
        }
        let sample = self.xml.select(Xml::ROOT, names.path).last().copied();
        let (from, to) = (self.like(names.from, sample), self.like(names.to, sample));
        let edge = |(first, then): (&str, &str)| {
            (*name, New::empty(name).field(from.as_slice(), first).field(to.as_slice(), then))
        };
        let edges: Vec<_> = pairs.into_iter().map(edge).collect();
        if let Some(parent) = self.xml.select(Xml::ROOT, around).last().copied() {
            self.insert(parent, around, edges);
        } else if let Some((container, _)) = around.split_last() {
            let new = New::with(container, edges.into_iter().map(|(_, edge)| edge).collect());
            self.append(Xml::ROOT, &[], around, new);
        }
    }

    pub(super) fn add_to_pending(&mut self, id: &str) {
        let trackers = all(self.xml, Xml::ROOT, self.names.tracker.paths);
        if !trackers.is_empty() {
            let new = self.entry(id, None, &Vec::new());
            self.add_to_list(&trackers, Status::Pending, new);
        }
    }
}
