//! The document: text, element tree and typed view as one value that is never half right.

use jiff::Timestamp;

use super::check::check;
use super::scan::{decode, scan};
use super::tree::Tree;
use super::view::View;
use super::write;
use super::xml::Xml;
use super::{
    AuditEntry, Diagnostic, Edge, Edit, EditError, Form, Invalid, Level, Project, ProjectStatus, Task,
    Transition,
};

/// A plan's document.
#[derive(Debug, Clone)]
pub struct Genesis {
    source: String,
    tree: Tree,
    form: Form,
    view: View,
    diagnostics: Vec<Diagnostic>,
}

impl Genesis {
    /// Reads `bytes` as a plan.
    ///
    /// # Errors
    /// All problems at once, where they are no well-formed XML in UTF-8 or no known form of a plan.
    pub fn parse(bytes: Vec<u8>) -> Result<Genesis, Invalid> {
        let source = decode(bytes)?;
        match read(&source) {
            Ok((tree, form, view, diagnostics)) => Ok(Genesis { source, tree, form, view, diagnostics }),
            Err(diagnostics) => Err(Invalid { source, diagnostics }),
        }
    }

    /// The text, to the byte.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Which dialect it is written in.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The project as a whole.
    pub fn project(&self) -> &Project {
        &self.view.project
    }

    /// The tasks, in the order of the text.
    pub fn tasks(&self) -> &[Task] {
        &self.view.tasks
    }

    /// The first task of that id.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.view.task(id).map(|(task, _)| task)
    }

    /// Who waits for whom, from all places that say so, in the order of the text, each pair once.
    pub fn edges(&self) -> &[Edge] {
        &self.view.edges
    }

    /// The given levels, in the order of the text.
    pub fn levels(&self) -> &[Level] {
        &self.view.levels
    }

    /// What is wrong with it as a document; errors among them keep it from being a plan.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The edit that makes a status transition; empty if the task has that status already.
    ///
    /// # Errors
    /// If there is no such task.
    pub fn transition(&self, transition: &Transition<'_>) -> Result<Edit, EditError> {
        let edit = write::transition(self.xml(), self.form.names(), &self.view, transition)?;
        debug_assert!(self.arrives(&edit, transition), "{transition:?} does not arrive");
        Ok(edit)
    }

    /// The edit that sets the project's status; empty if it has it already, or no place for it.
    ///
    /// # Errors
    /// None at present.
    pub fn set_project_status(&self, status: ProjectStatus, at: Timestamp) -> Result<Edit, EditError> {
        Ok(write::project_status(self.xml(), self.form.names(), &self.view, status, at))
    }

    /// The edit that adds an entry to the audit log.
    pub fn audit(&self, entry: &AuditEntry<'_>) -> Edit {
        write::audit(self.xml(), self.form.names(), &self.view, entry)
    }

    /// The document with `edit` made.
    ///
    /// # Errors
    /// If the edit was made for another text, or leaves a document that cannot be read.
    pub fn apply(&self, edit: &Edit) -> Result<Genesis, EditError> {
        let source = edit.splice(&self.source)?;
        Genesis::parse(source.into_bytes()).map_err(|invalid| EditError::Breaks(Box::new(invalid)))
    }

    fn xml(&self) -> Xml<'_> {
        Xml { source: &self.source, tree: &self.tree }
    }

    /// Whether the document with `edit` made says what was asked for.
    fn arrives(&self, edit: &Edit, transition: &Transition<'_>) -> bool {
        let after = self.apply(edit).ok();
        let task = after.as_ref().and_then(|after| after.task(transition.task));
        task.is_some_and(|task| task.status == transition.to)
    }
}

fn read(source: &str) -> Result<(Tree, Form, View, Vec<Diagnostic>), Vec<Diagnostic>> {
    let tree = scan(source)?;
    let xml = Xml { source, tree: &tree };
    let form = Form::detect(xml).map_err(|problem| vec![problem])?;
    let view = View::read(xml, form.names());
    let diagnostics = check(xml, form.names(), &view);
    Ok((tree, form, view, diagnostics))
}

#[cfg(test)]
impl Genesis {
    /// The names of the lists in which `id` stands, once for each entry.
    pub(super) fn entries_of(&self, id: &str) -> Vec<&'static str> {
        let listed = self.view.listed.iter().filter(|listed| listed.reference.id == id);
        listed.map(|listed| self.form.names().lists.of(listed.list)).collect()
    }
}
