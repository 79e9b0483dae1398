//! The audit log: an entry for each transition.

use crate::genesis::form::{Part, Path, Paths};
use crate::genesis::view::field;
use crate::genesis::xml::Xml;
use crate::genesis::{Status, Transition};

use super::Writer;
use super::task::result;
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

    /// The path of the log that the document has; of the usual one, where one is to be made.
    pub(super) fn log(&self, paths: Paths, made: bool) -> Option<Path> {
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
