mod svg;

use std::fmt::Write;

use serde::Serialize;

pub(super) use self::svg::{STYLE as PICTURE_STYLE, picture};
use super::text::clean;
use crate::genesis::Status;
use crate::plan::{Plan, TaskIndex};

/// How a graph is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum GraphFormat {
    /// Level by level, for people.
    Text,
    /// For Graphviz.
    Dot,
    /// For Markdown that knows Mermaid.
    Mermaid,
    /// For programs.
    Json,
    /// A picture.
    Svg,
}

/// The tasks with their states, levels and edges; the critical path is marked.
pub fn graph(plan: &Plan, format: GraphFormat) -> String {
    match format {
        GraphFormat::Text => text(plan),
        GraphFormat::Dot => dot(plan),
        GraphFormat::Mermaid => mermaid(plan),
        GraphFormat::Json => json(plan),
        GraphFormat::Svg => svg::document(plan),
    }
}

fn text(plan: &Plan) -> String {
    if plan.is_empty() {
        return "the plan has no tasks\n".to_owned();
    }
    let critical = plan.critical_path();
    let mut out = String::new();
    for level in 0..levels(plan) {
        let _ = writeln!(out, "level {level}");
        for (index, task) in plan.tasks().filter(|(index, _)| plan.level(*index) == level) {
            let mark = if critical.contains(&index) { '*' } else { ' ' };
            let needs: Vec<_> = plan.prerequisites(index).into_iter().map(|i| id(plan, i)).collect();
            let needs = if needs.is_empty() { String::new() } else { format!("  <- {}", needs.join(", ")) };
            let _ = writeln!(out, "  {mark} {:<11} {}{needs}", task.status.as_str(), id(plan, index));
        }
    }
    let _ = writeln!(out, "* on the critical path");
    out
}

fn dot(plan: &Plan) -> String {
    let critical = plan.critical_path();
    let mut out = String::from("digraph plan {\n  rankdir=LR;\n  node [shape=box, style=filled];\n");
    for (index, task) in plan.tasks() {
        let width = if critical.contains(&index) { 2 } else { 1 };
        let (label, fill) = (dot_text(&id(plan, index)), fill(task.status));
        let status = task.status;
        let _ = writeln!(
            out,
            "  t{} [label={label}, tooltip=\"{status}\", fillcolor=\"{fill}\", penwidth={width}];",
            index.0
        );
    }
    for (from, to) in edges(plan) {
        let width = if is_critical(&critical, from, to) { " [penwidth=2]" } else { "" };
        let _ = writeln!(out, "  t{} -> t{}{width};", from.0, to.0);
    }
    out + "}\n"
}

fn mermaid(plan: &Plan) -> String {
    let critical = plan.critical_path();
    let mut out = String::from("flowchart LR\n");
    for (index, task) in plan.tasks() {
        let _ =
            writeln!(out, "  t{}[\"{}\"]:::{}", index.0, mermaid_text(&id(plan, index)), class(task.status));
    }
    for (from, to) in edges(plan) {
        let arrow = if is_critical(&critical, from, to) { "==>" } else { "-->" };
        let _ = writeln!(out, "  t{} {arrow} t{}", from.0, to.0);
    }
    for status in Status::ALL {
        let _ = writeln!(out, "  classDef {} fill:{}", class(status), fill(status));
    }
    out
}

#[derive(Serialize)]
struct Graph<'a> {
    version: u32,
    tasks: Vec<Node<'a>>,
    critical_path: Vec<&'a str>,
}

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    name: &'a str,
    status: Status,
    level: usize,
    needs: Vec<&'a str>,
    estimate_s: Option<u64>,
    urgency_s: u64,
}

fn json(plan: &Plan) -> String {
    let name = |index: TaskIndex| plan.task(index).id.as_str();
    let nodes = plan.tasks().map(|(index, task)| Node {
        id: task.id.as_str(),
        name: &task.name,
        status: task.status,
        level: plan.level(index),
        needs: plan.prerequisites(index).into_iter().map(name).collect(),
        estimate_s: task.estimate.map(|estimate| estimate.as_secs()),
        urgency_s: plan.urgency(index).as_secs(),
    });
    let critical_path = plan.critical_path().into_iter().map(name).collect();
    let graph = Graph { version: 1, tasks: nodes.collect(), critical_path };
    serde_json::to_string_pretty(&graph).unwrap_or_default() + "\n"
}

fn levels(plan: &Plan) -> usize {
    plan.tasks().map(|(index, _)| plan.level(index) + 1).max().unwrap_or(0)
}

fn edges(plan: &Plan) -> impl Iterator<Item = (TaskIndex, TaskIndex)> {
    plan.tasks().flat_map(|(from, _)| plan.dependents(from).into_iter().map(move |to| (from, to)))
}

fn is_critical(path: &[TaskIndex], from: TaskIndex, to: TaskIndex) -> bool {
    path.windows(2).any(|pair| pair == [from, to])
}

fn id(plan: &Plan, index: TaskIndex) -> String {
    clean(plan.task(index).id.as_str())
}

/// Graphviz takes entities by name out of labels, too.
fn dot_text(text: &str) -> String {
    format!("\"{}\"", text.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid takes entities by number: anything that could end the label or be markup goes by its own.
fn mermaid_text(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " -_./:,+@".contains(c);
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("#{};", u32::from(c)) }).collect()
}

fn class(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::InProgress => "progress",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Blocked => "blocked",
        Status::Cancelled => "cancelled",
    }
}

fn fill(status: Status) -> &'static str {
    match status {
        Status::Pending => "#eeeeee",
        Status::InProgress => "#bbddff",
        Status::Completed => "#bbeebb",
        Status::Failed => "#ffbbbb",
        Status::Blocked => "#ffe0a0",
        Status::Cancelled => "#cccccc",
    }
}

#[cfg(test)]
mod tests;
