use std::collections::{BTreeMap, HashMap};

use petgraph::graph::{DiGraph, NodeIndex};

use super::graph::Parts;
use super::{Plan, Task, TaskId, TaskIndex, cycle, parse_estimate};
use crate::genesis::{self, Code, Diagnostic, Edge, Genesis, Ref, nearest};

/// Turns a document into a plan, or into every reason why it is none.
///
/// The union of `dependency` elements and the tasks' own `dependencies` makes the edges. Levels are only checked against
/// them, but for a plan with levels and not a single edge: there each task waits for all tasks of the level before.
///
/// # Errors
/// All diagnostics, warnings included, in the order of the document, when at least one is an error.
pub fn load(genesis: &Genesis) -> Result<Plan, Vec<Diagnostic>> {
    let mut loader = Loader::new(genesis);
    let tasks = loader.tasks();
    let graph = loader.graph();
    loader.report_cycles(&graph);
    loader.check_levels();
    let epic = loader.epic();
    let Loader { mut found, .. } = loader;
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    if found.iter().any(Diagnostic::is_error) {
        return Err(found);
    }
    let project = genesis.project();
    let parts = Parts {
        project: project.project_name.clone(),
        epic,
        status: project.status,
        warnings: found,
        tasks,
        graph,
    };
    Plan::new(parts).map_err(|on_cycle| vec![unreachable_cycle(genesis, on_cycle)])
}

struct Loader<'a> {
    genesis: &'a Genesis,
    by_id: HashMap<&'a str, TaskIndex>,
    found: Vec<Diagnostic>,
}

impl<'a> Loader<'a> {
    fn new(genesis: &'a Genesis) -> Self {
        let ids = genesis.tasks().iter().enumerate();
        // Of two tasks with one id the first counts; the document's own diagnostics have the error.
        let by_id = ids.rev().map(|(i, task)| (task.id.as_str(), TaskIndex(i))).collect();
        Self { genesis, by_id, found: genesis.diagnostics().to_vec() }
    }

    /// The epic's name; a plan that has none goes by its project's.
    fn epic(&mut self) -> String {
        let project = self.genesis.project();
        let mut names = [&project.epic_name, &project.project_name].into_iter();
        let found = names.find(|name| !name.trim().is_empty()).cloned();
        found.unwrap_or_else(|| {
            let message = "the plan has neither an `epicName` nor a `projectName`";
            self.found.push(
                Diagnostic::new(Code::MissingEpicName, 0..0, message)
                    .help("add `<epicName>` to `metadata`: branches and folders are named after it"),
            );
            String::new()
        })
    }

    fn tasks(&mut self) -> Vec<Task> {
        let genesis = self.genesis;
        genesis.tasks().iter().map(|task| self.task(task)).collect()
    }

    fn task(&mut self, task: &genesis::Task) -> Task {
        let estimate = task.estimate.as_ref().filter(|text| !text.id.trim().is_empty());
        Task {
            id: TaskId::from(task.id.as_str()),
            name: if task.name.is_empty() { task.id.clone() } else { task.name.clone() },
            agent: task.agent.as_ref().map(|agent| agent.id.clone()).filter(|agent| !agent.is_empty()),
            estimate: estimate.and_then(|text| self.estimate(&task.id, text)),
            status: task.status,
        }
    }

    fn estimate(&mut self, task: &str, text: &Ref) -> Option<std::time::Duration> {
        match parse_estimate(&text.id) {
            Ok(duration) => Some(duration),
            Err(error) => {
                let message = format!("task `{task}`: {error}");
                let help =
                    "write it like `45min`, `1.5h`, `1h30m` or `3 days`; until then an hour is assumed";
                self.found.push(Diagnostic::new(Code::BadDuration, text.span.clone(), message).help(help));
                None
            }
        }
    }

    fn graph(&mut self) -> DiGraph<(), ()> {
        let genesis = self.genesis;
        let mut graph = DiGraph::new();
        for _ in genesis.tasks() {
            graph.add_node(());
        }
        for edge in genesis.edges() {
            if let Some((from, to)) = self.ends(edge) {
                graph.add_edge(NodeIndex::new(from.0), NodeIndex::new(to.0), ());
            }
        }
        if genesis.edges().is_empty() {
            self.add_steps(&mut graph);
        }
        graph
    }

    fn ends(&mut self, edge: &Edge) -> Option<(TaskIndex, TaskIndex)> {
        let from = self.end(&edge.from);
        let to = self.end(&edge.to);
        Some((from?, to?))
    }

    fn end(&mut self, end: &Ref) -> Option<TaskIndex> {
        let found = self.by_id.get(end.id.as_str()).copied();
        if found.is_none() {
            let message = format!("a dependency names task `{}`, which is not in the plan", end.id);
            let diagnostic = Diagnostic::new(Code::UnknownTask, end.span.clone(), message);
            self.found.push(match nearest(&end.id, self.by_id.keys().copied()) {
                Some(id) => diagnostic.help(format!("did you mean `{id}`?")),
                None => diagnostic.help("add the task, or remove the dependency"),
            });
        }
        found
    }

    /// Levels without edges are steps: everything of one level waits for everything of the level before. One barrier
    /// between two steps says so, whatever their sizes.
    fn add_steps(&self, graph: &mut DiGraph<(), ()>) {
        let mut steps: BTreeMap<i64, Vec<TaskIndex>> = BTreeMap::new();
        for (index, (number, _)) in self.given_levels() {
            steps.entry(number).or_default().push(index);
        }
        let steps: Vec<_> = steps.into_values().collect();
        for pair in steps.windows(2) {
            let barrier = graph.add_node(());
            for from in &pair[0] {
                graph.add_edge(NodeIndex::new(from.0), barrier, ());
            }
            for to in &pair[1] {
                graph.add_edge(barrier, NodeIndex::new(to.0), ());
            }
        }
    }

    fn given_levels(&self) -> BTreeMap<TaskIndex, (i64, &'a Ref)> {
        let refs =
            self.genesis.levels().iter().flat_map(|level| level.refs.iter().map(move |r| (level.number, r)));
        let known = refs.filter_map(|(number, r)| Some((*self.by_id.get(r.id.as_str())?, (number, r))));
        known.collect()
    }

    fn report_cycles(&mut self, graph: &DiGraph<(), ()>) {
        for cycle in cycle::cycles(graph) {
            let ids: Vec<_> = cycle.iter().map(|index| self.genesis.tasks()[index.0].id.as_str()).collect();
            let (Some(&first), Some(&last)) = (ids.first(), ids.last()) else { continue };
            self.found.push(self.cycle(&ids, first, last));
        }
    }

    fn cycle(&self, ids: &[&str], first: &str, last: &str) -> Diagnostic {
        let closing = self.genesis.edges().iter().find(|edge| edge.from.id == last && edge.to.id == first);
        let span = closing.map_or(0..0, |edge| edge.from.span.clone());
        if ids.len() == 1 {
            let message = format!("task `{first}` waits for itself: {first} -> {first}");
            return Diagnostic::new(Code::SelfDependency, span, message).help("remove this dependency");
        }
        let message = format!("tasks wait for each other: {}", shorten(ids, first));
        Diagnostic::new(Code::Cycle, span, message)
            .label(format!("here `{first}` is made to wait for `{last}`"))
            .help("remove one of these dependencies")
    }

    fn check_levels(&mut self) {
        let levels = self.given_levels();
        for edge in self.genesis.edges() {
            let level =
                |end: &Ref| self.by_id.get(end.id.as_str()).and_then(|index| levels.get(index)).copied();
            let (Some((before, _)), Some((after, place))) = (level(&edge.from), level(&edge.to)) else {
                continue;
            };
            if after <= before {
                let message = format!(
                    "task `{}` has level {after}, but needs `{}` of level {before}",
                    edge.to.id, edge.from.id
                );
                self.found.push(
                    Diagnostic::new(Code::LevelAgainstEdges, place.span.clone(), message)
                        .help("the dependencies decide; correct the level"),
                );
            }
        }
    }
}

/// `a -> b -> c -> a`; of a long cycle the middle is left out.
fn shorten(ids: &[&str], first: &str) -> String {
    const SHOWN: usize = 12;
    if ids.len() <= SHOWN {
        return format!("{} -> {first}", ids.join(" -> "));
    }
    let (head, tail) = (&ids[..SHOWN - 2], &ids[ids.len() - 2..]);
    let left_out = ids.len() - SHOWN;
    format!("{} -> … {left_out} more … -> {} -> {first}", head.join(" -> "), tail.join(" -> "))
}

/// The topological order found a cycle that the search for cycles did not: said, rather than a panic.
fn unreachable_cycle(genesis: &Genesis, on_cycle: TaskIndex) -> Diagnostic {
    let task = &genesis.tasks()[on_cycle.0];
    Diagnostic::new(Code::Cycle, task.id_span.clone(), format!("task `{}` waits for itself", task.id))
}
