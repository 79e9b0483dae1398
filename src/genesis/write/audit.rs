//! The audit log: an entry for each transition.

use crate::genesis::form::{Part, Path, Paths};
use crate::genesis::tree::Node;
use crate::genesis::view::field;
use crate::genesis::xml::Xml;
use crate::genesis::{AuditEntry, Status, Transition};

use super::Writer;
use super::element::New;
use super::task::result;
use super::transition::written;
use super::words::is_in_capitals;

impl Writer<'_> {
    /// The log names the task: its entries stand apart from it.
    pub(super) fn add_to_audit_log(&mut self, transition: &Transition<'_>, at: &str, has_element: bool) {
        let names = self.names.audit;
        let Some(path) = self.log(names.paths, names.made) else {
            return;
        };
        let said = self.said_in_log(transition, at, has_element);
        self.add_audit_entry(path, &said.parts());
    }

    /// Where the task has no element that could hold its result, the log holds the summary.
    pub(super) fn said_in_log<'t>(
        &self,
        transition: &'t Transition<'_>,
        at: &'t str,
        has_element: bool,
    ) -> SaidInLog<'t> {
        let summary = result(transition).map(|result| result.summary.as_str()).filter(|_| !has_element);
        let mut description = format!("{}: {}", transition.task, transition.description);
        if let Some(summary) = summary.filter(|_| !self.names.audit.says(Part::Changes)) {
            description = format!("{description}: {summary}");
        }
        let changes = transition.changes.or(summary);
        SaidInLog { at, kind: kind_of(transition.to), description, actor: transition.actor, changes }
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

    /// Adds an entry at the end of the log that `path` leads to.
    pub(super) fn add_audit_entry(&mut self, path: Path, said: &[(Part, Option<&str>)]) {
        let (last, shouts) = self.log_style(path);
        let new = self.log_entry(path, last, shouts, said);
        self.append(Xml::ROOT, &[], path, new);
    }

    /// The last entry of a log, and whether its kind is in capitals.
    pub(super) fn log_style(&self, path: Path) -> (Option<Node>, bool) {
        let last = self.xml.select(Xml::ROOT, path).last().copied();
        let beside = last.and_then(|last| field(self.xml, last, self.names.audit.of(Part::Kind)));
        (last, beside.is_some_and(|kind| is_in_capitals(&kind.id)))
    }

    /// An entry like the `last` one. Its kind is in capitals where that one's is.
    pub(super) fn log_entry(
        &self,
        path: Path,
        last: Option<Node>,
        shouts: bool,
        said: &[(Part, Option<&str>)],
    ) -> New {
        let kind = said.iter().find_map(|(part, text)| text.filter(|_| *part == Part::Kind));
        let kind = kind.filter(|_| shouts).map(str::to_uppercase);
        let spelled = |&(part, text): &(Part, Option<&'_ str>)| match (part, &kind) {
            (Part::Kind, Some(kind)) => (part, Some(kind.clone())),
            _ => (part, text.map(str::to_owned)),
        };
        let said: Vec<_> = said.iter().map(spelled).collect();
        let said: Vec<_> = said.iter().map(|(part, text)| (*part, text.as_deref())).collect();
        self.new_entry(path.last().copied().unwrap_or_default(), &self.names.audit, &said, last)
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

/// What the log says of a transition.
pub(super) struct SaidInLog<'t> {
    at: &'t str,
    kind: &'static str,
    description: String,
    actor: &'t str,
    changes: Option<&'t str>,
}

impl SaidInLog<'_> {
    pub(super) fn parts(&self) -> [(Part, Option<&str>); 5] {
        [
            (Part::Time, Some(self.at)),
            (Part::Kind, Some(self.kind)),
            (Part::Description, Some(&self.description)),
            (Part::Actor, Some(self.actor)),
            (Part::Changes, self.changes),
        ]
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
