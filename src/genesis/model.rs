//! The typed view of a document: what a plan says, apart from how its form spells it.

use std::ops::Range;

use jiff::Timestamp;

use super::Status;

/// What the document says about the project as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// The project's name; empty where the document has none.
    pub project_name: String,
    /// The name that branches are made of; empty where the document has none.
    pub epic_name: String,
    /// `None` where it is missing or no known word.
    pub status: Option<super::ProjectStatus>,
    /// Who owns the plan.
    pub owner: Option<String>,
    /// As written.
    pub created_at: Option<String>,
    /// As written.
    pub updated_at: Option<String>,
    /// The problem to be solved.
    pub problem: String,
    /// What is to be reached.
    pub objectives: Vec<String>,
    /// When it is reached.
    pub success_criteria: Vec<String>,
    /// What limits the way.
    pub constraints: Vec<String>,
    /// What is taken for granted.
    pub assumptions: Vec<String>,
    /// Of the technical stack.
    pub languages: Vec<String>,
    /// Of the technical stack.
    pub frameworks: Vec<String>,
    /// Of the technical stack.
    pub databases: Vec<String>,
    /// Of the technical stack.
    pub infrastructure: Vec<String>,
    /// The quality attributes.
    pub quality: Vec<Quality>,
}

/// One quality attribute of the architecture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quality {
    /// Which quality.
    pub name: String,
    /// How much of it.
    pub target: String,
    /// How it is measured.
    pub measurement: String,
}

/// A word in the document that names something, with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// The word; empty where it is missing.
    pub id: String,
    /// Its bytes in the source.
    pub span: Range<usize>,
}

/// One task, as far as a schedule needs to know it. [`Details`] has the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id, as written.
    pub id: String,
    /// Where the id stands.
    pub id_span: Range<usize>,
    /// The whole task.
    pub span: Range<usize>,
    /// Its name; its id in a plan that only refers to tasks.
    pub name: String,
    /// Who is to do it.
    pub agent: Option<Ref>,
    /// How long it is to take, as written.
    pub estimate: Option<Ref>,
    /// The prerequisites that the task itself names.
    pub dependencies: Vec<Ref>,
    /// What the deciding source says (last event, else list, else the task's own status).
    pub status: Status,
    /// What the task itself says of its status beside its history: an attribute or a child, or
    /// both, as written.
    pub own_status: Vec<Ref>,
    /// What the last event says whose word is a status.
    pub last_status: Option<Status>,
}

/// What a task says at length: read when somebody asks, since hardly anybody asks it of all tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// What is to be done; empty where missing.
    pub description: String,
    /// When it is done.
    pub acceptance: Vec<String>,
    /// The events, oldest first.
    pub history: Vec<Event>,
    /// What came of it.
    pub result: Option<TaskResult>,
}

impl Details {
    /// The last event whose word is a status.
    pub fn newest(&self) -> Option<&Event> {
        self.history.iter().rfind(|event| event.status.is_some())
    }
}

/// One entry of a task's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// As written.
    pub timestamp: Option<String>,
    /// The status word, as written; empty where missing.
    pub word: String,
    /// What the word means; `None` for words that are no status.
    pub status: Option<Status>,
    /// What happened.
    pub description: Option<String>,
    /// Who did it.
    pub actor: Option<String>,
    /// The whole event.
    pub span: Range<usize>,
}

impl Event {
    /// When, if what it says is a time.
    pub fn at(&self) -> Option<Timestamp> {
        self.timestamp.as_deref()?.parse().ok()
    }
}

/// What came of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TaskResult {
    /// In a few words.
    pub summary: String,
    /// What was made.
    pub deliverables: Vec<String>,
    /// What else is to be known.
    pub notes: Option<String>,
}

/// A task (`to`) that waits for another (`from`). Either may name no task at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The prerequisite.
    pub from: Ref,
    /// The dependent.
    pub to: Ref,
}

/// A group of tasks that the planner thought can be done at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// As given; where it is no number, the position of the group, from 0.
    pub number: i64,
    /// The tasks in it.
    pub refs: Vec<Ref>,
    /// The whole group.
    pub span: Range<usize>,
}
