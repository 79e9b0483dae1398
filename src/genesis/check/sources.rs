//! The places that hold a task's status: history, lists, the task itself. One decides
//! (see [`crate::genesis::Task::status`]); the others should agree with it.

use foldhash::{HashMap, HashMapExt};

use crate::genesis::form::Names;
use crate::genesis::tree::Node;
use crate::genesis::view::{Listed, View, all, deciding_event, last_event};
use crate::genesis::xml::Xml;
use crate::genesis::{Code, Diagnostic, Event, Ref, Status, Task, nearest, shown::shown};

type Entries<'a> = HashMap<&'a str, Vec<&'a Listed>>;

pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let mut entries = Entries::new();
    for listed in &view.listed {
        entries.entry(&listed.reference.id).or_default().push(listed);
    }
    let has_lists = !all(xml, Xml::ROOT, names.tracker.paths).is_empty();
    let tasks = view.tasks.iter().zip(&view.elements).filter(|(task, _)| !task.id.is_empty());
    tasks
        .flat_map(|(task, element)| {
            let entries = entries.get(task.id.as_str()).map_or(&[][..], Vec::as_slice);
            let listed = if has_lists { lists(names, task, entries) } else { Vec::new() };
            let own = task.own_status.iter().filter_map(|own| own_status(task, own));
            let found = listed.into_iter().chain(own);
            let last = element.and_then(|node| last_event(xml, names, node));
            let found = found.map(|problem| with_decider(problem, xml, names, *element));
            found.chain(last.and_then(|last| last_word(task, &last))).collect::<Vec<_>>()
        })
        .collect()
}

/// The lists against the deciding status.
fn lists(names: &Names, task: &Task, entries: &[&Listed]) -> Vec<Diagnostic> {
    match entries {
        [] => vec![in_no_list(names, task)],
        [entry] => wrong_list(names, task, entry).into_iter().collect(),
        [first, others @ ..] => others.iter().map(|entry| again(names, task, first, entry)).collect(),
    }
}

fn in_no_list(names: &Names, task: &Task) -> Diagnostic {
    let message = format!("task {} stands in no status list", shown(&task.id));
    let list = names.lists.of(task.status);
    Diagnostic::new(Code::InNoList, task.id_span.clone(), message)
        .help(format!("it is {} and belongs in `{list}`; `blueprint repair` puts it there", task.status))
}

fn wrong_list(names: &Names, task: &Task, entry: &Listed) -> Option<Diagnostic> {
    let (stands, belongs) = (names.lists.of(entry.list), names.lists.of(task.status));
    if stands == belongs {
        return None;
    }
    let message = format!("task {} is {}, but stands in the list `{stands}`", shown(&task.id), task.status);
    Some(disagrees(entry.reference.span.clone(), message))
}

fn again(names: &Names, task: &Task, first: &Listed, entry: &Listed) -> Diagnostic {
    let (one, other) = (names.lists.of(first.list), names.lists.of(entry.list));
    let id = shown(&task.id);
    let message = if one == other {
        format!("task {id} stands twice in the list `{one}`")
    } else {
        format!("task {id} stands in the lists `{one}` and `{other}`; it is {}", task.status)
    };
    Diagnostic::new(Code::InTwoLists, entry.reference.span.clone(), message)
        .label("again here")
        .related(first.reference.span.clone(), "first here")
}

fn own_status(task: &Task, own: &Ref) -> Option<Diagnostic> {
    match Status::from_word(&own.id) {
        Some(status) if status == task.status => None,
        Some(_) => {
            let (id, word) = (shown(&task.id), shown(&own.id));
            let message = format!("task {id} is {}, but says itself that it is {word}", task.status);
            Some(disagrees(own.span.clone(), message))
        }
        None => Some(no_status(task, &own.id, own.span.clone())),
    }
}

/// What many planners have every history begin with. It is no status, and none is missing for it.
const CREATED: &str = "created";

fn last_word(task: &Task, last: &Event) -> Option<Diagnostic> {
    let is_unknown = last.status.is_none() && last.word != CREATED;
    is_unknown.then(|| no_status(task, &last.word, last.span.clone()))
}

fn no_status(task: &Task, word: &str, span: std::ops::Range<usize>) -> Diagnostic {
    let message = match word {
        "" => format!("the last event of task {} has no status", shown(&task.id)),
        word => format!("{} is no status of a task; {} is {}", shown(word), shown(&task.id), task.status),
    };
    let problem = Diagnostic::new(Code::UnknownStatusWord, span, message);
    match nearest(word, Status::ALL.map(Status::as_str)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem,
    }
}

fn disagrees(span: std::ops::Range<usize>, message: String) -> Diagnostic {
    Diagnostic::new(Code::StatusDisagrees, span, message)
}

/// Shows what decides, where it is an event.
fn with_decider(problem: Diagnostic, xml: Xml<'_>, names: &'static Names, task: Option<Node>) -> Diagnostic {
    if problem.code != Code::StatusDisagrees {
        return problem;
    }
    match task.and_then(|task| deciding_event(xml, names, task)) {
        Some(event) => problem.related(xml.span(event), "the last event decides"),
        None => problem,
    }
}
