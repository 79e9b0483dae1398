//! The counters, and the project's own status.

use crate::genesis::counts::{Counts, agrees};
use crate::genesis::form::Names;
use crate::genesis::view::{View, all, in_place, present};
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, ProjectStatus, shown::shown};

pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let mut found = counters(xml, names, view);
    found.extend(project_status(xml, names));
    found
}

fn counters(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let Some(progress) = all(xml, Xml::ROOT, names.progress).into_iter().next() else {
        return Vec::new();
    };
    let expected = Counts::of(&view.tasks, None).counters(names);
    let wrong = |(name, expected): (&'static str, String)| {
        let counter = xml.child(progress, name)?;
        let said = xml.text(counter);
        if agrees(names, name, &said, &expected) {
            return None;
        }
        let message = format!("`{name}` says {}, and it is {expected}", shown(&said));
        Some(Diagnostic::new(Code::WrongCounter, xml.text_span(counter), message))
    };
    expected.into_iter().filter_map(wrong).collect()
}

fn project_status(xml: Xml<'_>, names: &'static Names) -> Option<Diagnostic> {
    let (node, place) = present(xml, names.metadata.status).next()?;
    let word = in_place(xml, node, place.field)?;
    if ProjectStatus::from_word(&word.id).is_some() {
        return None;
    }
    let message = format!("{} is no status of a project", shown(&word.id));
    let known = ProjectStatus::ALL.map(names.words.project).join(", ");
    let problem = Diagnostic::new(Code::UnknownStatusWord, word.span, message);
    Some(problem.help(format!("known are {known}")))
}
