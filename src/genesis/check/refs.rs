//! References from levels and lists to tasks.

use std::collections::HashSet;

use crate::genesis::form::Names;
use crate::genesis::view::View;
use crate::genesis::{Code, Diagnostic, Ref, nearest, shown::shown};

/// How many get a suggestion: finding one looks at every task.
const SUGGESTIONS: usize = 20;

pub(super) fn check(names: &Names, view: &View) -> Vec<Diagnostic> {
    let known: HashSet<&str> = view.tasks.iter().map(|task| task.id.as_str()).collect();
    let in_levels = view.levels.iter().flat_map(|level| &level.refs).map(|found| (found, "a level"));
    let in_lists = view.listed.iter().map(|listed| (&listed.reference, names.lists.of(listed.list)));
    let unknown = in_levels
        .chain(in_lists)
        .filter(|(found, _)| found.id.is_empty() || !known.contains(found.id.as_str()));
    unknown.enumerate().map(|(n, (found, place))| report(names, view, found, place, n)).collect()
}

fn report(names: &Names, view: &View, found: &Ref, place: &str, position: usize) -> Diagnostic {
    let place = if place == "a level" { place.to_owned() } else { format!("the list `{place}`") };
    if found.id.is_empty() {
        let message = format!("a {} in {place} has no id", names.tracker.entry);
        return Diagnostic::new(Code::UnknownTaskRef, found.span.clone(), message);
    }
    let message = format!("{place} names the task {}, which is not there", shown(&found.id));
    let problem = Diagnostic::new(Code::UnknownTaskRef, found.span.clone(), message);
    let ids = view.tasks.iter().map(|task| task.id.as_str());
    match nearest(&found.id, ids).filter(|_| position < SUGGESTIONS) {
        Some(near) => problem.help(format!("did you mean {}?", shown(near))),
        None => problem,
    }
}
