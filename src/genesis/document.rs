//! The document: text, element tree and typed view as one value that is never half right.

use std::ops::Range;
use std::sync::OnceLock;

use jiff::Timestamp;

use super::check::{against_schema, check, errors};
use super::counts::Counts;
use super::patch::{Patched, patch};
use super::scan::{decode, scan};
use super::shift::Shift;
use super::tree::Tree;
use super::view::{Edited, View};
use super::write;
use super::xml::Xml;
use super::{
    AuditEntry, Batch, Details, Diagnostic, Edge, Edit, EditError, Form, Invalid, Level, NewTask, Project,
    ProjectStatus, Task, Transition, Work,
};

/// A plan's document.
#[derive(Debug, Clone)]
pub struct Genesis {
    source: String,
    tree: Tree,
    form: Form,
    view: View,
    /// Looked for when somebody asks.
    diagnostics: OnceLock<Vec<Diagnostic>>,
    /// Empty; but there is room in it for the text that the next edit leaves.
    spare: String,
}

/// By so many bytes a document may grow before the room for it has to be made anew.
const ROOM: usize = 4_096;
/// An edit with more splices is not worth it to be read piece by piece: each takes a walk over all that is behind it.
const FEW_SPLICES: usize = 64;

impl Genesis {
    /// Reads `bytes` as a plan.
    ///
    /// # Errors
    /// All problems at once, where they are no well-formed XML in UTF-8 or no known form of a plan.
    pub fn parse(bytes: Vec<u8>) -> Result<Genesis, Invalid> {
        let source = decode(bytes)?;
        match read(&source) {
            Ok((tree, form, view)) => {
                Ok(Genesis { source, tree, form, view, diagnostics: OnceLock::new(), spare: String::new() })
            }
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

    /// Where the project's name stands, or should: the start tag of what is there of the way to it.
    pub fn project_place(&self) -> Range<usize> {
        let xml = self.xml();
        let around = self.form.names().metadata.epic_name.first().map_or(&[][..], |place| place.around);
        let deepest = around.iter().try_fold(Xml::ROOT, |node, name| xml.child(node, name).ok_or(node));
        xml.start_tag(deepest.unwrap_or_else(|deepest| deepest))
    }

    /// The tasks, in the order of the text.
    pub fn tasks(&self) -> &[Task] {
        &self.view.tasks
    }

    /// The first task of that id.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.view.task(id).map(|(task, _)| task)
    }

    /// What the first task of that id says at length; nothing, where there is none, or one that is only referred to.
    pub fn details(&self, id: &str) -> Details {
        let index = self.view.find(id);
        index.map_or_else(Details::default, |index| self.view.details(self.xml(), self.form.names(), index))
    }

    /// Whether a change of that task's status leaves an event in its history: not if it is only referred to.
    pub fn keeps_history(&self, id: &str) -> bool {
        self.view.task(id).is_some_and(|(_, element)| element.is_some())
    }

    /// Who waits for whom, from all places that say so, in the order of the text, each pair once. Read when somebody asks: whoever has made a
    /// graph of them needs them no more.
    pub fn edges(&self) -> Vec<Edge> {
        self.view.edges(self.xml(), self.form.names())
    }

    /// The given levels, in the order of the text.
    pub fn levels(&self) -> &[Level] {
        &self.view.levels
    }

    /// What keeps it from being a plan: the errors among [`Genesis::diagnostics`], found in a fraction of the time.
    pub fn errors(&self) -> Vec<Diagnostic> {
        errors(self.xml(), self.form.names(), &self.view)
    }

    /// What is wrong with it as a document; errors among them keep it from being a plan.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.diagnostics.get_or_init(|| check(self.xml(), self.form.names(), &self.view))
    }

    /// What is not as the schema `genesis.xsd` has it. Not part of [`Genesis::diagnostics`]: a plan can do without.
    pub fn against_schema(&self) -> Vec<Diagnostic> {
        against_schema(&self.source, self.form)
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

    /// A batch of transitions, to be made together later; nothing, if this document has no room for one: each has to be made by itself,
    /// then.
    pub fn batch(&self) -> Option<Batch> {
        Batch::begin(self)
    }

    /// The project's status as its tasks stand, whatever the document says of it.
    pub fn project_status(&self) -> Option<ProjectStatus> {
        Counts::of(&self.view.tasks, None).project(self.view.project.status, Work::GoesOn)
    }

    /// The edit that makes the project's status follow from its tasks, as each transition does; empty if it does already, or the document has
    /// no place for it.
    ///
    /// # Errors
    /// None at present.
    pub fn settle_project_status(&self, work: Work, at: Timestamp) -> Result<Edit, EditError> {
        Ok(write::project_status(self.xml(), self.form.names(), &self.view, work, at))
    }

    /// The edit that makes every place that tells a task's status follow the one that decides, and corrects the counters; empty where
    /// all agree. No task's status changes by it.
    pub fn repair(&self) -> Edit {
        write::repair(self.xml(), self.form.names(), &self.view)
    }

    /// The edit that adds a task, pending, behind the others.
    ///
    /// # Errors
    /// If its id is taken, a task that it names is not there, or the document has no place for it.
    pub fn add_task(&self, task: &NewTask<'_>) -> Result<Edit, EditError> {
        write::add_task(self.xml(), self.form.names(), &self.view, task)
    }

    /// The edit that adds an entry to the audit log.
    pub fn audit(&self, entry: &AuditEntry<'_>) -> Edit {
        write::audit(self.xml(), self.form.names(), &self.view, entry)
    }

    /// Makes `edit` here: only what it touches is read anew.
    ///
    /// # Errors
    /// If the edit was made for another text, or leaves a document that cannot be read. The document is then as it was.
    pub fn edit(&mut self, edit: &Edit) -> Result<(), EditError> {
        let mut source = std::mem::take(&mut self.spare);
        // Enough for the next edits as well.
        source.reserve_exact(self.source.len() + ROOM);
        edit.splice_to(&self.source, &mut source)?;
        if edit.splices.len() > FEW_SPLICES {
            return self.take_anew(source);
        }
        let shift = Shift::new(&edit.splices);
        let tree = std::mem::take(&mut self.tree);
        match patch(tree, &self.source, &source, &edit.splices, &shift) {
            Some(patched) if self.keeps_its_form(&source, &patched) => {
                self.take_patched(source, patched, &shift);
            }
            Some(_) | None => self.take_anew(source)?,
        }
        debug_assert!(self.is_as_if_parsed(), "the edit {edit:?} leaves something else than its text");
        Ok(())
    }

    /// The document with `edit` made.
    ///
    /// # Errors
    /// If the edit was made for another text, or leaves a document that cannot be read.
    pub fn apply(&self, edit: &Edit) -> Result<Genesis, EditError> {
        let mut edited = self.clone();
        edited.edit(edit)?;
        Ok(edited)
    }

    fn keeps_its_form(&self, source: &str, patched: &Patched) -> bool {
        Form::detect(Xml { source, tree: &patched.tree }).ok() == Some(self.form)
    }

    fn take_patched(&mut self, source: String, patched: Patched, shift: &Shift) {
        let xml = Xml { source: &source, tree: &patched.tree };
        let names = self.form.names();
        let view = std::mem::take(&mut self.view);
        self.view = view.after(Edited { xml, names, patches: &patched.patches, shift });
        self.spare = std::mem::replace(&mut self.source, source);
        self.spare.clear();
        self.tree = patched.tree;
        self.diagnostics = OnceLock::new();
    }

    fn take_anew(&mut self, source: String) -> Result<(), EditError> {
        match Genesis::parse(source.into_bytes()) {
            Ok(read) => *self = read,
            Err(invalid) => {
                self.tree = scan(&self.source).unwrap_or_default();
                return Err(EditError::Breaks(Box::new(invalid)));
            }
        }
        Ok(())
    }

    fn is_as_if_parsed(&self) -> bool {
        // Tests that make thousands of edits would do nothing but read a large one again.
        const LARGE: usize = 32 * 1024;
        if self.source.len() > LARGE {
            return true;
        }
        let parsed = Genesis::parse(self.source.clone().into_bytes()).ok();
        parsed.is_some_and(|parsed| {
            (self.form, &self.tree, &self.view) == (parsed.form, &parsed.tree, &parsed.view)
        })
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn xml(&self) -> Xml<'_> {
        Xml { source: &self.source, tree: &self.tree }
    }

    /// Whether the document with `edit` made says what was asked for.
    fn arrives(&self, edit: &Edit, transition: &Transition<'_>) -> bool {
        let after = self.apply(edit).ok();
        let task = after.as_ref().and_then(|after| after.task(transition.task));
        task.is_some_and(|task| task.status == transition.to)
    }
}

/// The number of elements in `text`, if it is well-formed XML; whether it is a plan is not asked.
///
/// # Errors
/// Everything that keeps it from being well-formed.
pub fn well_formed(text: &str) -> Result<usize, Vec<Diagnostic>> {
    scan(text).map(|tree| tree.len())
}

fn read(source: &str) -> Result<(Tree, Form, View), Vec<Diagnostic>> {
    let tree = scan(source)?;
    let xml = Xml { source, tree: &tree };
    let form = Form::detect(xml).map_err(|problem| vec![problem])?;
    let view = View::read(xml, form.names());
    Ok((tree, form, view))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;

#[cfg(test)]
impl Genesis {
    /// The names of the lists in which `id` stands, once for each entry.
    pub(super) fn entries_of(&self, id: &str) -> Vec<&'static str> {
        let listed = self.view.listed.iter().filter(|listed| listed.reference.id == id);
        listed.map(|listed| self.form.names().lists.of(listed.list)).collect()
    }
}
