//! A document that has a known root and nothing known in it.

use crate::genesis::form::Names;
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
    let (mut around, mut missing) = (Xml::ROOT, names.task.path.last().copied()?);
    for step in names.task.path {
        match xml.child(around, step) {
            Some(found) => around = found,
            None => {
                missing = step;
                break;
            }
        }
    }
    let around_name = xml.name(around);
    let message = format!("the plan has no tasks: there is no `{missing}` in {}", shown(around_name));
    let problem = Diagnostic::new(Code::NoTasks, xml.start_tag(around), message);
    let path = [&[names.root], names.task.path].concat().join("/");
    let mut inside: Vec<&str> = Vec::new();
    for name in xml.children(around).map(|child| xml.name(child)) {
        if !inside.contains(&name) && inside.len() < NAMED {
            inside.push(name);
        }
    }
    let instead = match inside.as_slice() {
        [] => "nothing".to_owned(),
        names => names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", "),
    };
    Some(problem.help(format!(
        "a plan of the {} form has its tasks at `{path}`; in {} there is {instead}",
        names.name,
        shown(around_name)
    )))
}
