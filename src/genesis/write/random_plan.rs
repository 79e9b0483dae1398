//! Random plans in every form, with random layout and noise between their elements.

use proptest::prelude::*;

use crate::genesis::{Form, Status};

const IDS: [&str; 6] = ["a", "b-2", "../../x", "-rf", "c&amp;d", "ünï"];

/// What a random document is made of.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
pub(super) struct Recipe {
    pub(super) newline: &'static str,
    unit: &'static str,
    quote: char,
    start: &'static str,
    pub(super) form: Form,
    audit: bool,
    pub(super) metrics: bool,
    /// Whether a document that need not have lists has them.
    lists: bool,
    /// Whether the graph, where there is one, has a task that is nowhere else.
    lone_node: bool,
    tasks: Vec<TaskRecipe>,
    noise: Vec<u8>,
}

#[derive(Debug, Clone)]
struct TaskRecipe {
    history: Option<Status>,
    own: Option<Status>,
    lists: Vec<usize>,
    result: bool,
}

/// How a form looks, as its authors write it.
pub(super) struct Look {
    root: &'static str,
    /// The lines before the plan.
    head: &'static [&'static str],
    /// The element around tasks and lists, if they do not stand in the root.
    around: Option<&'static str>,
    /// The element around the graph's nodes and edges, where the form has them.
    graph: Option<&'static str>,
    tasks: bool,
    history: &'static str,
    event: fn(Status) -> String,
    pub(super) tracker: Option<&'static str>,
    pub(super) lists: [&'static str; 4],
    entry: &'static str,
    /// The lines of the log.
    log: &'static [&'static str],
    pub(super) counters: [&'static str; 4],
}

const CANONICAL: Look = Look {
    root: "projectGenesis",
    head: &[
        "<metadata>",
        "<epicName>e</epicName>",
        "<lastUpdatedAt><!-- when --> then </lastUpdatedAt>",
        "</metadata>",
    ],
    around: Some("executionPlan"),
    graph: None,
    tasks: true,
    history: "statusHistory",
    event: |status| format!("<event><status>{status}</status></event>"),
    tracker: Some("statusTracker"),
    lists: ["pending", "inProgress", "completed", "failed"],
    entry: "taskRef",
    log: &["<auditLog >", "</auditLog>"],
    counters: ["totalTasks", "completedTasks", "inProgressTasks", "failedTasks"],
};

const BARE: Look = Look { tasks: false, ..CANONICAL };

const GUIDE: Look = Look {
    graph: Some("executionDag"),
    event: |status| format!("<event timestamp=\"then\" status=\"{status}\"/>"),
    log: &["<auditLog>", "<event timestamp=\"then\" agent=\"me\" type=\"plan\"/>", "</auditLog>"],
    ..CANONICAL
};

const DAEMON: Look = Look {
    tracker: Some("dag"),
    log: &["<auditLog>", "<logEntry><action>PLAN</action></logEntry>", "</auditLog>"],
    ..CANONICAL
};

const WORKFLOW: Look = Look {
    root: "workflow_status",
    head: &[
        "<metadata>",
        "<epic_name>e</epic_name>",
        "<status>in_progress</status>",
        "<last_updated>then</last_updated>",
        "</metadata>",
    ],
    around: None,
    graph: Some("execution_dag"),
    history: "status_history",
    event: |status| format!("<event type=\"{status}\" timestamp=\"then\"/>"),
    tracker: Some("status_tracker"),
    lists: ["pending", "in_progress", "completed", "failed"],
    entry: "task_ref",
    log: &[],
    counters: ["total_tasks", "completed_tasks", "in_progress_tasks", "failed_tasks"],
    ..CANONICAL
};

const EPIC: Look = Look {
    root: "genesis",
    head: &[],
    around: Some("epic"),
    event: |status| format!("<event status=\"{status}\"/>"),
    tracker: None,
    log: &[],
    ..CANONICAL
};

/// A document as it grows. `noise` is sprinkled between its elements.
struct Page<'a> {
    recipe: &'a Recipe,
    look: Look,
    text: String,
    noise: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl Page<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let before = match self.noise.next() {
            Some(1) => "<!-- a <comment> -->",
            Some(2) => "<?pi some ?>",
            Some(3) => "<x:task xmlns:x='urn:x' id='a'><x:status>failed</x:status></x:task>",
            Some(4) => "<task xmlns='urn:other' id='a'/>",
            Some(5) => "  ",
            Some(6) => "&#32;<![CDATA[ ]]>",
            _ => "",
        };
        if !before.is_empty() {
            self.put(depth, before);
        }
        self.put(depth, text);
    }

    fn lines(&mut self, depth: usize, lines: &[&str]) {
        for line in lines {
            let inside = !line.starts_with("</") && *line != lines[0];
            self.line(depth + usize::from(inside), line);
        }
    }

    fn put(&mut self, depth: usize, text: &str) {
        self.text.push_str(self.recipe.newline);
        if !self.recipe.newline.is_empty() {
            self.text.push_str(&self.recipe.unit.repeat(depth));
        }
        self.text.push_str(&text.replace('"', &self.recipe.quote.to_string()));
    }

    fn document(mut self) -> String {
        self.text.extend(["<", self.look.root, ">"]);
        self.lines(1, self.look.head);
        if let Some(around) = self.look.around {
            self.line(1, &format!("<{around}>"));
        }
        self.graph();
        if self.look.tasks {
            self.tasks();
        }
        if let Some(tracker) = self.look.tracker.filter(|_| self.recipe.has_lists()) {
            self.lists(tracker);
        }
        let inside = self.recipe.form == Form::Epic && self.recipe.metrics;
        if inside {
            self.metrics();
        }
        if let Some(around) = self.look.around {
            self.line(1, &format!("</{around}>"));
        }
        if self.recipe.metrics && !inside {
            self.metrics();
        }
        // The log shows what form it is where nothing else does.
        if self.recipe.audit || self.recipe.form == Form::Daemon {
            self.lines(1, self.look.log);
        }
        self.line(0, &format!("</{}>", self.look.root));
        self.text
    }

    fn graph(&mut self) {
        let Some(graph) = self.look.graph else { return };
        self.line(2, &format!("<{graph}>"));
        self.line(3, "<nodes>");
        for id in self.recipe.ids() {
            self.line(4, &format!("<node id=\"{id}\" level=\"0\"/>"));
        }
        self.line(3, "</nodes>");
        self.line(3, "<edges/>");
        self.line(2, &format!("</{graph}>"));
    }

    fn tasks(&mut self) {
        let (history, event) = (self.look.history, self.look.event);
        self.line(2, "<tasks>");
        for (task, id) in self.recipe.tasks.iter().zip(IDS) {
            let own = task.own.map_or(String::new(), |own| format!(" status=\"{own}\""));
            self.line(3, &format!("<task{own} id=\"{id}\">"));
            self.line(4, "<description>do &lt;<![CDATA[this>]]></description>");
            if task.result {
                self.line(4, "<result><summary>old</summary></result>");
            }
            if let Some(status) = task.history {
                self.line(4, &format!("<{history}>"));
                self.line(5, &event(status));
                self.line(4, &format!("</{history}>"));
            }
            self.line(3, "</task>");
        }
        self.line(2, "</tasks>");
    }

    fn lists(&mut self, tracker: &str) {
        let entry = self.look.entry;
        self.line(2, &format!("<{tracker}>"));
        for (n, list) in self.look.lists.into_iter().enumerate() {
            let entries: Vec<&str> = self.recipe.entries(n);
            match self.noise.next() {
                _ if !entries.is_empty() => {}
                Some(1) => continue,
                Some(2..=4) => {
                    self.line(3, &format!("<{list} />"));
                    continue;
                }
                _ => {}
            }
            self.line(3, &format!("<{list}>"));
            for id in entries {
                self.line(4, &format!("<{entry}  id=\"{id}\" />"));
            }
            self.line(3, &format!("</{list}>"));
        }
        self.line(2, &format!("</{tracker}>"));
    }

    fn metrics(&mut self) {
        self.line(1, "<metrics><progress>");
        for counter in self.look.counters {
            self.line(2, &format!("<{counter}> 0<!-- ? --></{counter}>"));
        }
        self.line(1, "</progress></metrics>");
    }
}

impl Recipe {
    pub(super) fn document(&self) -> String {
        let text = self.start.to_owned();
        Page { recipe: self, look: self.look(), text, noise: self.noise.iter().cycle() }.document()
    }

    pub(super) fn look(&self) -> Look {
        match self.form {
            Form::Canonical => CANONICAL,
            Form::Bare => BARE,
            Form::Guide => GUIDE,
            Form::Daemon => DAEMON,
            Form::Workflow => WORKFLOW,
            Form::Epic => EPIC,
        }
    }

    /// The ids of all tasks, as they stand in the text.
    pub(super) fn ids(&self) -> Vec<&'static str> {
        let lone = (self.lone_node && self.look().graph.is_some()).then_some("lone-node");
        IDS.into_iter().take(self.tasks.len()).chain(lone).collect()
    }

    /// Whether a task has an element of its own.
    pub(super) fn is_written_out(&self, id: &str) -> bool {
        self.look().tasks && id != "lone-node"
    }

    /// A guide plan can go without lists: its tasks say their status themselves.
    pub(super) fn has_lists(&self) -> bool {
        self.look().tracker.is_some() && (self.form != Form::Guide || self.lists)
    }

    /// Tasks of a bare plan are known by standing in a list.
    fn entries(&self, list: usize) -> Vec<&'static str> {
        let tasks = self.tasks.iter().zip(IDS);
        let stands = |task: &TaskRecipe| {
            task.lists.contains(&list) || self.form == Form::Bare && task.lists.is_empty() && list == 0
        };
        tasks.filter(|(task, _)| stands(task)).map(|(_, id)| id).collect()
    }
}

pub(super) fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(Status::ALL.to_vec())
}

prop_compose! {
    fn task()(
        history in prop::option::of(status()),
        own in prop::option::of(status()),
        lists in prop::collection::vec(0..4_usize, 0..3),
        result in any::<bool>(),
    ) -> TaskRecipe {
        TaskRecipe { history, own, lists, result }
    }
}

prop_compose! {
    pub(super) fn recipe()(
        newline in prop::sample::select(vec!["\n", "\r\n", ""]),
        unit in prop::sample::select(vec!["  ", "\t", "    ", ""]),
        quote in prop::sample::select(vec!['"', '\'']),
        start in prop::sample::select(vec!["", "\u{FEFF}", "<?xml version='1.0'?>"]),
        form in prop::sample::select(Form::ALL.to_vec()),
        (audit, metrics, lists, lone_node) in any::<(bool, bool, bool, bool)>(),
        tasks in prop::collection::vec(task(), 1..=IDS.len()),
        noise in prop::collection::vec(0..16_u8, 1..60),
    ) -> Recipe {
        Recipe { newline, unit, quote, start, form, audit, metrics, lists, lone_node, tasks, noise }
    }
}
