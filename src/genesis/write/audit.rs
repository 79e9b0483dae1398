//! The audit log: an entry for each transition.

use crate::genesis::form::{Part, Path, Paths};
use crate::genesis::view::field;
use crate::genesis::xml::Xml;
use crate::genesis::{AuditEntry, Status, Transition};

use super::Writer;
use super::task::result;
use super::transition::written;
use super::words::is_in_capitals;

impl Writer<'_> {
    /// The log names the task: its entries stand apart from it. Where the task has no element that
    /// could hold its result, the log holds the summary.
    pub(super) fn add_to_audit_log(&mut self, transition: &Transition<'_>, has_element: bool) {
        let summary = result(transition).map(|result| result.summary.as_str()).filter(|_| !has_element);
        let mut description = format!("{}: {}", transition.task, transition.description);
        if let Some(summary) = summary.filter(|_| !self.names.audit.says(Part::Changes)) {
            description = format!("{description}: {summary}");
        }
        self.append_audit(&AuditEntry {
            at: transition.at,
            kind: kind_of(transition.to),
            description: &description,
            actor: transition.actor,
            changes: transition.changes.or(summary),
        });
    }

    pub(super) fn append_audit(&mut self, entry: &AuditEntry<'_>) {
        let names = self.names.audit;
        let Some(path) = self.log(names.paths, names.made) else {
            return;
        };
        let Some((element, _)) = path.split_last() else {
            return;
        };
        let last = self.xml.select(Xml::ROOT, path).last().copied();
        let kind = match last.and_then(|last| field(self.xml, last, names.of(Part::Kind))) {
            Some(kind) if is_in_capitals(&kind.id) => entry.kind.to_uppercase(),
            _ => entry.kind.to_owned(),
        };
        let at = written(entry.at);
        let said = [
            (Part::Time, Some(at.as_str())),
            (Part::Kind, Some(&kind)),
            (Part::Description, Some(entry.description)),
            (Part::Actor, Some(entry.actor)),
            (Part::Changes, entry.changes),
        ];
        let new = self.new_entry(element, &names, &said, last);
        self.append(Xml::ROOT, &[], path, new);
    }

    /// The path of the log that the document has; of the usual one, where one is to be made.
    fn log(&self, paths: Paths, made: bool) -> Option<Path> {
        let is_there = |path: &&Path| match path.split_last() {
            Some((_, around)) => !self.xml.select(Xml::ROOT, around).is_empty(),
            None => false,
        };
        // The innermost element around the entries may be missing where an outer one is there.
        let begun = |path: &&Path| !self.xml.select(Xml::ROOT, path.get(..1).unwrap_or_default()).is_empty();
        let usual = || paths.iter().find(begun).or(paths.first()).filter(|_| made);
        paths.iter().find(is_there).or_else(usual).copied()
    }
}

fn kind_of(to: Status) -> &'static str {
    match to {
        Status::Pending => "task_reset",
        Status::InProgress => "task_started",
        Status::Completed => "task_completed",
        Status::Failed => "task_failed",
        Status::Blocked => "task_blocked",
        Status::Cancelled => "task_cancelled",
    }
}
