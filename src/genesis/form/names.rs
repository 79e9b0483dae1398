//! What a form's table says.

use crate::genesis::Status;

/// The names of elements that lead from one element to others deep inside it.
pub(in crate::genesis) type Path = &'static [&'static str];

/// Where a value stands in its element. Of several places the first that is there holds it.
#[derive(Debug, Clone, Copy)]
pub(in crate::genesis) enum Field {
    /// In the text of a child element.
    Child(&'static str),
    /// In an attribute.
    Attribute(&'static str),
}

/// The places of one value, the one that is written first.
pub(in crate::genesis) type Fields = &'static [Field];

/// How one form spells everything. Paths begin at the root, unless they say otherwise.
#[derive(Debug)]
pub(in crate::genesis) struct Names {
    pub root: &'static str,
    pub metadata: Metadata,
    pub vision: Vision,
    pub stack: Stack,
    /// To each level, and the attribute that holds its number.
    pub level: Path,
    pub level_number: &'static str,
    /// A reference to a task, in levels and lists, and the place of its id.
    pub task_ref: &'static str,
    pub ref_id: Fields,
    /// To each dependency, and its ends.
    pub dependency: Path,
    pub from: Fields,
    pub to: Fields,
    pub task: TaskNames,
    /// Whether a reference alone makes a task.
    pub refs_are_tasks: bool,
    /// To the element with the status lists, and the lists' names in their order.
    pub tracker: Path,
    pub lists: Lists,
    /// To each entry of the audit log.
    pub audit: Path,
    pub audit_entry: AuditNames,
    pub knowledge: KnowledgeNames,
    /// To the counters.
    pub progress: Path,
    pub counters: Counters,
    /// The order of children, by the path of the element around them.
    pub order: &'static [(Path, &'static [&'static str])],
    /// The word for a status.
    pub word: fn(Status) -> &'static str,
}

/// Paths to what is known of the project.
#[derive(Debug)]
pub(in crate::genesis) struct Metadata {
    pub project_name: Path,
    pub epic_name: Path,
    pub status: Path,
    pub owner: Path,
    pub created_at: Path,
    pub updated_at: Path,
}

/// Paths to what is wanted.
#[derive(Debug)]
pub(in crate::genesis) struct Vision {
    pub problem: Path,
    pub objectives: Path,
    pub success_criteria: Path,
    pub constraints: Path,
    pub assumptions: Path,
}

/// Paths to what it is built of.
#[derive(Debug)]
pub(in crate::genesis) struct Stack {
    pub languages: Path,
    pub frameworks: Path,
    pub databases: Path,
    pub infrastructure: Path,
    pub quality: Path,
    pub quality_name: Fields,
    pub quality_target: Fields,
    pub quality_measurement: Fields,
}

/// A task. Paths in it begin at the task.
#[derive(Debug)]
pub(in crate::genesis) struct TaskNames {
    pub path: Path,
    pub id: &'static str,
    pub name: Fields,
    pub description: Fields,
    pub agent: Fields,
    pub estimate: Fields,
    pub status: Fields,
    pub dependencies: &'static str,
    pub acceptance: Path,
    pub event: Path,
    pub event_time: Fields,
    pub event_status: Fields,
    pub event_description: Fields,
    pub event_actor: Fields,
    pub result: ResultNames,
}

/// What came of a task.
#[derive(Debug)]
pub(in crate::genesis) struct ResultNames {
    pub element: &'static str,
    pub summary: &'static str,
    pub deliverable: Path,
    pub notes: &'static str,
}

/// The names of the status lists.
#[derive(Debug)]
pub(in crate::genesis) struct Lists {
    pub pending: &'static str,
    pub in_progress: &'static str,
    pub completed: &'static str,
    pub failed: &'static str,
}

/// The children of an entry of the audit log.
#[derive(Debug)]
pub(in crate::genesis) struct AuditNames {
    pub time: &'static str,
    pub kind: &'static str,
    pub description: &'static str,
    pub actor: &'static str,
    pub changes: &'static str,
}

/// The knowledge base.
#[derive(Debug)]
pub(in crate::genesis) struct KnowledgeNames {
    pub learning: LearningNames,
    pub decision: DecisionNames,
}

/// A learning: the path to each, and what is in it, in the order in which it is written.
#[derive(Debug)]
pub(in crate::genesis) struct LearningNames {
    pub path: Path,
    pub title: Fields,
    pub description: Fields,
    pub category: Fields,
    pub time: Fields,
}

/// A decision: the path to each, and what is in it, in the order in which it is written.
#[derive(Debug)]
pub(in crate::genesis) struct DecisionNames {
    pub path: Path,
    pub title: Fields,
    pub context: Fields,
    pub decision: Fields,
    pub rationale: Fields,
    pub time: Fields,
}

/// The counters.
#[derive(Debug)]
pub(in crate::genesis) struct Counters {
    pub total: &'static str,
    pub completed: &'static str,
    pub in_progress: &'static str,
    pub failed: &'static str,
    pub percentage: &'static str,
}

impl Lists {
    /// The name of the list that a task of that status stands in.
    pub(in crate::genesis) fn of(&self, status: Status) -> &'static str {
        match status {
            Status::Pending | Status::Blocked => self.pending,
            Status::InProgress => self.in_progress,
            Status::Completed => self.completed,
            Status::Failed | Status::Cancelled => self.failed,
        }
    }

    /// The statuses that have a list of their own, with its name, in the order of the lists.
    pub(in crate::genesis) fn all(&self) -> [(Status, &'static str); 4] {
        [Status::Pending, Status::InProgress, Status::Completed, Status::Failed]
            .map(|status| (status, self.of(status)))
    }
}

impl Names {
    /// The order of the children of the element at `path`; empty if none is given.
    pub(in crate::genesis) fn order_in(&self, path: &[&str]) -> &'static [&'static str] {
        let found = self.order.iter().find(|(of, _)| *of == path);
        found.map_or(&[], |(_, order)| order)
    }
}
