//! What is written down in a document beside the tasks' status: learnings, decisions, notes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Edit, EditError, Genesis, view, write};

/// Something that wasn't known when the plan was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learning {
    /// In a few words.
    pub title: String,
    /// In more words; may be empty.
    pub description: String,
    /// What it is about.
    pub category: String,
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
}

/// A choice, and what spoke for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// In a few words.
    pub title: String,
    /// What made a choice necessary.
    pub context: String,
    /// What was chosen.
    pub decision: String,
    /// Why this and not the others.
    pub rationale: String,
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
}

/// Something to know about a task, for the audit log; its status stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The task's id.
    pub task: String,
    /// What it says.
    pub text: String,
    /// Who says it.
    pub actor: String,
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
}

/// A figure of what was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// In what; may be empty.
    pub unit: String,
    /// When; written as UTC in whole seconds.
    pub at: Timestamp,
}

/// What a document says that was learnt or decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// `decision`, or the category of a learning, or `learning` where it has none.
    pub kind: String,
    /// In a few words.
    pub title: String,
    /// In more words: of a learning its description, of a decision what made it necessary, what was chosen and why.
    pub texts: Vec<String>,
}

/// Any of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// For the knowledge base.
    Learning(Learning),
    /// For the knowledge base.
    Decision(Decision),
    /// For the audit log.
    Note(Note),
}

impl Genesis {
    /// The edit that adds a learning to the knowledge base; empty if it is there already, whenever it was written.
    ///
    /// # Errors
    /// None at present.
    pub fn learning(&self, learning: &Learning) -> Result<Edit, EditError> {
        Ok(write::learning(self.xml(), self.form().names(), self.view(), learning))
    }

    /// The edit that adds a decision to the knowledge base; empty if it is there already, whenever it was written.
    ///
    /// # Errors
    /// None at present.
    pub fn decision(&self, decision: &Decision) -> Result<Edit, EditError> {
        Ok(write::decision(self.xml(), self.form().names(), self.view(), decision))
    }

    /// The edit that adds a note about a task to the audit log, as an event of type `note`; empty if the same person or agent has said
    /// the same of it before.
    ///
    /// # Errors
    /// If there is no such task.
    pub fn note(&self, note: &Note) -> Result<Edit, EditError> {
        write::note(self.xml(), self.form().names(), self.view(), note)
    }

    /// The edit that adds measurements to the metrics, those left out that are there already. Empty for a document without metrics, and
    /// for a form in which they have no place.
    ///
    /// # Errors
    /// None at present.
    pub fn measurements(&self, measurements: &[Measurement]) -> Result<Edit, EditError> {
        let mut now: Option<Genesis> = None;
        for measurement in measurements {
            let before = now.as_ref().unwrap_or(self);
            let edit = write::measurement(before.xml(), before.form().names(), before.view(), measurement);
            if !edit.is_empty() {
                now = Some(before.apply(&edit)?);
            }
        }
        Ok(now.map_or_else(Edit::default, |now| Edit::between(self.source(), now.source())))
    }

    /// The edit that adds all `entries`, those left out that are there already.
    ///
    /// # Errors
    /// If a note is about a task that there is not.
    pub fn entries(&self, entries: &[Entry]) -> Result<Edit, EditError> {
        let mut now: Option<Genesis> = None;
        for entry in entries {
            let before = now.as_ref().unwrap_or(self);
            let edit = match entry {
                Entry::Learning(learning) => before.learning(learning)?,
                Entry::Decision(decision) => before.decision(decision)?,
                Entry::Note(note) => before.note(note)?,
            };
            if !edit.is_empty() {
                now = Some(before.apply(&edit)?);
            }
        }
        Ok(now.map_or_else(Edit::default, |now| Edit::between(self.source(), now.source())))
    }

    /// Learnings and decisions of the knowledge base, each sort in the order of the text.
    pub fn known(&self) -> Vec<Known> {
        view::known(self.xml(), self.form().names())
    }

    /// The notes about a task, the oldest first, each with who left it.
    pub fn notes(&self, task: &str) -> Vec<(Option<String>, String)> {
        write::notes(self.xml(), self.form().names(), task)
    }
}
