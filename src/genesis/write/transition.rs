//! One transition: all that changes together, or nothing does.

use jiff::Timestamp;

use crate::genesis::counts::{Counts, same_number};
use crate::genesis::form::Names;
use crate::genesis::view::View;
use crate::genesis::xml::Xml;
use crate::genesis::{AuditEntry, Edit, EditError, ProjectStatus, Status, Task, Transition};

use super::Writer;
use super::element::New;
use super::task::result;

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
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    let at = written(transition.at);
    if let Some(node) = element {
        writer.change_task(node, transition, &at);
    }
    writer.move_entry(task, transition.to, element.is_none());
    writer.change_metadata(transition.project, &at);
    writer.change_counters(task, transition.to);
    writer.add_to_audit_log(transition, element.is_some());
    Ok(Edit::new(writer.splices))
}

/// The edit that gives the project another status; empty if it has it already, or has none at all.
pub(in crate::genesis) fn project_status(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    status: ProjectStatus,
    at: Timestamp,
) -> Edit {
    let has_one = !xml.select(Xml::ROOT, names.metadata.status).is_empty();
    if view.project.status == Some(status) || !has_one {
        return Edit::default();
    }
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    writer.change_metadata(Some(status), &written(at));
    Edit::new(writer.splices)
}

/// The edit that adds an entry to the audit log.
pub(in crate::genesis) fn audit(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
    entry: &AuditEntry<'_>,
) -> Edit {
    let mut writer = Writer { xml, names, view, splices: Vec::new() };
    writer.append_audit(entry);
    writer.change_metadata(None, &written(entry.at));
    Edit::new(writer.splices)
}

/// UTC, in whole seconds.
fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Writer<'_> {
    fn change_metadata(&mut self, status: Option<ProjectStatus>, at: &str) {
        let first = |path| self.xml.select(Xml::ROOT, path).into_iter().next();
        let (updated, known) = (first(self.names.metadata.updated_at), first(self.names.metadata.status));
        if let Some(updated) = updated {
            self.set_text(updated, at);
        }
        let status = status.filter(|status| self.view.project.status != Some(*status));
        if let Some((node, status)) = known.zip(status) {
            self.set_text(node, status.as_str());
        }
    }

    fn change_counters(&mut self, task: &Task, to: Status) {
        let progress = self.xml.select(Xml::ROOT, self.names.progress);
        let counts = Counts::of(&self.view.tasks, Some((&task.id, to)));
        for (name, count) in counts.counters(self.names) {
            let counter = progress.first().and_then(|progress| self.xml.child(*progress, name));
            if let Some(counter) = counter
                && !same_number(&self.xml.text(counter), &count)
            {
                self.set_text(counter, &count);
            }
        }
    }

    /// The log names the task: its entries stand apart from it. Where the task has no element that
    /// could hold its result, the log holds the summary.
    fn add_to_audit_log(&mut self, transition: &Transition<'_>, has_element: bool) {
        let description = format!("{}: {}", transition.task, transition.description);
        let summary = result(transition).map(|result| result.summary.as_str());
        let changes = transition.changes.or(summary.filter(|_| !has_element));
        let kind = kind(transition.to);
        self.append_audit(&AuditEntry {
            at: transition.at,
            kind,
            description: &description,
            actor: transition.actor,
            changes,
        });
    }

    pub(super) fn append_audit(&mut self, entry: &AuditEntry<'_>) {
        let names = &self.names.audit_entry;
        let [.., element] = self.names.audit else {
            return;
        };
        let mut children = vec![
            New::text(names.time, &written(entry.at)),
            New::text(names.kind, entry.kind),
            New::text(names.description, entry.description),
            New::text(names.actor, entry.actor),
        ];
        children.extend(entry.changes.map(|changes| New::text(names.changes, changes)));
        self.append(Xml::ROOT, &[], self.names.audit, New::with(element, children));
    }
}

fn kind(to: Status) -> &'static str {
    match to {
        Status::Pending => "task_reset",
        Status::InProgress => "task_started",
        Status::Completed => "task_completed",
        Status::Failed => "task_failed",
        Status::Blocked => "task_blocked",
        Status::Cancelled => "task_cancelled",
    }
}
