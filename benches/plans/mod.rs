//! Plans of any size for the benchmarks: canonical form, a kilobyte a task, some of them done.

use std::fmt::Write;

/// A plan of `tasks` tasks, about a kilobyte each; the last one is in progress, every other one before it is completed.
pub(crate) fn plan(tasks: usize) -> String {
    let mut text = String::with_capacity(tasks * 1_100 + 4_096);
    text.push_str(HEAD);
    levels(&mut text, tasks);
    text.push_str("    <tasks>\n");
    for index in 0..tasks {
        task(&mut text, index, tasks);
    }
    text.push_str("    </tasks>\n");
    tracker(&mut text, tasks);
    text.push_str("  </executionPlan>\n");
    tail(&mut text, tasks);
    text
}

/// The id of the task at `index`.
pub(crate) fn id(index: usize) -> String {
    format!("task-{index:06}")
}

const LEVEL: usize = 50;

fn is_done(index: usize, tasks: usize) -> bool {
    index + 1 < tasks && index < tasks / 2
}

fn levels(text: &mut String, tasks: usize) {
    text.push_str("    <executionDag>\n      <parallelSets>\n");
    for (level, first) in (0..tasks).step_by(LEVEL).enumerate() {
        let _ = writeln!(text, "        <parallelGroup level=\"{level}\">");
        for index in first..tasks.min(first + LEVEL) {
            let _ = writeln!(text, "          <taskRef id=\"{}\"/>", id(index));
        }
        text.push_str("        </parallelGroup>\n");
    }
    text.push_str("      </parallelSets>\n    </executionDag>\n");
}

fn task(text: &mut String, index: usize, tasks: usize) {
    let _ = write!(
        text,
        "      <task id=\"{}\">\n        <name>Part {index} of the service</name>\n        <description>Implement part {index}: read the \
         request, check it against the rules of the house, answer with what the store says, and write down what was decided &amp; why. \
         Errors name the file, the line and the way out; every path is covered by a test that can fail.</description>\n        \
         <assignedAgent>rust-backend-developer</assignedAgent>\n        <estimatedDuration>45min</estimatedDuration>\n",
        id(index)
    );
    if index >= LEVEL {
        let _ = writeln!(text, "        <dependencies>{}</dependencies>", id(index - LEVEL));
    }
    if is_done(index, tasks) {
        text.push_str(
            "        <result>\n          <summary>The part answers as it should.</summary>\n          <deliverables>\n            \
             <deliverable>src/part.rs</deliverable>\n          </deliverables>\n        </result>\n",
        );
    }
    text.push_str("        <statusHistory>\n");
    event(text, "pending", "The plan was made.");
    if is_done(index, tasks) {
        event(text, "in-progress", "The agent began.");
        event(text, "completed", "The agent ended.");
    } else if index + 1 == tasks {
        event(text, "in-progress", "The agent began.");
    }
    text.push_str("        </statusHistory>\n      </task>\n");
}

fn event(text: &mut String, status: &str, description: &str) {
    let _ = write!(
        text,
        "          <event>\n            <timestamp>2026-01-05T08:00:00Z</timestamp>\n            <status>{status}</status>\n            \
         <description>{description}</description>\n            <actor>planner</actor>\n          </event>\n"
    );
}

fn tracker(text: &mut String, tasks: usize) {
    text.push_str("    <statusTracker>\n");
    list(text, "pending", (0..tasks).filter(|index| !is_done(*index, tasks) && index + 1 < tasks));
    list(text, "inProgress", tasks.saturating_sub(1)..tasks);
    list(text, "completed", (0..tasks).filter(|index| is_done(*index, tasks)));
    list(text, "failed", 0..0);
    text.push_str("    </statusTracker>\n");
}

fn list(text: &mut String, name: &str, tasks: impl Iterator<Item = usize>) {
    let _ = writeln!(text, "      <{name}>");
    for index in tasks {
        let _ = writeln!(text, "        <taskRef id=\"{}\"/>", id(index));
    }
    let _ = writeln!(text, "      </{name}>");
}

fn tail(text: &mut String, tasks: usize) {
    let done = (0..tasks).filter(|index| is_done(*index, tasks)).count();
    let _ = write!(
        text,
        "  <auditLog>\n    <events>\n      <event>\n        <timestamp>2026-01-05T08:00:00Z</timestamp>\n        <type>plan_created</type>\n        \
         <description>The plan was made.</description>\n        <actor>planner</actor>\n      </event>\n    </events>\n  </auditLog>\n  \
         <metrics>\n    <progress>\n      <totalTasks>{tasks}</totalTasks>\n      <completedTasks>{done}</completedTasks>\n      \
         <inProgressTasks>1</inProgressTasks>\n      <failedTasks>0</failedTasks>\n      <percentageComplete>{}</percentageComplete>\n    \
         </progress>\n  </metrics>\n</projectGenesis>\n",
        done * 100 / tasks.max(1)
    );
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<projectGenesis version="1.0">
  <metadata>
    <projectName>Benchmark</projectName>
    <epicName>benchmark</epicName>
    <status>in-progress</status>
    <createdAt>2026-01-05T08:00:00Z</createdAt>
    <lastUpdatedAt>2026-01-05T08:00:00Z</lastUpdatedAt>
    <version>1.0</version>
  </metadata>
  <vision>
    <problemStatement>How fast is it?</problemStatement>
    <objectives>
      <objective>Know</objective>
    </objectives>
    <successCriteria>
      <criterion>It is known</criterion>
    </successCriteria>
  </vision>
  <architecture>
    <technicalStack>
      <language>Rust</language>
      <framework>none</framework>
    </technicalStack>
  </architecture>
  <executionPlan>
"#;
