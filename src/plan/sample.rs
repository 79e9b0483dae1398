//! Small plans for tests, made as real ones are: from the text of a document.

use std::fmt::Write;
use std::sync::Arc;

use super::{Plan, load};
use crate::genesis::{Diagnostic, Genesis};

/// What a document is written from; the tasks are called `t0`, `t1` …
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub(super) estimates: Vec<String>,
    pub(super) edges: Vec<(usize, usize)>,
    pub(super) levels: Vec<Vec<usize>>,
}

impl Sample {
    /// So many tasks of an hour each.
    pub(super) fn of(tasks: usize) -> Self {
        Self { estimates: vec!["1h".into(); tasks], ..Self::default() }
    }

    pub(super) fn edges(self, edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        Self { edges: edges.into_iter().collect(), ..self }
    }

    pub(super) fn levels(self, levels: Vec<Vec<usize>>) -> Self {
        Self { levels, ..self }
    }

    pub(super) fn estimates(self, estimates: &[&str]) -> Self {
        Self { estimates: estimates.iter().map(ToString::to_string).collect(), ..self }
    }

    pub(super) fn plan(&self) -> Arc<Plan> {
        Arc::new(plan(&self.text()).unwrap())
    }

    pub(super) fn text(&self) -> String {
        let mut tasks = String::new();
        for (i, estimate) in self.estimates.iter().enumerate() {
            let _ = writeln!(
                tasks,
                "<task id=\"t{i}\"><name>n</name><description>d</description><estimatedDuration>{estimate}</estimatedDuration></task>"
            );
        }
        let mut dag = String::new();
        for (number, level) in self.levels.iter().enumerate() {
            let _ = write!(dag, "<parallelGroup level=\"{number}\">");
            for task in level {
                let _ = write!(dag, "<taskRef id=\"t{task}\"/>");
            }
            dag.push_str("</parallelGroup>\n");
        }
        let mut edges = String::new();
        for (from, to) in &self.edges {
            let _ = writeln!(edges, "<dependency><from>t{from}</from><to>t{to}</to></dependency>");
        }
        document(&format!("<parallelSets>{dag}</parallelSets><dependencies>{edges}</dependencies>"), &tasks)
    }
}

/// A document with that inside `executionDag` and `tasks`.
pub(super) fn document(dag: &str, tasks: &str) -> String {
    format!(
        "<projectGenesis version=\"1.0\"><metadata><projectName>p</projectName><epicName>e</epicName></metadata>\n\
         <executionPlan><executionDag>{dag}</executionDag>\n<tasks>\n{tasks}</tasks></executionPlan></projectGenesis>"
    )
}

pub(super) fn plan(text: &str) -> Result<Plan, Vec<Diagnostic>> {
    load(&Genesis::parse(text.as_bytes().to_vec()).unwrap())
}
