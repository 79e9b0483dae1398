//! Plans in the canonical form, as a planner writes them.

use std::collections::BTreeMap;
use std::fmt::Write;

/// When every plan here was written.
const CREATED: &str = "2026-01-12T09:00:00Z";

#[derive(Clone)]
pub(crate) struct PlanText {
    epic: String,
    tasks: Vec<TaskText>,
    edges: Vec<(String, String)>,
}

#[derive(Clone)]
struct TaskText {
    id: String,
    agent: String,
    /// Status and actor, where it isn't pending.
    is: Option<(String, String)>,
}

impl PlanText {
    /// Independent tasks, all for the agent `worker`.
    pub(crate) fn of(tasks: &[&str]) -> Self {
        let task = |id: &&str| TaskText { id: (*id).to_owned(), agent: "worker".to_owned(), is: None };
        Self { epic: "trial".to_owned(), tasks: tasks.iter().map(task).collect(), edges: Vec::new() }
    }

    /// Each task needs the one before.
    pub(crate) fn chain(tasks: &[&str]) -> Self {
        tasks.windows(2).fold(Self::of(tasks), |plan, pair| plan.edge(pair[0], pair[1]))
    }

    pub(crate) fn edge(mut self, from: &str, to: &str) -> Self {
        self.edges.push((from.to_owned(), to.to_owned()));
        self
    }

    pub(crate) fn epic(mut self, epic: &str) -> Self {
        epic.clone_into(&mut self.epic);
        self
    }

    pub(crate) fn agent(mut self, task: &str, agent: &str) -> Self {
        agent.clone_into(&mut self.task(task).agent);
        self
    }

    /// A task that has a status already, by that person or agent.
    pub(crate) fn already(mut self, task: &str, status: &str, actor: &str) -> Self {
        self.task(task).is = Some((status.to_owned(), actor.to_owned()));
        self
    }

    fn task(&mut self, id: &str) -> &mut TaskText {
        self.tasks.iter_mut().find(|task| task.id == id).unwrap()
    }

    pub(crate) fn to_xml(&self) -> String {
        let mut xml = String::new();
        self.write(&mut xml).unwrap();
        xml
    }

    fn write(&self, xml: &mut String) -> std::fmt::Result {
        let epic = escaped(&self.epic);
        write!(
            xml,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<projectGenesis version="1.0">
  <metadata>
    <projectName>A trial</projectName>
    <epicName>{epic}</epicName>
    <status>planning</status>
    <createdAt>{CREATED}</createdAt>
    <lastUpdatedAt>{CREATED}</lastUpdatedAt>
    <version>1.0</version>
  </metadata>
  <vision>
    <problemStatement>Something is to be shown</problemStatement>
    <objectives>
      <objective>It is shown</objective>
    </objectives>
    <successCriteria>
      <criterion>The test passes</criterion>
    </successCriteria>
  </vision>
  <architecture>
    <technicalStack>
      <language>Rust</language>
      <framework>none</framework>
    </technicalStack>
  </architecture>
  <executionPlan>
    <executionDag>
"#
        )?;
        self.write_levels(xml)?;
        self.write_edges(xml)?;
        xml.push_str("    </executionDag>\n    <tasks>\n");
        self.tasks.iter().try_for_each(|task| task.write(xml))?;
        xml.push_str("    </tasks>\n    <statusTracker>\n");
        for (list, statuses) in LISTS {
            self.write_list(xml, list, statuses)?;
        }
        let total = self.tasks.len();
        write!(
            xml,
            "    </statusTracker>
  </executionPlan>
  <auditLog>
    <events>
      <event>
        <timestamp>{CREATED}</timestamp>
        <type>genesis_created</type>
        <description>Plan written</description>
        <actor>planner</actor>
      </event>
    </events>
  </auditLog>
  <metrics>
    <progress>
      <totalTasks>{total}</totalTasks>
      <completedTasks>{}</completedTasks>
      <inProgressTasks>{}</inProgressTasks>
      <failedTasks>{}</failedTasks>
      <percentageComplete>0</percentageComplete>
    </progress>
  </metrics>
</projectGenesis>
",
            self.count("completed"),
            self.count("in-progress"),
            self.count("failed")
        )
    }

    fn write_levels(&self, xml: &mut String) -> std::fmt::Result {
        let mut levels: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for task in &self.tasks {
            levels.entry(self.level(&task.id, self.tasks.len())).or_default().push(&task.id);
        }
        xml.push_str("      <parallelSets>\n");
        for (level, ids) in levels {
            writeln!(xml, "        <parallelGroup level=\"{level}\">")?;
            ids.iter().try_for_each(|id| writeln!(xml, "          <taskRef id=\"{}\"/>", escaped(id)))?;
            writeln!(xml, "        </parallelGroup>")?;
        }
        writeln!(xml, "      </parallelSets>")
    }

    /// The longest way to the task; `limit` ends the search where edges make a circle.
    fn level(&self, id: &str, limit: usize) -> usize {
        let before = self.edges.iter().filter(|(_, to)| to == id && limit > 0);
        before.map(|(from, _)| self.level(from, limit - 1) + 1).max().unwrap_or(0)
    }

    fn write_edges(&self, xml: &mut String) -> std::fmt::Result {
        if self.edges.is_empty() {
            return Ok(());
        }
        xml.push_str("      <dependencies>\n");
        for (from, to) in &self.edges {
            let (from, to) = (escaped(from), escaped(to));
            write!(
                xml,
                "        <dependency>\n          <from>{from}</from>\n          <to>{to}</to>\n        </dependency>\n"
            )?;
        }
        writeln!(xml, "      </dependencies>")
    }

    fn write_list(&self, xml: &mut String, list: &str, statuses: &[&str]) -> std::fmt::Result {
        writeln!(xml, "      <{list}>")?;
        for task in self.tasks.iter().filter(|task| statuses.contains(&task.status())) {
            writeln!(xml, "        <taskRef id=\"{}\"/>", escaped(&task.id))?;
        }
        writeln!(xml, "      </{list}>")
    }

    fn count(&self, status: &str) -> usize {
        self.tasks.iter().filter(|task| task.status() == status).count()
    }
}

const LISTS: [(&str, &[&str]); 4] = [
    ("pending", &["pending", "blocked"]),
    ("inProgress", &["in-progress"]),
    ("completed", &["completed"]),
    ("failed", &["failed", "cancelled"]),
];

impl TaskText {
    fn status(&self) -> &str {
        self.is.as_ref().map_or("pending", |(status, _)| status)
    }

    fn write(&self, xml: &mut String) -> std::fmt::Result {
        let (id, agent) = (escaped(&self.id), escaped(&self.agent));
        write!(
            xml,
            "      <task id=\"{id}\">
        <name>The task {id}</name>
        <description>What is to be done for {id}</description>
        <assignedAgent>{agent}</assignedAgent>
        <estimatedDuration>45min</estimatedDuration>
        <statusHistory>
          <event>
            <timestamp>{CREATED}</timestamp>
            <status>pending</status>
            <actor>planner</actor>
          </event>
"
        )?;
        if let Some((status, actor)) = &self.is {
            let actor = escaped(actor);
            write!(
                xml,
                "          <event>
            <timestamp>2026-01-13T09:00:00Z</timestamp>
            <status>{status}</status>
            <actor>{actor}</actor>
          </event>
"
            )?;
        }
        xml.push_str("        </statusHistory>\n      </task>\n");
        Ok(())
    }
}

/// Text of an element or of an attribute in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
