//! A skipped task counts as done, and stands for what it needs itself: what needs the skipped one waits for that, and is built on it.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::graph::tasks_beside;
use crate::genesis::{Genesis, Status};

/// Adds edges for what skipped tasks stand for, as long as that is not completed. The graph's first nodes are the document's tasks, any
/// further ones barriers; one with a cycle stays as it is.
pub(super) fn bridge(genesis: &Genesis, graph: &mut DiGraph<(), ()>) {
    let Ok(order) = toposort(&*graph, None) else { return };
    let passed = passed(genesis, graph, &order);
    let is_to_do = |node: NodeIndex| genesis.tasks()[node.index()].status != Status::Completed;
    let count = genesis.tasks().len();
    for skipped in order.into_iter().filter(|node| node.index() < count && passed[node.index()]) {
        let mut after = tasks_beside(graph, count, skipped, Direction::Outgoing);
        after.retain(|node| is_to_do(*node));
        if after.is_empty() {
            continue;
        }
        let before = what_it_stands_for(graph, count, skipped, &passed, is_to_do);
        let barrier = graph.add_node(());
        for node in before {
            graph.add_edge(node, barrier, ());
        }
        for node in after {
            graph.add_edge(barrier, node, ());
        }
    }
}

/// Of each node whether it lets through what is still to be done before it: a barrier, or a task that was skipped.
fn passed(genesis: &Genesis, graph: &DiGraph<(), ()>, order: &[NodeIndex]) -> Vec<bool> {
    let mut passed = vec![false; graph.node_count()];
    // Something before it, or it itself, is to be done.
    let mut waits = vec![false; graph.node_count()];
    for &node in order {
        let mut before = graph.neighbors_directed(node, Direction::Incoming);
        let has_open = before.any(|before| waits[before.index()]);
        let task = genesis.tasks().get(node.index());
        passed[node.index()] = has_open && task.is_none_or(|task| genesis.is_skipped(task));
        let is_to_do = task.is_some_and(|task| task.status != Status::Completed);
        waits[node.index()] = is_to_do || passed[node.index()];
    }
    passed
}

/// The tasks that are still to be done, by way of others that were skipped.
fn what_it_stands_for(
    graph: &DiGraph<(), ()>,
    count: usize,
    skipped: NodeIndex,
    passed: &[bool],
    is_to_do: impl Fn(NodeIndex) -> bool,
) -> BTreeSet<NodeIndex> {
    let (mut seen, mut open) = (BTreeSet::from([skipped]), vec![skipped]);
    while let Some(node) = open.pop() {
        for before in tasks_beside(graph, count, node, Direction::Incoming) {
            if (is_to_do(before) || passed[before.index()]) && seen.insert(before) && !is_to_do(before) {
                open.push(before);
            }
        }
    }
    seen.retain(|node| is_to_do(*node));
    seen
}

#[cfg(test)]
mod tests {
    use crate::genesis::{Genesis, SKIPPED, Status, TaskResult, Transition};
    use crate::plan::sample::Sample;
    use crate::plan::{Plan, Schedule, State, TaskIndex, load};

    fn done(genesis: &Genesis, task: &str, summary: &str) -> Genesis {
        let transition = Transition {
            task,
            to: Status::Completed,
            at: jiff::Timestamp::UNIX_EPOCH,
            actor: "ann",
            description: summary,
            changes: None,
            result: Some(TaskResult { summary: summary.into(), ..TaskResult::default() }),
        };
        let edit = genesis.transition(&transition).unwrap();
        genesis.apply(&edit).unwrap()
    }

    fn after(sample: &Sample, done_as: &[(&str, &str)]) -> Plan {
        let genesis = Genesis::parse(sample.text().into_bytes()).unwrap();
        let genesis = done_as.iter().fold(genesis, |genesis, (task, summary)| done(&genesis, task, summary));
        load(&genesis).unwrap()
    }

    fn needs(plan: &Plan, task: usize) -> Vec<usize> {
        plan.prerequisites(TaskIndex(task)).into_iter().map(|before| before.0).collect()
    }

    #[test]
    fn what_needs_skipped_tasks_waits_for_what_these_need_until_that_is_done() {
        let chain = Sample::of(4).edges([(0, 1), (1, 2), (2, 3)]);
        let both = [("t1", SKIPPED), ("t2", SKIPPED)];
        assert_eq!(needs(&after(&chain, &both), 3), [0, 2]);
        assert_eq!(needs(&after(&chain, &both[1..]), 3), [1, 2]);
        assert_eq!(needs(&after(&chain, &[both[0], both[1], ("t0", "made")]), 3), [2]);
        assert_eq!(needs(&after(&chain, &[("t1", "made"), ("t2", "made")]), 3), [2], "only skipped ones");
        let steps = Sample::of(4).levels(vec![vec![0, 1], vec![2], vec![3]]);
        assert_eq!(needs(&after(&steps, &both[1..]), 3), [0, 1, 2]);
    }

    #[test]
    fn a_schedule_starts_nothing_behind_a_skipped_task_too_early() {
        let plan = std::sync::Arc::new(after(&Sample::of(3).edges([(0, 1), (1, 2)]), &[("t1", SKIPPED)]));
        let schedule = Schedule::new(&plan, |index| match plan.task(index).status {
            Status::Completed => State::Ended(crate::plan::Ending::Completed),
            _ => State::Waiting { missing: 0 },
        });
        assert_eq!(*schedule.state(TaskIndex(0)), State::Ready);
        assert_eq!(*schedule.state(TaskIndex(2)), State::Waiting { missing: 1 });
    }
}
