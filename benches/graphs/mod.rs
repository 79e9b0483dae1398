//! Graphs of tasks that do nothing, as plans and as files for ninja.

use std::fmt::Write;

/// Tasks, each with those that it waits for.
pub(crate) struct Graph {
    pub(crate) name: &'static str,
    needs: Vec<Vec<usize>>,
}

impl Graph {
    /// Layers of so many tasks; each waits for `edges` tasks of the layer before.
    pub(crate) fn layers(layers: usize, width: usize, edges: usize) -> Self {
        let of = |task: usize| {
            let (layer, place) = (task / width, task % width);
            let before = |edge: usize| (layer - 1) * width + (place + edge * 7) % width;
            if layer == 0 { Vec::new() } else { (0..edges).map(before).collect() }
        };
        Self { name: "layers", needs: (0..layers * width).map(of).collect() }
    }

    /// Each waits for the one before.
    pub(crate) fn chain(tasks: usize) -> Self {
        Self {
            name: "chain",
            needs: (0..tasks).map(|task| task.checked_sub(1).into_iter().collect()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.needs.len()
    }

    /// A plan in the canonical form.
    pub(crate) fn plan(&self) -> String {
        let mut text = HEAD.to_owned();
        for (task, needs) in self.needs.iter().enumerate() {
            let needs: Vec<_> = needs.iter().map(|need| id(*need)).collect();
            let needs = if needs.is_empty() {
                String::new()
            } else {
                format!("<dependencies>{}</dependencies>", needs.join(","))
            };
            let _ = writeln!(
                text,
                "      <task id=\"{}\"><name>Step {task}</name>{needs}<statusHistory>\n        <event><timestamp>2026-01-05T08:00:00Z\
                 </timestamp><status>pending</status></event>\n      </statusHistory></task>",
                id(task)
            );
        }
        text.push_str("    </tasks>\n    <statusTracker>\n      <pending>\n");
        for task in 0..self.len() {
            let _ = writeln!(text, "        <taskRef id=\"{}\"/>", id(task));
        }
        text.push_str(TAIL);
        text
    }

    /// The same for ninja, whose files stand for tasks; none is ever made.
    pub(crate) fn ninja(&self, program: &str) -> String {
        let mut text = format!("rule task\n  command = {program}\n");
        for (task, needs) in self.needs.iter().enumerate() {
            let needs: Vec<_> = needs.iter().map(|need| id(*need)).collect();
            let _ = writeln!(text, "build {}: task {}", id(task), needs.join(" "));
        }
        text
    }
}

fn id(task: usize) -> String {
    format!("t{task:05}")
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<projectGenesis version="1.0">
  <metadata>
    <projectName>Benchmark</projectName>
    <epicName>benchmark</epicName>
    <status>planning</status>
    <createdAt>2026-01-05T08:00:00Z</createdAt>
    <lastUpdatedAt>2026-01-05T08:00:00Z</lastUpdatedAt>
  </metadata>
  <executionPlan>
    <executionDag/>
    <tasks>
"#;

const TAIL: &str = "      </pending>
      <inProgress/>
      <completed/>
      <failed/>
    </statusTracker>
  </executionPlan>
  <auditLog>
    <events>
      <event><timestamp>2026-01-05T08:00:00Z</timestamp><type>plan_created</type><description>The plan was made.</description></event>
    </events>
  </auditLog>
  <metrics>
    <progress>
      <totalTasks>0</totalTasks>
      <completedTasks>0</completedTasks>
      <percentageComplete>0</percentageComplete>
    </progress>
  </metrics>
</projectGenesis>
";
