//! The forms (dialects) a plan is written in: which one a document has, and its table of names.

mod canonical;
mod daemon;
mod epic;
mod guide;
mod names;
mod place;
#[cfg(test)]
mod tests;
mod workflow;

pub(super) use names::{EdgeNames, Estimate, LevelNames, Names, ResultNames, TaskNames};
pub(super) use place::{EntryNames, Field, Fields, Part, Path, Paths, Place, Places, Texts};

use super::xml::Xml;
use super::{Code, Diagnostic, nearest, shown::shown};

/// A dialect of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As the schema has it.
    Canonical,
    /// Canonical, with no `tasks`: tasks are only referred to, from levels and status lists.
    Bare,
    /// A graph of nodes and edges, and attributes where the canonical form has children.
    Guide,
    /// Status lists in `executionPlan/dag`, and a log of entries with actions.
    Daemon,
    /// Root `workflow_status`, and names of words joined by underscores.
    Workflow,
    /// Root `genesis` with an `epic`, whose tasks say their own status.
    Epic,
}

impl Form {
    /// All of them. Where two fit a document equally well, the first counts.
    pub const ALL: [Form; 6] =
        [Form::Canonical, Form::Bare, Form::Guide, Form::Daemon, Form::Workflow, Form::Epic];

    /// Its name in messages.
    pub fn as_str(self) -> &'static str {
        self.names().name
    }

    /// Where a plan of this form says its epic's name and its project's, for messages: the names
    /// of the places, and how the first of them is written.
    pub fn epic_name(self) -> (String, String) {
        let metadata = &self.names().metadata;
        let usual = |places: Places| places.first().map_or_else(String::new, |place| place.field.to_string());
        let written = metadata.epic_name.first().map_or_else(String::new, Place::to_string);
        let (epic, project) = (usual(metadata.epic_name), usual(metadata.project_name));
        (format!("neither {epic} nor {project}"), written)
    }

    /// The form of a document; an error that says what was expected if it is none. A document
    /// with a known root and nothing known in it has the form that comes nearest.
    pub(super) fn detect(xml: Xml<'_>) -> Result<Form, Diagnostic> {
        let root = xml.name(Xml::ROOT);
        let of_root = || Form::ALL.into_iter().filter(|form| form.names().root == root);
        let nearest = of_root().next().ok_or_else(|| unknown_root(xml, root))?;
        let marked = of_root().rev().map(|form| (form.marks_in(xml), form)).max_by_key(|(marks, _)| *marks);
        if let Some((1.., form)) = marked {
            return Ok(form);
        }
        let plain = of_root().find(|form| leads_somewhere(xml, form.names().needs));
        Ok(plain.unwrap_or(nearest))
    }

    /// How this form spells things.
    pub(super) fn names(self) -> &'static Names {
        match self {
            Form::Canonical => &canonical::CANONICAL,
            Form::Bare => &canonical::BARE,
            Form::Guide => &guide::GUIDE,
            Form::Daemon => &daemon::DAEMON,
            Form::Workflow => &workflow::WORKFLOW,
            Form::Epic => &epic::EPIC,
        }
    }

    /// How many of the things that show this form are in the document.
    fn marks_in(self, xml: Xml<'_>) -> usize {
        self.names().marks.iter().filter(|mark| is_there(xml, mark)).count()
    }
}

/// Whether the first elements along the way lead to the place.
fn is_there(xml: Xml<'_>, place: &Place) -> bool {
    let around = place.around.iter().try_fold(Xml::ROOT, |node, step| xml.child(node, step));
    around.is_some_and(|node| match place.field {
        Field::Child(name) => xml.child(node, name).is_some(),
        Field::Attribute(name) => xml.attribute(node, name).is_some(),
        Field::Text => true,
    })
}

fn leads_somewhere(xml: Xml<'_>, path: Path) -> bool {
    path.iter().try_fold(Xml::ROOT, |node, step| xml.child(node, step)).is_some()
}

fn unknown_root(xml: Xml<'_>, found: &str) -> Diagnostic {
    let start = xml.span(Xml::ROOT).start + 1;
    let message = format!("the root element is {}, not {}", shown(found), roots());
    let known = Form::ALL.map(|form| form.names().root);
    let help = match nearest(found, known) {
        Some(near) if found.contains(':') => {
            format!("did you mean {}? it stands without a prefix", shown(near))
        }
        Some(near) => format!("did you mean {}?", shown(near)),
        None => format!("a plan's root element is {}, without a prefix", roots()),
    };
    Diagnostic::new(Code::UnknownRoot, start..start + found.len(), message).help(help)
}

/// `` `a`, `b` or `c` ``, each root once.
fn roots() -> String {
    let mut roots: Vec<String> = Vec::new();
    for form in Form::ALL {
        let root = format!("`{}`", form.names().root);
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    match roots.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => roots.concat(),
    }
}
