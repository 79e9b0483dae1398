//! Random plans, random layouts, random transitions: nothing but the edit changes.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::golden_tests::{BARE, PLAN};
use super::tests::{at, started};
use crate::genesis::{Edit, Form, Genesis, Status, TaskResult, Transition};

const IDS: [&str; 6] = ["a", "b-2", "../../x", "-rf", "c&amp;d", "ünï"];
const LISTS: [&str; 4] = ["pending", "inProgress", "completed", "failed"];

/// What a random document is made of.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    newline: &'static str,
    unit: &'static str,
    quote: char,
    start: &'static str,
    form: Form,
    audit: bool,
    metrics: bool,
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

/// A document as it grows. `noise` is sprinkled between its elements.
struct Page<'a> {
    recipe: &'a Recipe,
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

    fn put(&mut self, depth: usize, text: &str) {
        self.text.push_str(self.recipe.newline);
        if !self.recipe.newline.is_empty() {
            self.text.push_str(&self.recipe.unit.repeat(depth));
        }
        self.text.push_str(&text.replace('"', &self.recipe.quote.to_string()));
    }

    fn document(mut self) -> String {
        self.text.push_str("<projectGenesis>");
        self.line(1, "<metadata>");
        self.line(2, "<epicName>e</epicName>");
        self.line(2, "<lastUpdatedAt><!-- when --> then </lastUpdatedAt>");
        self.line(1, "</metadata>");
        self.line(1, "<executionPlan>");
        self.line(2, "<executionDag/>");
        if self.recipe.form == Form::Canonical {
            self.tasks();
        }
        self.lists();
        self.line(1, "</executionPlan>");
        if self.recipe.metrics {
            self.metrics();
        }
        if self.recipe.audit {
            self.line(1, "<auditLog >");
            self.line(1, "</auditLog>");
        }
        self.line(0, "</projectGenesis>");
        self.text
    }

    fn tasks(&mut self) {
        self.line(2, "<tasks>");
        for (task, id) in self.recipe.tasks.iter().zip(IDS) {
            let own = task.own.map_or(String::new(), |own| format!(" status=\"{own}\""));
            self.line(3, &format!("<task{own} id=\"{id}\">"));
            self.line(4, "<description>do &lt;<![CDATA[this>]]></description>");
            if task.result {
                self.line(4, "<result><summary>old</summary></result>");
            }
            if let Some(status) = task.history {
                self.line(4, "<statusHistory>");
                self.line(5, &format!("<event><status>{status}</status></event>"));
                self.line(4, "</statusHistory>");
            }
            self.line(3, "</task>");
        }
        self.line(2, "</tasks>");
    }

    fn lists(&mut self) {
        self.line(2, "<statusTracker>");
        for (n, list) in LISTS.iter().enumerate() {
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
                self.line(4, &format!("<taskRef  id=\"{id}\" />"));
            }
            self.line(3, &format!("</{list}>"));
        }
        self.line(2, "</statusTracker>");
    }

    fn metrics(&mut self) {
        self.line(1, "<metrics><progress>");
        for counter in ["total", "completed", "inProgress", "failed"] {
            self.line(2, &format!("<{counter}Tasks> 0<!-- ? --></{counter}Tasks>"));
        }
        self.line(1, "</progress></metrics>");
    }
}

impl Recipe {
    pub(super) fn document(&self) -> String {
        let text = self.start.to_owned();
        Page { recipe: self, text, noise: self.noise.iter().cycle() }.document()
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

fn status() -> impl Strategy<Value = Status> {
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
        form in prop::sample::select(vec![Form::Canonical, Form::Bare]),
        audit in any::<bool>(),
        metrics in any::<bool>(),
        tasks in prop::collection::vec(task(), 1..=IDS.len()),
        noise in prop::collection::vec(0..16_u8, 1..60),
    ) -> Recipe {
        Recipe { newline, unit, quote, start, form, audit, metrics, tasks, noise }
    }
}

/// One step: which task, to what, with what result.
type Step = (prop::sample::Index, Status, Option<String>, String);

fn step() -> impl Strategy<Value = Step> {
    (any::<prop::sample::Index>(), status(), prop::option::of(any::<String>()), any::<String>())
}

/// What we think the statuses are.
pub(super) type Model = BTreeMap<String, Status>;

pub(super) fn statuses(genesis: &Genesis) -> Model {
    genesis.tasks().iter().map(|task| (task.id.clone(), task.status)).collect()
}

/// Walks both texts: what is not in a splice must be there, in order, and nothing else.
pub(super) fn assert_untouched_outside(before: &str, edit: &Edit, after: &str) {
    let (mut old, mut new) = (before, after);
    let mut at = 0;
    for splice in &edit.splices {
        let (kept, rest) = old.split_at(splice.range.start - at);
        new = new.strip_prefix(kept).expect("what is before a splice stays");
        let (removed, rest) = rest.split_at(splice.range.len());
        for foreign in ["<!--", "<?", "<x:", "urn:", "&#32;"] {
            assert!(!removed.contains(foreign), "{removed:?} is not ours to remove");
        }
        new = new.strip_prefix(splice.text.as_str()).expect("what is put in is there");
        (old, at) = (rest, splice.range.end);
    }
    assert_eq!(old, new, "what is behind the last splice stays");
}

fn assert_line_breaks(recipe: &Recipe, text: &str) {
    match recipe.newline {
        "" => assert!(!text.contains('\n'), "a document of one line stays one"),
        "\r\n" => assert!(!text.replace("\r\n", "").contains('\n'), "a lone line feed"),
        _ => assert!(!text.contains('\r'), "a carriage return"),
    }
}

fn assert_in_one_list(genesis: &Genesis, id: &str, status: Status) {
    let list = match status {
        Status::Pending | Status::Blocked => "pending",
        Status::InProgress => "inProgress",
        Status::Completed => "completed",
        Status::Failed | Status::Cancelled => "failed",
    };
    let entries: Vec<&str> = genesis.entries_of(id);
    assert_eq!(entries, [list], "{id} is {status}");
}

fn assert_counters(source: &str, model: &Model) {
    let count = |wanted: &[Status]| model.values().filter(|status| wanted.contains(status)).count();
    for (name, count) in [
        ("total", model.len()),
        ("completed", count(&[Status::Completed])),
        ("inProgress", count(&[Status::InProgress])),
        ("failed", count(&[Status::Failed, Status::Cancelled])),
    ] {
        let counter = format!("<{name}Tasks> {count}<!-- ? --></{name}Tasks>");
        assert!(source.contains(&counter), "{counter}");
    }
}

fn assert_xmllint_accepts(source: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.xml");
    std::fs::write(&file, source).unwrap();
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet"]).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(status) = xmllint.status() {
        assert!(status.success(), "{source}");
    }
}

fn check_step(recipe: &Recipe, genesis: &Genesis, step: &Step, model: &mut Model) -> Genesis {
    let (which, to, summary, words) = step;
    let id = which.get(genesis.tasks()).id.clone();
    let result =
        summary.clone().map(|summary| TaskResult { summary, deliverables: vec![words.clone()], notes: None });
    let transition = Transition { to: *to, at: at(5), description: words, result, ..started(&id) };
    let edit = genesis.transition(&transition).unwrap();
    assert_eq!(edit.is_empty(), model[&id] == *to, "an edit exactly where something changes");
    let next = genesis.apply(&edit).unwrap();
    assert_untouched_outside(genesis.source(), &edit, next.source());
    if edit.is_empty() {
        return next;
    }
    model.insert(id.clone(), *to);
    assert_eq!(&statuses(&next), model);
    assert!(next.transition(&transition).unwrap().is_empty(), "twice is once");
    assert_line_breaks(recipe, next.source());
    assert_in_one_list(&next, &id, *to);
    if recipe.metrics {
        assert_counters(next.source(), model);
    }
    next
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transitions_change_what_they_mean_and_nothing_else(
        recipe in recipe(),
        steps in prop::collection::vec(step(), 1..6),
    ) {
        let source = recipe.document();
        let mut genesis = Genesis::parse(source.into_bytes()).unwrap();
        prop_assert_eq!(genesis.form(), recipe.form);
        prop_assert_eq!(genesis.tasks().len(), recipe.tasks.len());
        let mut model = statuses(&genesis);
        for step in &steps {
            genesis = check_step(&recipe, &genesis, step, &mut model);
        }
        assert_xmllint_accepts(genesis.source());
    }

    /// Lines go, come twice, change places and lose their line breaks: what can still be read can
    /// still be edited, however little sense it makes.
    #[test]
    fn what_can_be_read_can_be_edited(
        bare in any::<bool>(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..8),
        to in status(),
    ) {
        let mut lines: Vec<&str> =
            if bare { BARE } else { PLAN }.split_inclusive('\n').collect();
        for (which, damage) in damages {
            let at = which.index(lines.len());
            match damage {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at]),
                2 => lines.swap(at, at.saturating_sub(1)),
                _ => lines[at] = lines[at].trim(),
            }
        }
        let Ok(genesis) = Genesis::parse(lines.concat().into_bytes()) else { return Ok(()) };
        for task in genesis.tasks() {
            let transition = Transition { to, ..started(&task.id) };
            let edit = genesis.transition(&transition).unwrap();
            let next = genesis.apply(&edit).unwrap();
            assert_untouched_outside(genesis.source(), &edit, next.source());
            prop_assert_eq!(next.task(&task.id).unwrap().status, to);
        }
    }
}
