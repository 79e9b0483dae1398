use std::collections::{HashMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::TaskIndex;

/// One cycle out of every knot of the graph, each beginning with its first task in document order and as short as
/// there is one through that task; the first task is not repeated at the end.
///
/// Kosaraju's algorithm, because petgraph's Tarjan recurses and a long chain would overflow the stack.
pub(super) fn cycles(graph: &DiGraph<(), ()>) -> Vec<Vec<TaskIndex>> {
    let mut found: Vec<_> =
        kosaraju_scc(graph).into_iter().filter_map(|knot| cycle_in(graph, knot)).collect();
    found.sort();
    found
}

fn cycle_in(graph: &DiGraph<(), ()>, mut knot: Vec<NodeIndex>) -> Option<Vec<TaskIndex>> {
    knot.sort_unstable();
    let start = *knot.first()?;
    let mut came_from: HashMap<NodeIndex, NodeIndex> = HashMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for next in graph.neighbors(node) {
            if next == start {
                return Some(path_back(&came_from, node, start));
            }
            if knot.binary_search(&next).is_ok() && !came_from.contains_key(&next) {
                came_from.insert(next, node);
                open.push_back(next);
            }
        }
    }
    None
}

fn path_back(came_from: &HashMap<NodeIndex, NodeIndex>, last: NodeIndex, start: NodeIndex) -> Vec<TaskIndex> {
    let mut path = vec![TaskIndex(last.index())];
    let mut node = last;
    while node != start {
        let Some(&before) = came_from.get(&node) else { break };
        node = before;
        path.push(TaskIndex(node.index()));
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(u32, u32)]) -> DiGraph<(), ()> {
        DiGraph::from_edges(edges)
    }

    fn indices(paths: &[&[usize]]) -> Vec<Vec<TaskIndex>> {
        paths.iter().map(|path| path.iter().map(|&i| TaskIndex(i)).collect()).collect()
    }

    #[test]
    fn a_graph_without_cycle_has_none() {
        assert_eq!(cycles(&graph(&[(0, 1), (0, 2), (1, 3), (2, 3)])), indices(&[]));
    }

    #[test]
    fn every_knot_is_shown_once_by_a_shortest_cycle_through_its_first_task() {
        let found = cycles(&graph(&[(3, 1), (1, 2), (2, 3), (2, 1), (5, 4), (4, 5), (6, 6), (0, 1)]));
        assert_eq!(found, indices(&[&[1, 2], &[4, 5], &[6]]));
    }

    #[test]
    fn a_ring_of_fifty_thousand_is_found_without_recursion() {
        let edges: Vec<_> = (0..50_000).map(|i| (i, (i + 1) % 50_000)).collect();
        assert_eq!(cycles(&graph(&edges))[0].len(), 50_000);
    }
}
