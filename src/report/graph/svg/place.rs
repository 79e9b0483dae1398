//! Where tasks and arrows are.

use std::collections::BTreeMap;

use dagre::graph::{Edge, Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, Ranker, layout};

use super::net::{End, Net};
use crate::plan::{Plan, TaskIndex};

/// A point of the picture, in pixels from its upper left corner.
pub(super) type Point = (f64, f64);

/// More tasks are placed in plain rows: the search for few crossings takes longer than anybody waits.
const SEARCHED: usize = 400;

/// How large a task is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Between the columns, and between the rows.
const GAP: Size = Size { width: 76.0, height: 14.0 };

/// The plan's net with a place for everything.
#[derive(Debug)]
pub(super) struct Places {
    /// Of each task its middle.
    pub(super) tasks: Vec<Point>,
    /// The way of each arrow.
    pub(super) arrows: Vec<(End, End, Vec<Point>)>,
    /// Of each level its middle.
    pub(super) levels: Vec<f64>,
    pub(super) size: Size,
}

impl Places {
    /// Each level of the plan is a column.
    pub(super) fn of(plan: &Plan, net: &Net, task: Size) -> Self {
        let ends = if plan.len() > SEARCHED { in_rows(plan, net, task) } else { searched(plan, net, task) };
        let tasks: Vec<_> =
            plan.tasks().map(|(index, _)| ends.at(End::Task(index)).unwrap_or_default()).collect();
        let levels = plan.tasks().map(|(index, _)| plan.level(index) + 1).max().unwrap_or(0);
        let mut middles = vec![0.0; levels];
        for (index, _) in plan.tasks() {
            middles[plan.level(index)] = tasks[index.0].0;
        }
        let right = tasks.iter().map(|(x, _)| x + task.width / 2.0).fold(0.0, f64::max);
        let ways = ends.ways.iter().flat_map(|(.., way)| way).map(|(_, y)| *y);
        let bottom = tasks.iter().map(|(_, y)| y + task.height / 2.0).chain(ways).fold(0.0, f64::max);
        Self { tasks, arrows: ends.ways, levels: middles, size: Size { width: right, height: bottom } }
    }
}

impl Places {
    /// An arrow's way, level where it passes a column: it bends between them only, so that it crosses no task.
    pub(super) fn routed(&self, from: End, to: End, way: &[Point], task: Size) -> Vec<Point> {
        let half = task.width / 2.0;
        let side = |end: End, point: Option<&Point>, side: f64| match task_of(end) {
            Some(index) => self.tasks.get(index.0).map(|(x, y)| (x + side * half, *y)),
            None => point.copied(),
        };
        let (start, end) = (side(from, way.first(), 1.0), side(to, way.last(), -1.0));
        let inner = way.get(1..way.len().saturating_sub(1)).unwrap_or_default().iter();
        let is_past =
            |x: f64| start.is_some_and(|(left, _)| x > left) && end.is_some_and(|(right, _)| x < right);
        let columns = inner.filter_map(|(x, y)| {
            let column = self.levels.iter().find(|middle| (*middle - x).abs() < half / 2.0)?;
            is_past(*x).then_some([(column - half, *y), (column + half, *y)])
        });
        start.into_iter().chain(columns.flatten()).chain(end).collect()
    }
}

struct Ends {
    at: BTreeMap<End, Point>,
    ways: Vec<(End, End, Vec<Point>)>,
}

impl Ends {
    fn at(&self, end: End) -> Option<Point> {
        self.at.get(&end).copied()
    }
}

/// With as few crossings as can be found.
fn searched(plan: &Plan, net: &Net, task: Size) -> Ends {
    let mut graph = Graph::with_options(GraphOptions { directed: true, multigraph: false, compound: false });
    let ends = ends(plan, net);
    for end in &ends {
        graph.set_node(name(*end), Some(node(*end, task)));
    }
    for (from, to) in &net.arrows {
        // A knot stands between two levels. So long is every arrow that each task is on its level.
        let length = (rank(plan, net, *to) - rank(plan, net, *from)).max(1);
        let label = EdgeLabel { minlen: length, ..EdgeLabel::default() };
        graph.set_edge(name(*from), name(*to), Some(label), None);
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: GAP.height,
        edgesep: GAP.height,
        ranksep: GAP.width / 2.0,
        ranker: Ranker::TightTree,
        ..LayoutOptions::default()
    };
    layout(&mut graph, Some(options));
    let at = |end: &End| {
        let node = graph.node(&name(*end))?;
        Some((*end, (node.x?, node.y?)))
    };
    let way = |(from, to): &(End, End)| {
        let label = graph.edge_by_obj(&Edge::new(name(*from), name(*to)));
        let points = label.map(|label| label.points.iter().map(|point| (point.x, point.y)).collect());
        (*from, *to, points.unwrap_or_default())
    };
    Ends { at: ends.iter().filter_map(at).collect(), ways: net.arrows.iter().map(way).collect() }
}

fn ends(plan: &Plan, net: &Net) -> Vec<End> {
    let tasks = plan.tasks().map(|(index, _)| End::Task(index));
    tasks.chain((0..net.knots.len()).map(End::Knot)).collect()
}

fn name(end: End) -> String {
    match end {
        End::Task(index) => format!("t{}", index.0),
        End::Knot(number) => format!("k{number}"),
    }
}

fn node(end: End, task: Size) -> NodeLabel {
    let (width, height) = match end {
        End::Task(_) => (task.width, task.height),
        End::Knot(_) => (1.0, 1.0),
    };
    NodeLabel { width, height, ..NodeLabel::default() }
}

/// Tasks are on even ranks.
fn rank(plan: &Plan, net: &Net, end: End) -> i32 {
    let rank = match end {
        End::Task(index) => plan.level(index) * 2,
        End::Knot(number) => (net.knots.get(number).copied().unwrap_or(0) * 2).saturating_sub(1),
    };
    i32::try_from(rank).unwrap_or(i32::MAX)
}

/// Level by level, each in the order of the file.
#[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
fn in_rows(plan: &Plan, net: &Net, task: Size) -> Ends {
    let (column, row) = (task.width + GAP.width, task.height + GAP.height);
    let mut filled = BTreeMap::<usize, usize>::new();
    let mut at = BTreeMap::new();
    for (index, _) in plan.tasks() {
        let level = plan.level(index);
        let above = filled.entry(level).or_default();
        let (x, y) = (level as f64 * column + task.width / 2.0, *above as f64 * row + task.height / 2.0);
        at.insert(End::Task(index), (x, y));
        *above += 1;
    }
    for (number, level) in net.knots.iter().enumerate() {
        let x = *level as f64 * column - GAP.width / 2.0;
        at.insert(End::Knot(number), (x, number as f64 * GAP.height));
    }
    let way = |(from, to): &(End, End)| {
        let (start, end) = (at.get(from).copied()?, at.get(to).copied()?);
        let half = |end: &End| if matches!(end, End::Task(_)) { task.width / 2.0 } else { 0.0 };
        Some((*from, *to, vec![(start.0 + half(from), start.1), (end.0 - half(to), end.1)]))
    };
    let ways = net.arrows.iter().filter_map(way).collect();
    Ends { at, ways }
}

/// The index of a task that an end is.
pub(super) fn task_of(end: End) -> Option<TaskIndex> {
    match end {
        End::Task(index) => Some(index),
        End::Knot(_) => None,
    }
}
