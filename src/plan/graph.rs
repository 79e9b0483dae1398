use std::collections::HashMap;
use std::time::Duration;

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::TaskId;
use crate::genesis::{Diagnostic, ProjectStatus, Status};

/// What a task without a readable estimate counts for on a path: an hour, as planners mostly mean.
const ASSUMED_ESTIMATE: Duration = Duration::from_hours(1);

/// A task's place in the plan, in document order from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskIndex(pub usize);

/// One task, with what scheduling needs to know of it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its name, or the id where it has none.
    pub name: String,
    /// Who does it, where the plan says so.
    pub agent: Option<String>,
    /// The planner's estimate, where it can be read.
    pub estimate: Option<Duration>,
    /// Its status in the document.
    pub status: Status,
}

/// A valid plan: tasks, and edges without a cycle.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The project's name.
    pub project: String,
    /// The epic's name.
    pub epic: String,
    /// The project's status word, where it is a known one.
    pub status: Option<ProjectStatus>,
    /// What is odd, but no reason to refuse the plan.
    pub warnings: Vec<Diagnostic>,
    tasks: Vec<Task>,
    by_id: HashMap<TaskId, TaskIndex>,
    graph: DiGraph<(), ()>,
    order: Vec<TaskIndex>,
    levels: Vec<usize>,
    urgency: Vec<Duration>,
}

/// What [`Plan::new`] is made from; the edges have no cycle.
pub(super) struct Parts {
    pub(super) project: String,
    pub(super) epic: String,
    pub(super) status: Option<ProjectStatus>,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) tasks: Vec<Task>,
    pub(super) graph: DiGraph<(), ()>,
}

impl Plan {
    /// Derives order, levels and urgency in one pass each over the graph.
    ///
    /// # Errors
    /// Gives a task on a cycle, if there is one.
    pub(super) fn new(parts: Parts) -> Result<Self, TaskIndex> {
        let order: Vec<_> = toposort(&parts.graph, None)
            .map_err(|cycle| TaskIndex(cycle.node_id().index()))?
            .into_iter()
            .map(|node| TaskIndex(node.index()))
            .collect();
        let by_id = parts.tasks.iter().enumerate().map(|(i, task)| (task.id.clone(), TaskIndex(i))).collect();
        let mut plan = Self {
            project: parts.project,
            epic: parts.epic,
            status: parts.status,
            warnings: parts.warnings,
            levels: vec![0; parts.tasks.len()],
            urgency: vec![Duration::ZERO; parts.tasks.len()],
            tasks: parts.tasks,
            by_id,
            graph: parts.graph,
            order,
        };
        plan.derive_levels();
        plan.derive_urgency();
        Ok(plan)
    }

    /// The number of tasks.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether the plan has no task at all.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// All tasks with their indices, in document order.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = (TaskIndex, &Task)> {
        self.tasks.iter().enumerate().map(|(i, task)| (TaskIndex(i), task))
    }

    /// The task at an index of this plan.
    pub fn task(&self, index: TaskIndex) -> &Task {
        &self.tasks[index.0]
    }

    /// Where a task with that id stands.
    pub fn find(&self, id: &str) -> Option<TaskIndex> {
        self.by_id.get(id).copied()
    }

    /// The tasks that must be completed before this one, in document order.
    pub fn prerequisites(&self, index: TaskIndex) -> Vec<TaskIndex> {
        self.neighbours(index, Direction::Incoming)
    }

    /// The tasks that wait for this one, in document order.
    pub fn dependents(&self, index: TaskIndex) -> Vec<TaskIndex> {
        self.neighbours(index, Direction::Outgoing)
    }

    /// The tasks in an order in which each comes after its prerequisites.
    pub fn topological(&self) -> &[TaskIndex] {
        &self.order
    }

    /// The longest chain of prerequisites before the task, from 0.
    pub fn level(&self, index: TaskIndex) -> usize {
        self.levels[index.0]
    }

    /// The longest path of estimates from the task's start to the plan's end, itself included.
    pub fn urgency(&self, index: TaskIndex) -> Duration {
        self.urgency[index.0]
    }

    /// The longest path through the plan by estimates, in order.
    pub fn critical_path(&self) -> Vec<TaskIndex> {
        let mut path = Vec::new();
        let roots = self.tasks().map(|(i, _)| i).filter(|&i| self.level(i) == 0).collect();
        let mut next = self.most_urgent(roots);
        while let Some(index) = next {
            path.push(index);
            next = self.most_urgent(self.dependents(index));
        }
        path
    }

    /// The given tasks and everything that they need, directly or not.
    pub fn with_prerequisites(&self, wanted: &[TaskIndex]) -> Vec<bool> {
        let mut marked = vec![false; self.len()];
        let mut open = wanted.to_vec();
        while let Some(index) = open.pop() {
            if !std::mem::replace(&mut marked[index.0], true) {
                open.extend(self.prerequisites(index));
            }
        }
        marked
    }

    /// What the task counts for on a path.
    pub fn weight(&self, index: TaskIndex) -> Duration {
        self.task(index).estimate.unwrap_or(ASSUMED_ESTIMATE)
    }

    /// The longest path by estimates, in which only the tasks count that `counts` picks.
    pub fn longest_path(&self, counts: impl Fn(TaskIndex) -> bool) -> Duration {
        let mut longest = vec![Duration::ZERO; self.len()];
        for &index in &self.order {
            let before = self.graph.neighbors_directed(NodeIndex::new(index.0), Direction::Incoming);
            let before = before.map(|node| longest[node.index()]).max().unwrap_or_default();
            longest[index.0] = before + if counts(index) { self.weight(index) } else { Duration::ZERO };
        }
        longest.into_iter().max().unwrap_or_default()
    }

    fn most_urgent(&self, among: Vec<TaskIndex>) -> Option<TaskIndex> {
        among.into_iter().max_by_key(|&i| (self.urgency(i), std::cmp::Reverse(i)))
    }

    fn neighbours(&self, index: TaskIndex, direction: Direction) -> Vec<TaskIndex> {
        let nodes = self.graph.neighbors_directed(NodeIndex::new(index.0), direction);
        let mut found: Vec<_> = nodes.map(|node| TaskIndex(node.index())).collect();
        found.sort_unstable();
        found
    }

    fn derive_levels(&mut self) {
        for &index in &self.order {
            let before = self.graph.neighbors_directed(NodeIndex::new(index.0), Direction::Incoming);
            self.levels[index.0] = before.map(|node| self.levels[node.index()] + 1).max().unwrap_or(0);
        }
    }

    fn derive_urgency(&mut self) {
        for &index in self.order.iter().rev() {
            let after = self.graph.neighbors_directed(NodeIndex::new(index.0), Direction::Outgoing);
            let longest = after.map(|node| self.urgency[node.index()]).max().unwrap_or_default();
            self.urgency[index.0] = longest + self.weight(index);
        }
    }
}
