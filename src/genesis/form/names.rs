//! What a form's table says.

use crate::genesis::{ProjectStatus, Status};

use super::place::{EntryNames, Field, Fields, Path, Paths, Place, Places, Texts};

/// How one form spells everything. Paths begin at the root, unless they say otherwise.
#[derive(Debug)]
pub(in crate::genesis) struct Names {
    /// The form's name in messages.
    pub name: &'static str,
    pub root: &'static str,
    /// What shows that a document with this root has this form. Only the first element of each
    /// step is looked at.
    pub marks: &'static [Place],
    /// What a document without any marks must have to be of this form.
    pub needs: Path,
    pub metadata: Metadata,
    pub vision: Vision,
    pub stack: Stack,
    pub levels: &'static [LevelNames],
    pub nodes: NodeNames,
    pub edges: &'static [EdgeNames],
    pub task: TaskNames,
    /// Whether a reference makes a task where no task is written out.
    pub refs_are_tasks: bool,
    pub tracker: TrackerNames,
    /// The names of the status lists.
    pub lists: Lists,
    pub audit: EntryNames,
    pub knowledge: KnowledgeNames,
    /// A measurement of what was built, where the form has any.
    pub measurement: Option<EntryNames>,
    /// To the counters.
    pub progress: Paths,
    pub counters: Counters,
    /// The order of children, by the path of the element around them.
    pub order: &'static [Order],
    /// The words for a task's status, where the file itself has used no other yet.
    pub words: Words,
}

/// The children of the element at a path, in their order.
pub(in crate::genesis) type Order = (Path, &'static [&'static str]);

/// What is known of the project.
#[derive(Debug)]
pub(in crate::genesis) struct Metadata {
    pub project_name: Places,
    pub epic_name: Places,
    pub status: Places,
    pub owner: Places,
    pub created_at: Places,
    pub updated_at: Places,
}

/// What is wanted.
#[derive(Debug)]
pub(in crate::genesis) struct Vision {
    pub problem: Texts,
    pub objectives: Texts,
    pub success_criteria: Texts,
    pub constraints: Texts,
    pub assumptions: Texts,
}

/// What it is built of.
#[derive(Debug)]
pub(in crate::genesis) struct Stack {
    pub languages: Texts,
    pub frameworks: Texts,
    pub databases: Texts,
    pub infrastructure: Texts,
    pub quality: Path,
    pub quality_name: Fields,
    pub quality_target: Fields,
    pub quality_measurement: Fields,
}

/// A level, and the references in it.
#[derive(Debug)]
pub(in crate::genesis) struct LevelNames {
    pub path: Path,
    /// Its number.
    pub number: Fields,
    /// From the level to each reference, and the place of its id.
    pub refs: Paths,
    pub id: Fields,
}

/// A node of the graph: a second place for what is known of a task.
#[derive(Debug)]
pub(in crate::genesis) struct NodeNames {
    /// To each node; empty in a form that has none.
    pub path: Path,
    pub id: Fields,
    pub level: Fields,
    pub name: Fields,
    pub agent: Fields,
    pub estimate: &'static [Estimate],
}

/// A dependency, and its ends.
#[derive(Debug)]
pub(in crate::genesis) struct EdgeNames {
    pub path: Path,
    pub from: Fields,
    pub to: Fields,
}

/// A task. Paths in it begin at the task.
#[derive(Debug)]
pub(in crate::genesis) struct TaskNames {
    pub path: Path,
    pub id: &'static str,
    pub name: Fields,
    pub description: Fields,
    pub agent: Fields,
    pub estimate: &'static [Estimate],
    pub status: Fields,
    /// Whether a task always says its own status.
    pub status_made: bool,
    /// The prerequisites that the task itself names, and the child that each of them has for
    /// itself in this form; without one they stand in one text.
    pub dependencies: Fields,
    pub dependency: Option<&'static str>,
    pub acceptance: Texts,
    /// The history's events.
    pub event: EntryNames,
    pub result: ResultNames,
}

/// Where an estimate stands, and what a bare number there counts.
#[derive(Debug, Clone, Copy)]
pub(in crate::genesis) struct Estimate {
    pub field: Field,
    pub unit: Option<&'static str>,
}

/// What came of a task.
#[derive(Debug)]
pub(in crate::genesis) struct ResultNames {
    pub element: &'static str,
    pub summary: Fields,
    /// From the result to each thing that was made.
    pub deliverables: Texts,
    pub notes: Fields,
}

/// Where the status lists are.
#[derive(Debug)]
pub(in crate::genesis) struct TrackerNames {
    /// To the element around the lists.
    pub paths: Paths,
    /// Whether a document without lists gets them.
    pub made: bool,
    /// An entry of a list, and the place of its id.
    pub entry: &'static str,
    pub id: Fields,
    /// Where an entry among the failed says why.
    pub reason: Option<&'static str>,
}

/// The names of the status lists.
#[derive(Debug)]
pub(in crate::genesis) struct Lists {
    pub pending: &'static str,
    pub in_progress: &'static str,
    pub completed: &'static str,
    pub failed: &'static str,
}

/// What was learnt, and what was decided.
#[derive(Debug)]
pub(in crate::genesis) struct KnowledgeNames {
    pub learning: EntryNames,
    pub decision: EntryNames,
    /// What a decision says of itself as its category, where it stands among the learnings.
    pub decision_category: Option<&'static str>,
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

/// How the form words a status, by the place it stands in.
#[derive(Debug)]
pub(in crate::genesis) struct Words {
    /// In a task's own attribute or child.
    pub own: fn(Status) -> &'static str,
    /// In an event of its history.
    pub event: fn(Status) -> &'static str,
    pub project: fn(ProjectStatus) -> &'static str,
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

    /// The status that the list `name` is for. Files spell a list in other ways, too.
    pub(in crate::genesis) fn status(&self, name: &str) -> Option<Status> {
        let exact = self.all().into_iter().find(|(_, list)| *list == name);
        exact.map(|(status, _)| status).or_else(|| {
            let meant = Status::from_word(name)?;
            self.all().into_iter().find(|(status, _)| *status == meant).map(|(status, _)| status)
        })
    }
}

impl Names {
    /// The order of the children of the element at `path`; empty if none is given.
    pub(in crate::genesis) fn order_in(&self, path: &[&str]) -> &'static [&'static str] {
        let found = self.order.iter().find(|(of, _)| *of == path);
        found.map_or(&[], |(_, order)| order)
    }
}
