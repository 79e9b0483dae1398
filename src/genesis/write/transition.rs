//! One transition: all that changes together, or nothing does.

use jiff::Timestamp;

use crate::genesis::counts::{Counts, same_number};
use crate::genesis::form::Names;
use crate::genesis::view::{View, all, present};
use crate::genesis::xml::Xml;
use crate::genesis::{AuditEntry, Edit, EditError, ProjectStatus, Transition, Work};

use super::Writer;

/// The edit that makes `transition`; empty if the task has that status already.
pub(in crate::genesis) fn transition(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    transition: &Transition<'_>,
) -> Result<Edit, EditError> {
    let unknown = || EditError::UnknownTask(transition.task.to_owned());
    let (task, element) = view.task(transition.task).ok_or_else(unknown)?;
    if task.status == transition.to {
        return Ok(Edit::default());
    }
    let mut writer = Writer::new(xml, names, view);
    let at = written(transition.at);
    if let Some(node) = element {
        writer.change_task(node, std::slice::from_ref(transition));
    }
    writer.move_entry(task, transition, element.is_none());
    let counts = Counts::of(&view.tasks, Some((&task.id, transition.to)));
    writer.change_metadata(counts.project_after(transition.to, view.project.status), &at);
    writer.write_counters(counts);
    writer.add_to_audit_log(transition, &at, element.is_some());
    Ok(Edit::new(writer.splices))
}

/// The edit that makes the project's status follow from its tasks; empty if it does already, or there is no place for it.
pub(in crate::genesis) fn project_status(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    work: Work,
    at: Timestamp,
) -> Edit {
    let has_one = present(xml, names.metadata.status).next().is_some();
    let status = Counts::of(&view.tasks, None).project(view.project.status, work);
    if view.project.status == status || !has_one {
        return Edit::default();
    }
    let mut writer = Writer::new(xml, names, view);
    writer.change_metadata(status, &written(at));
    Edit::new(writer.splices)
}

/// The edit that adds an entry to the audit log.
pub(in crate::genesis) fn audit(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    entry: &AuditEntry<'_>,
) -> Edit {
    let mut writer = Writer::new(xml, names, view);
    writer.append_audit(entry);
    writer.change_metadata(None, &written(entry.at));
    Edit::new(writer.splices)
}

/// UTC, in whole seconds.
pub(super) fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Writer<'_> {
    /// Every place that says it follows.
    pub(super) fn change_metadata(&mut self, status: Option<ProjectStatus>, at: &str) {
        let (xml, metadata) = (self.xml, &self.names.metadata);
        for (node, place) in present(xml, metadata.updated_at) {
            self.set_field(node, place.field, at);
        }
        let Some(status) = status.filter(|status| self.view.project.status != Some(*status)) else {
            return;
        };
        for (node, place) in present(xml, metadata.status) {
            let word = self.project_word(status, node, place.field);
            self.set_field(node, place.field, &word);
        }
    }

    pub(super) fn write_counters(&mut self, counts: Counts) {
        let progress = all(self.xml, Xml::ROOT, self.names.progress);
        for (name, count) in counts.counters(self.names) {
            let counter = progress.first().and_then(|progress| self.xml.child(*progress, name));
            if let Some(counter) = counter
                && !same_number(&self.xml.text(counter), &count)
            {
                self.set_text(counter, &count);
            }
        }
    }
}
