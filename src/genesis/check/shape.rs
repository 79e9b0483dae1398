//! A document that has a known root and nothing known in it.

use crate::genesis::form::Names;
use crate::genesis::tree::Node;
use crate::genesis::view::View;
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, shown::shown};

/// How many elements are named that are there instead.
const NAMED: usize = 5;

/// Says where tasks were looked for, if there is none.
pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Option<Diagnostic> {
    if !view.tasks.is_empty() {
        return None;
    }
    let (around, missing) = way(xml, names.task.path)?;
    let place = shown(xml.name(around));
    let message = format!("the plan has no tasks: there is no `{missing}` in {place}");
    let path = [&[names.root], names.task.path].concat().join("/");
    Some(Diagnostic::new(Code::NoTasks, xml.start_tag(around), message).help(format!(
        "a plan of the {} form has its tasks at `{path}`; in {place} there is {}",
        names.name,
        inside(xml, around)
    )))
}

/// How far `path` leads, and the first step that leads nowhere; the last, if each leads somewhere.
fn way(xml: Xml<'_>, path: &[&'static str]) -> Option<(Node, &'static str)> {
    let mut around = Xml::ROOT;
    for step in path {
        let Some(found) = xml.child(around, step) else {
            return Some((around, step));
        };
        around = found;
    }
    Some((around, path.last()?))
}

/// What is in an element instead, each name once.
fn inside(xml: Xml<'_>, around: Node) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in xml.children(around).map(|child| xml.name(child)) {
        if names.len() < NAMED && !names.contains(&name) {
            names.push(name);
        }
    }
    match names.as_slice() {
        [] => "nothing".to_owned(),
        names => names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", "),
    }
}
