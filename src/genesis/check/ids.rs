//! The tasks' own words: their ids, without which a document is no plan, and their descriptions.

use foldhash::{HashMap, HashMapExt};

use crate::genesis::form::Names;
use crate::genesis::view::{View, field};
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, Task, shown::shown};

pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let mut found = duplicates(&view.tasks);
    for (task, element) in view.tasks.iter().zip(&view.elements) {
        let missing = element.is_some_and(|node| xml.attribute(node, names.task.id).is_none());
        found.extend(if missing { Some(no_id(task)) } else { bad_id(task) });
    }
    found
}

pub(super) fn descriptions(
    xml: Xml<'_>,
    names: &'static Names,
    view: &View,
) -> impl Iterator<Item = Diagnostic> {
    let written = view.tasks.iter().zip(&view.elements);
    let written = written.filter_map(|(task, element)| Some((task, (*element)?)));
    let is_empty = move |node| field(xml, node, names.task.description).is_none_or(|said| said.id.is_empty());
    written.filter(move |(_, node)| is_empty(*node)).map(|(task, _)| {
        let message = format!("{} has no description", called(task));
        let problem = Diagnostic::new(Code::EmptyDescription, task.id_span.clone(), message);
        problem.help("the agent is told nothing but the task's name")
    })
}

fn duplicates(tasks: &[Task]) -> Vec<Diagnostic> {
    let mut first: HashMap<&str, &Task> = HashMap::new();
    let mut found = Vec::new();
    for task in tasks.iter().filter(|task| !task.id.is_empty()) {
        if let Some(first) = first.get(task.id.as_str()) {
            let message = format!("the task id {} is given twice", shown(&task.id));
            let problem = Diagnostic::new(Code::DuplicateTaskId, task.id_span.clone(), message);
            found.push(problem.label("again here").related(first.id_span.clone(), "first here"));
        } else {
            first.insert(&task.id, task);
        }
    }
    found
}

/// By its id, or else by its name, as far as it has any.
fn called(task: &Task) -> String {
    match (task.id.as_str(), task.name.as_str()) {
        ("", "") => "a task".to_owned(),
        ("", name) => format!("the task {}", shown(name)),
        (id, _) => format!("task {}", shown(id)),
    }
}

fn no_id(task: &Task) -> Diagnostic {
    Diagnostic::new(Code::MissingTaskId, task.id_span.clone(), format!("{} has no id", called(task)))
        .help("give it an attribute `id`, such as `id=\"build-api\"`")
}

const SEPARATORS: &str = "ids are separated by white space and commas where tasks depend on them";

fn bad_id(task: &Task) -> Option<Diagnostic> {
    let span = task.id_span.clone();
    if task.id.is_empty() {
        return Some(Diagnostic::new(Code::EmptyTaskId, span, "a task's id is empty"));
    }
    let bad = task.id.chars().find(|c| c.is_control() || c.is_whitespace() || *c == ',')?;
    let (what, help) = match bad {
        ',' => ("a comma", SEPARATORS),
        _ if bad.is_whitespace() => ("white space", SEPARATORS),
        _ => ("a control character", "write it without the character"),
    };
    let message = format!("the task id {} has {what} in it", shown(&task.id));
    let problem = Diagnostic::new(Code::UnusableTaskId, span, message);
    Some(problem.help(help))
}
