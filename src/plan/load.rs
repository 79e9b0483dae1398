use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use foldhash::HashMap;
use petgraph::graph::{DiGraph, NodeIndex};

use super::bridge::bridge;
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
    let mut loader = Loader::new(genesis, genesis.errors());
    let tasks = loader.tasks();
    let mut graph = loader.graph();
    loader.report_cycles(&graph);
    let epic = loader.epic();
    if loader.found.iter().any(Diagnostic::is_error) {
        return Err(diagnostics(genesis));
    }
    bridge(genesis, &mut graph);
    let project = genesis.project();
    let parts =
        Parts { project: project.project_name.clone(), epic, status: genesis.project_status(), tasks, graph };
    Plan::new(parts).map_err(|on_cycle| vec![unreachable_cycle(genesis, on_cycle)])
}

/// Everything that is wrong with a plan, errors and warnings, in the order of the document. [`load`] looks for errors alone, which takes
/// half the time.
pub fn diagnostics(genesis: &Genesis) -> Vec<Diagnostic> {
    let mut loader = Loader::new(genesis, genesis.diagnostics().to_vec());
    loader.tasks();
    let graph = loader.graph();
    loader.report_cycles(&graph);
    loader.check_levels();
    loader.epic();
    loader.found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    loader.found
}

struct Loader<'a> {
    genesis: &'a Genesis,
    by_id: HashMap<&'a str, TaskIndex>,
    edges: Vec<Edge>,
    found: Vec<Diagnostic>,
    /// How many more unknown ids get a suggestion.
    suggestions: usize,
}

/// Finding a suggestion looks at every task; nobody reads more of them than these.
const SUGGESTIONS: usize = 20;

impl<'a> Loader<'a> {
    /// A loader that has `found` something already.
    fn new(genesis: &'a Genesis, found: Vec<Diagnostic>) -> Self {
        let ids = genesis.tasks().iter().enumerate();
        // Of two tasks with one id the first counts; the document's own diagnostics have the error.
        let by_id = ids.rev().map(|(i, task)| (task.id.as_str(), TaskIndex(i))).collect();
        Self { genesis, by_id, edges: genesis.edges(), found, suggestions: SUGGESTIONS }
    }

    /// The epic's name; a plan that has none goes by its project's.
    fn epic(&mut self) -> String {
        let project = self.genesis.project();
        let mut names = [&project.epic_name, &project.project_name].into_iter();
        let found = names.find(|name| !name.trim().is_empty()).cloned();
        found.unwrap_or_else(|| {
            let (names, place) = self.genesis.form().epic_name();
            self.found.push(
                Diagnostic::new(
                    Code::MissingEpicName,
                    self.genesis.project_place(),
                    format!("the plan has {names}"),
                )
                .help(format!("add {place}: branches and folders are named after it")),
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
                let message = format!("the estimate of task `{task}` can't be read: {error}");
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
        let edges = std::mem::take(&mut self.edges);
        for edge in &edges {
            if let Some((from, to)) = self.ends(edge) {
                graph.add_edge(NodeIndex::new(from.0), NodeIndex::new(to.0), ());
            }
        }
        if edges.is_empty() {
            self.add_steps(&mut graph);
        }
        self.edges = edges;
        graph
    }

    fn ends(&mut self, edge: &Edge) -> Option<(TaskIndex, TaskIndex)> {
        let (from, to) = (&edge.from, &edge.to);
        if from.id == to.id {
            // One mistake, not two.
            let found =
                self.end(from, || format!("`{}` is to wait for itself, and is not in the plan", from.id));
            return found.zip(found);
        }
        if from.id.is_empty() && self.is_own(to) {
            self.found.push(names_nobody(from, to));
            return None;
        }
        let before = self.end(from, || match to.id.as_str() {
            "" => format!("a dependency is on `{}`, which is not in the plan", from.id),
            waiting => format!("task `{waiting}` waits for `{}`, which is not in the plan", from.id),
        });
        let after = self.end(to, || match from.id.as_str() {
            "" => format!("a dependency makes `{}` wait, which is not in the plan", to.id),
            before => format!("`{}` is to wait for task `{before}`, but is not in the plan", to.id),
        });
        Some((before?, after?))
    }

    /// Whether it is the task itself that says what it waits for.
    fn is_own(&self, to: &Ref) -> bool {
        self.genesis.task(&to.id).is_some_and(|task| task.id_span == to.span)
    }

    fn end(&mut self, end: &Ref, unknown: impl FnOnce() -> String) -> Option<TaskIndex> {
        let found = self.by_id.get(end.id.as_str()).copied();
        if found.is_none() || end.id.is_empty() {
            self.found.push(self.unknown(end, unknown));
            self.suggestions = self.suggestions.saturating_sub(1);
        }
        found.filter(|_| !end.id.is_empty())
    }

    fn unknown(&self, end: &Ref, unknown: impl FnOnce() -> String) -> Diagnostic {
        let problem = |message: String| Diagnostic::new(Code::UnknownTask, end.span.clone(), message);
        if end.id.is_empty() {
            let message = "a dependency must name two tasks: `from`, the one that comes first, and `to`, the one that waits";
            return problem(message.into()).help("name the missing one, or remove the dependency");
        }
        let known = (self.suggestions > 0).then(|| self.by_id.keys().copied().collect::<BTreeSet<_>>());
        match nearest(&end.id, known.into_iter().flatten()) {
            Some(id) => problem(unknown()).help(format!("did you mean `{id}`?")),
            None => problem(unknown()).help("add the task, or remove the dependency"),
        }
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
        let cycles = cycle::cycles(graph);
        if cycles.is_empty() {
            return;
        }
        let edges = self.edges.iter();
        let places: HashMap<_, _> =
            edges.map(|edge| ((edge.from.id.as_str(), edge.to.id.as_str()), &edge.from.span)).collect();
        for cycle in cycles {
            let ids: Vec<_> = cycle.iter().map(|index| self.genesis.tasks()[index.0].id.as_str()).collect();
            self.found.extend(cycle_found(&ids, &places));
        }
    }

    fn check_levels(&mut self) {
        let levels = self.given_levels();
        for edge in &self.edges {
            let level =
                |end: &Ref| self.by_id.get(end.id.as_str()).and_then(|index| levels.get(index)).copied();
            let (Some((before, other)), Some((after, place))) = (level(&edge.from), level(&edge.to)) else {
                continue;
            };
            if after <= before {
                let message = format!(
                    "task `{}` has level {after}, but needs `{}` of level {before}",
                    edge.to.id, edge.from.id
                );
                self.found.push(
                    Diagnostic::new(Code::LevelAgainstEdges, place.span.clone(), message)
                        .related(other.span.clone(), format!("`{}` is here", edge.from.id))
                        .help("the dependencies decide; correct the level"),
                );
            }
        }
    }
}

fn names_nobody(from: &Ref, to: &Ref) -> Diagnostic {
    let message = format!("a dependency of task `{}` names no task", to.id);
    Diagnostic::new(Code::UnknownTask, from.span.clone(), message)
        .help("write the task's id as its text: `<dependency>build-api</dependency>`")
}

/// Which task is made to wait for which, and where that is said.
type Places<'a> = HashMap<(&'a str, &'a str), &'a Range<usize>>;

/// Shown where it is closed; the other dependencies of the cycle are shown, too.
fn cycle_found(ids: &[&str], places: &Places<'_>) -> Option<Diagnostic> {
    let (&first, &last) = (ids.first()?, ids.last()?);
    let place = |from, to| places.get(&(from, to)).map_or(0..0, |&place| place.clone());
    if ids.len() == 1 {
        let message = format!("task `{first}` waits for itself: {first} -> {first}");
        let problem = Diagnostic::new(Code::SelfDependency, place(first, first), message);
        return Some(problem.help("remove this dependency"));
    }
    let message = format!("tasks wait for each other: {}", shorten(ids, first));
    let closing = Diagnostic::new(Code::Cycle, place(last, first), message)
        .label(format!("`{first}` waits for `{last}`"))
        .help("remove one of these dependencies");
    let others = ids
        .windows(2)
        .map(|pair| (place(pair[0], pair[1]), format!("`{}` waits for `{}`", pair[1], pair[0])));
    Some(others.fold(closing, |problem, (place, label)| problem.related(place, label)))
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
    let task = genesis.tasks().get(on_cycle.0);
    let (id, span) = task.map_or(("", 0..0), |task| (task.id.as_str(), task.id_span.clone()));
    Diagnostic::new(Code::Cycle, span, format!("task `{id}` waits for itself"))
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
