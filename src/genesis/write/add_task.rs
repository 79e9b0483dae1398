//! A new task: itself, its place in levels and lists, its edges, the counters and the log.

use crate::genesis::counts::Counts;
use crate::genesis::form::{Field, Names, Part};
use crate::genesis::tree::Node;
use crate::genesis::view::{View, in_place};
use crate::genesis::xml::Xml;
use crate::genesis::{AuditEntry, Edit, EditError, NewTask, Status, Work};

use super::Writer;
use super::element::New;
use super::transition::written;

/// The edit that adds `task` at the end of the tasks.
pub(in crate::genesis) fn add_task(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    task: &NewTask<'_>,
) -> Result<Edit, EditError> {
    if view.task(task.id).is_some() {
        return Err(EditError::TaskExists(task.id.to_owned()));
    }
    let unknown = |id: &&&str| view.task(id).is_none();
    if let Some(id) = task.after.iter().chain(task.before).find(unknown) {
        return Err(EditError::UnknownTask((*id).to_owned()));
    }
    let mut writer = Writer::new(xml, names, view);
    let at = written(task.at);
    writer.add_element(task, &at)?;
    writer.add_node(task);
    writer.add_to_level(task)?;
    writer.add_edges(task);
    writer.add_to_pending(task.id);
    let counts = Counts::of(&view.tasks, None).with(Status::Pending);
    writer.change_metadata(counts.project(view.project.status, Work::GoesOn), &at);
    writer.write_counters(counts);
    writer.append_audit(&AuditEntry {
        at: task.at,
        kind: "task_added",
        description: &format!("{}: added: {}", task.id, task.name),
        actor: task.actor,
        changes: None,
    });
    Ok(Edit::new(writer.splices))
}

impl Writer<'_> {
    fn add_element(&mut self, task: &NewTask<'_>, at: &str) -> Result<(), EditError> {
        let path = self.names.task.path;
        let Some((name, around)) = path.split_last() else { return Err(self.no_place()) };
        let Some(parent) = self.xml.select(Xml::ROOT, around).last().copied() else {
            return Err(self.no_place());
        };
        let (mut new, mut parts) = (New::empty(name), Vec::new());
        for (field, text) in self.said(task) {
            match field {
                Field::Child(name) => parts.push((name, New::text(name, &text))),
                Field::Attribute(_) | Field::Text => new = new.optional(&[field], &text),
            }
        }
        parts.extend(self.own_dependencies(task));
        parts.extend(self.first_event(task, at));
        let order = self.names.order_in(path);
        parts.sort_by_key(|(name, _)| order.iter().position(|other| other == name));
        let new = parts.into_iter().fold(new, |new, (_, part)| new.child(part));
        self.insert(parent, around, vec![(name, new)]);
        Ok(())
    }

    /// What the element says, where the last task beside it says it.
    fn said(&self, task: &NewTask<'_>) -> Vec<(Field, String)> {
        let names = &self.names.task;
        let sample = self.view.elements.iter().flatten().last().copied();
        let estimates = names.estimate.iter().filter(|place| place.unit.is_none());
        let estimates: Vec<Field> = estimates.map(|place| place.field).collect();
        let says_status =
            |node: &Node| names.status.iter().any(|place| in_place(self.xml, *node, *place).is_some());
        let status = self
            .usual_status_place()
            .filter(|_| names.status_made || sample.as_ref().is_some_and(says_status));
        let said = [
            (Some(Field::Attribute(names.id)), task.id.to_owned()),
            (self.like(names.name, sample), task.name.to_owned()),
            (self.like(names.description, sample), task.description.to_owned()),
            (
                self.like(names.agent, sample).filter(|_| task.agent.is_some()),
                task.agent.unwrap_or_default().to_owned(),
            ),
            (
                self.like(&estimates, sample).filter(|_| task.estimate.is_some()),
                task.estimate.unwrap_or_default().to_owned(),
            ),
            (status, self.own_word(Status::Pending)),
        ];
        said.into_iter().filter_map(|(field, text)| Some((field?, text))).collect()
    }

    fn no_place(&self) -> EditError {
        EditError::NoPlace(format!("a plan of the {} form with no task written out", self.names.name))
    }

    /// What the task itself says of its prerequisites, where tasks of this plan do.
    pub(super) fn own_dependencies(&self, task: &NewTask<'_>) -> Option<(&'static str, New)> {
        let names = &self.names.task;
        if task.after.is_empty() || self.is_ordered_by_levels() {
            return None;
        }
        let Some(Field::Child(name)) = names.dependencies.first() else { return None };
        if let Some(one) = names.dependency {
            let each = task.after.iter().map(|id| New::text(one, id));
            return Some((name, New::with(name, each.collect())));
        }
        let is_usual = self.view.tasks.iter().any(|task| !task.dependencies.is_empty());
        let fits = |id: &&str| !id.contains([',', ';']) && !id.contains(char::is_whitespace);
        (is_usual && task.after.iter().all(fits)).then(|| (*name, New::text(name, &task.after.join(", "))))
    }

    fn first_event(&self, task: &NewTask<'_>, at: &str) -> Option<(&'static str, New)> {
        let names = self.names.task.event;
        let [history, around @ .., event] = names.paths.first().copied()? else { return None };
        let word = self.event_word(Status::Pending);
        let said = [
            (Part::Time, Some(at)),
            (Part::Status, Some(word.as_str())),
            (Part::Description, Some("added")),
            (Part::Actor, Some(task.actor)),
        ];
        let event = self.new_entry(event, &names, &said, self.some_event()).inside(around);
        names.made.then(|| (*history, New::with(history, vec![event])))
    }
}

#[cfg(test)]
#[path = "add_task_tests.rs"]
mod tests;
