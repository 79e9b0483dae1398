use std::collections::BTreeSet;
use std::time::Duration;

use foldhash::HashMap;
use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::TaskId;
use crate::genesis::{ProjectStatus, Status};

/// What a task without a readable estimate counts for on a path: an hour, as planners mostly mean.
pub const ASSUMED_ESTIMATE: Duration = Duration::from_hours(1);

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
    tasks: Vec<Task>,
    by_id: HashMap<TaskId, TaskIndex>,
    /// A node for each task, in document order; after them the barriers.
    graph: DiGraph<(), ()>,
    /// All nodes, each after what stands before it.
    nodes: Vec<NodeIndex>,
    order: Vec<TaskIndex>,
    levels: Vec<usize>,
    urgency: Vec<Duration>,
}

/// A node of the graph.
///
/// Between two steps of which each task of the later one waits for all of the earlier one stands one barrier, so that so many
/// edges need no memory and no time. Nobody outside sees barriers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    Task(TaskIndex),
    Barrier(usize),
}

impl Node {
    pub(super) fn task(self) -> Option<TaskIndex> {
        match self {
            Self::Task(index) => Some(index),
            Self::Barrier(_) => None,
        }
    }
}

/// What [`Plan::new`] is made from. The graph's first nodes are the tasks; any further ones are barriers, which have tasks before and after
/// them only.
pub(super) struct Parts {
    pub(super) project: String,
    pub(super) epic: String,
    pub(super) status: Option<ProjectStatus>,
    pub(super) tasks: Vec<Task>,
    pub(super) graph: DiGraph<(), ()>,
}

impl Plan {
    /// Derives order, levels and urgency in one pass each over the graph.
    ///
    /// # Errors
    /// Gives a task on a cycle, if there is one.
    pub(super) fn new(parts: Parts) -> Result<Self, TaskIndex> {
        let nodes = toposort(&parts.graph, None).map_err(|cycle| TaskIndex(cycle.node_id().index()))?;
        let count = parts.tasks.len();
        let order = nodes.iter().map(|node| TaskIndex(node.index())).filter(|index| index.0 < count);
        let by_id = parts.tasks.iter().enumerate().map(|(i, task)| (task.id.clone(), TaskIndex(i))).collect();
        let mut plan = Self {
            project: parts.project,
            epic: parts.epic,
            status: parts.status,
            levels: Vec::new(),
            urgency: Vec::new(),
            order: order.collect(),
            nodes,
            tasks: parts.tasks,
            by_id,
            graph: parts.graph,
        };
        plan.levels = plan.derive_levels();
        plan.urgency = plan.derive_urgency();
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

    /// The tasks whose work this one is built on, in document order: its prerequisites; instead of one that `adds` nothing, what that one is
    /// built on itself.
    pub fn built_on(&self, index: TaskIndex, adds: impl Fn(TaskIndex) -> bool) -> Vec<TaskIndex> {
        let mut found = BTreeSet::new();
        let mut open = self.prerequisites(index);
        while let Some(before) = open.pop() {
            if found.insert(before) && !adds(before) {
                open.extend(self.prerequisites(before));
            }
        }
        found.retain(|before| adds(*before));
        found.into_iter().collect()
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
        let roots = self.tasks().map(|(i, _)| i).filter(|&i| self.level(i) == 0).collect();
        self.path_from(self.most_urgent(roots))
    }

    /// Whether some task has no estimate on the path that [`Plan::urgency`] is the length of.
    pub fn is_urgency_assumed(&self, index: TaskIndex) -> bool {
        self.path_from(Some(index)).into_iter().any(|index| self.task(index).estimate.is_none())
    }

    /// How many of the tasks that `counts` picks have no estimate: [`ASSUMED_ESTIMATE`] stands for each.
    pub fn unestimated(&self, counts: impl Fn(TaskIndex) -> bool) -> usize {
        self.tasks().filter(|(index, task)| task.estimate.is_none() && counts(*index)).count()
    }

    fn path_from(&self, first: Option<TaskIndex>) -> Vec<TaskIndex> {
        let (mut path, mut next) = (Vec::new(), first);
        while let Some(index) = next {
            path.push(index);
            next = self.most_urgent(self.dependents(index));
        }
        path
    }

    /// The given tasks and everything that they need, directly or not.
    pub fn with_prerequisites(&self, wanted: &[TaskIndex]) -> Vec<bool> {
        let mut marked = vec![false; self.graph.node_count()];
        let mut open: Vec<_> = wanted.iter().map(|index| NodeIndex::new(index.0)).collect();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut marked[node.index()], true) {
                open.extend(self.graph.neighbors_directed(node, Direction::Incoming));
            }
        }
        marked.truncate(self.len());
        marked
    }

    /// What the task counts for on a path.
    pub fn weight(&self, index: TaskIndex) -> Duration {
        self.task(index).estimate.unwrap_or(ASSUMED_ESTIMATE)
    }

    /// The longest path by estimates, in which only the tasks count that `counts` picks.
    pub fn longest_path(&self, counts: impl Fn(TaskIndex) -> bool) -> Duration {
        self.longest_path_by(|index| if counts(index) { self.weight(index) } else { Duration::ZERO })
    }

    /// The longest path, on which each task counts for what `weight` says.
    pub fn longest_path_by(&self, weight: impl Fn(TaskIndex) -> Duration) -> Duration {
        self.longest(self.nodes.iter(), Direction::Incoming, weight).into_iter().max().unwrap_or_default()
    }

    /// How many barriers the graph has.
    pub(super) fn barriers(&self) -> usize {
        self.graph.node_count() - self.len()
    }

    /// What stands directly before a node, in no particular order.
    pub(super) fn before(&self, node: Node) -> impl Iterator<Item = Node> + use<'_> {
        self.beside(node, Direction::Incoming)
    }

    /// What stands directly after a node, in no particular order.
    pub(super) fn after(&self, node: Node) -> impl Iterator<Item = Node> + use<'_> {
        self.beside(node, Direction::Outgoing)
    }

    fn beside(&self, node: Node, direction: Direction) -> impl Iterator<Item = Node> + use<'_> {
        let index = match node {
            Node::Task(index) => index.0,
            Node::Barrier(barrier) => self.len() + barrier,
        };
        self.graph.neighbors_directed(NodeIndex::new(index), direction).map(|node| self.node(node))
    }

    fn node(&self, node: NodeIndex) -> Node {
        match node.index().checked_sub(self.len()) {
            Some(barrier) => Node::Barrier(barrier),
            None => Node::Task(TaskIndex(node.index())),
        }
    }

    fn most_urgent(&self, among: Vec<TaskIndex>) -> Option<TaskIndex> {
        among.into_iter().max_by_key(|&i| (self.urgency(i), std::cmp::Reverse(i)))
    }

    /// The tasks beside a task, those behind a barrier included.
    fn neighbours(&self, index: TaskIndex, direction: Direction) -> Vec<TaskIndex> {
        let found = tasks_beside(&self.graph, self.len(), NodeIndex::new(index.0), direction);
        found.into_iter().map(|node| TaskIndex(node.index())).collect()
    }

    fn derive_levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.graph.node_count()];
        for &node in &self.nodes {
            let before = self.graph.neighbors_directed(node, Direction::Incoming);
            let above =
                |node: NodeIndex| levels[node.index()] + usize::from(self.node(node).task().is_some());
            levels[node.index()] = before.map(above).max().unwrap_or(0);
        }
        levels.truncate(self.len());
        levels
    }

    fn derive_urgency(&self) -> Vec<Duration> {
        let mut urgency =
            self.longest(self.nodes.iter().rev(), Direction::Outgoing, |index| self.weight(index));
        urgency.truncate(self.len());
        urgency
    }

    /// The longest path to each node from where `order` begins; `direction` leads back there.
    fn longest<'n>(
        &self,
        order: impl Iterator<Item = &'n NodeIndex>,
        direction: Direction,
        weight: impl Fn(TaskIndex) -> Duration,
    ) -> Vec<Duration> {
        let mut longest = vec![Duration::ZERO; self.graph.node_count()];
        for &node in order {
            let before = self.graph.neighbors_directed(node, direction);
            let before = before.map(|node| longest[node.index()]).max().unwrap_or_default();
            longest[node.index()] = before + self.node(node).task().map_or(Duration::ZERO, &weight);
        }
        longest
    }
}

/// The tasks beside a node, those behind a barrier included, in document order, each once. The first `tasks` nodes are tasks.
pub(super) fn tasks_beside(
    graph: &DiGraph<(), ()>,
    tasks: usize,
    node: NodeIndex,
    direction: Direction,
) -> Vec<NodeIndex> {
    let (mut found, mut open) = (Vec::new(), vec![node]);
    while let Some(node) = open.pop() {
        for beside in graph.neighbors_directed(node, direction) {
            let is_task = beside.index() < tasks;
            if is_task { found.push(beside) } else { open.push(beside) }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
