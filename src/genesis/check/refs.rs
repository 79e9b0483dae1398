//! References from levels and lists to tasks.

use foldhash::{HashSet, HashSetExt};

use crate::genesis::form::Names;
use crate::genesis::view::View;
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, Ref, Task, nearest, shown::shown};

/// How many get a suggestion: finding one looks at every task.
const SUGGESTIONS: usize = 20;
/// How many more tasks in no level are shown.
const OTHERS: usize = 4;

pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let known: HashSet<&str> = view.tasks.iter().map(|task| task.id.as_str()).collect();
    let in_levels = view.levels.iter().flat_map(|level| &level.refs).map(|found| (found, "a level"));
    let in_lists = view.listed.iter().map(|listed| (&listed.reference, names.lists.of(listed.list)));
    let unknown = in_levels
        .chain(in_lists)
        .filter(|(found, _)| found.id.is_empty() || !known.contains(found.id.as_str()));
    let unknown = unknown.enumerate().map(|(n, (found, place))| report(names, view, found, place, n));
    unknown.chain(in_no_level(xml, names, view)).collect()
}

/// Where levels are given, they or a dependency are to lead to every task. One that is only known from a list has no other place. All in
/// one: a planner that forgot one mostly forgot them all.
fn in_no_level(xml: Xml<'_>, names: &'static Names, view: &View) -> Option<Diagnostic> {
    let mut levelled: HashSet<&str> =
        view.levels.iter().flat_map(|level| &level.refs).map(|found| found.id.as_str()).collect();
    if levelled.is_empty() {
        return None;
    }
    let edges = view.edges(xml, names);
    levelled.extend(edges.iter().flat_map(|edge| [edge.from.id.as_str(), edge.to.id.as_str()]));
    let mut seen = HashSet::new();
    let tasks = view.tasks.iter().zip(&view.elements).filter(|(_, element)| element.is_some());
    let left_out = tasks.map(|(task, _)| task).filter(|task| !task.id.is_empty());
    let mut left_out = left_out.filter(|task| !levelled.contains(task.id.as_str()) && seen.insert(&task.id));
    let first = left_out.next()?;
    let others: Vec<&Task> = left_out.collect();
    let what = match others.len() {
        0 => format!("task {} stands", shown(&first.id)),
        1 => format!("task {} and another one stand", shown(&first.id)),
        more => format!("task {} and {more} others stand", shown(&first.id)),
    };
    let message = format!("{what} in no level, though others do, and no dependency leads there");
    let problem = Diagnostic::new(Code::InNoLevel, first.id_span.clone(), message)
        .help("add it to a level above those of its prerequisites");
    Some(
        others
            .into_iter()
            .take(OTHERS)
            .fold(problem, |problem, task| problem.related(task.id_span.clone(), "in none, too")),
    )
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
