//! The counters, and the project's own status.

use crate::genesis::counts::{Counts, agrees};
use crate::genesis::form::Names;
use crate::genesis::view::View;
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, ProjectStatus, shown::shown};

pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let mut found = counters(xml, names, view);
    found.extend(project_status(xml, names));
    found
}

fn counters(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let Some(progress) = xml.select(Xml::ROOT, names.progress).into_iter().next() else {
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
    let status = xml.select(Xml::ROOT, names.metadata.status).into_iter().next()?;
    let word = xml.text(status);
    if ProjectStatus::from_word(&word).is_some() {
        return None;
    }
    let message = format!("{} is no status of a project", shown(&word));
    let known = ProjectStatus::ALL.map(ProjectStatus::as_str).join(", ");
    let problem = Diagnostic::new(Code::UnknownStatusWord, xml.text_span(status), message);
    Some(problem.help(format!("known are {known}")))
}
