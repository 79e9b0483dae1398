//! The audit log: an entry for each transition.

use crate::genesis::form::{Part, Path, Paths};
use crate::genesis::tree::Node;
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
    pub(super) fn add_to_audit_log(&mut self, transition: &Transition<'_>, at: &str, has_element: bool) {
        let names = self.names.audit;
        let Some(path) = self.log(names.paths, names.made) else {
            return;
        };
        let summary = result(transition).map(|result| result.summary.as_str()).filter(|_| !has_element);
        let mut description = format!("{}: {}", transition.task, transition.description);
        if let Some(summary) = summary.filter(|_| !names.says(Part::Changes)) {
            description = format!("{description}: {summary}");
        }
        let changes = transition.changes.or(summary);
        let said = [
            (Part::Time, Some(at)),
            (Part::Kind, Some(kind_of(transition.to))),
            (Part::Description, Some(&description)),
            (Part::Actor, Some(transition.actor)),
            (Part::Changes, changes),
        ];
        self.add_audit_entry(path, &said);
    }

    pub(super) fn append_audit(&mut self, entry: &AuditEntry<'_>) {
        let names = self.names.audit;
        let Some(path) = self.log(names.paths, names.made) else {
            return;
        };
        let at = written(entry.at);
        let said = [
            (Part::Time, Some(at.as_str())),
            (Part::Kind, Some(entry.kind)),
            (Part::Description, Some(entry.description)),
            (Part::Actor, Some(entry.actor)),
            (Part::Changes, entry.changes),
        ];
        self.add_audit_entry(path, &said);
    }

    /// Adds an entry at the end of the log that `path` leads to. Its kind is in capitals where those beside it are.
    pub(super) fn add_audit_entry(&mut self, path: Path, said: &[(Part, Option<&str>)]) {
        let names = self.names.audit;
        let Some((entry, _)) = path.split_last() else {
            return;
        };
        let last = self.xml.select(Xml::ROOT, path).last().copied();
        let beside = last.and_then(|last| field(self.xml, last, names.of(Part::Kind)));
        let shouts = beside.is_some_and(|kind| is_in_capitals(&kind.id));
        let kind = said.iter().find_map(|(part, text)| text.filter(|_| *part == Part::Kind));
        let kind = kind.filter(|_| shouts).map(str::to_uppercase);
        let spelled = |&(part, text): &(Part, Option<&'_ str>)| match (part, &kind) {
            (Part::Kind, Some(kind)) => (part, Some(kind.clone())),
            _ => (part, text.map(str::to_owned)),
        };
        let said: Vec<_> = said.iter().map(spelled).collect();
        let said: Vec<_> = said.iter().map(|(part, text)| (*part, text.as_deref())).collect();
        let new = self.new_entry(entry, &names, &said, last);
        self.append(Xml::ROOT, &[], path, new);
    }

    /// The path of the log that the document has: where entries are, or else as much of the way
    /// to them as can be. Of the usual one, where there is none and one is to be made.
    pub(super) fn log(&self, paths: Paths, made: bool) -> Option<Path> {
        let inside = |path: &Path| -> Vec<Node> {
            path.split_last().map_or_else(Vec::new, |(_, around)| self.xml.select(Xml::ROOT, around))
        };
        let has_entries = |path: &&Path| {
            let entry = path.last().copied().unwrap_or_default();
            inside(path).into_iter().any(|around| self.xml.child(around, entry).is_some())
        };
        let used = paths.iter().find(has_entries);
        let ready =
            || paths.iter().rev().filter(|path| !inside(path).is_empty()).max_by_key(|path| path.len());
        let usual = || paths.first().filter(|_| made);
        used.or_else(ready).or_else(usual).copied()
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
