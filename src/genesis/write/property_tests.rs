//! Random plans, random layouts, random transitions: nothing but the edit changes.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::golden_tests::{BARE, PLAN};
use super::random_plan::{Recipe, recipe, status};
use super::tests::{at, started};
use crate::genesis::{Edit, Genesis, Status, TaskResult, Transition};

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

/// Where the document has lists, the task stands in the right one, and in no other.
fn assert_in_one_list(recipe: &Recipe, genesis: &Genesis, id: &str, status: Status) {
    let [pending, in_progress, completed, failed] = recipe.look().lists;
    let list = match status {
        Status::Pending | Status::Blocked => pending,
        Status::InProgress => in_progress,
        Status::Completed => completed,
        Status::Failed | Status::Cancelled => failed,
    };
    let entries: Vec<&str> = genesis.entries_of(id);
    let none = entries.is_empty() && !recipe.has_lists();
    assert!(none || entries == [list], "{id} is {status}, and stands in {entries:?}");
}

/// Whatever the task itself says follows, and its history has what happened.
fn assert_said_by_the_task(recipe: &Recipe, genesis: &Genesis, transition: &Transition<'_>) {
    let task = genesis.task(transition.task).unwrap();
    for own in &task.own_status {
        assert_eq!(Status::from_word(&own.id), Some(transition.to), "{own:?}");
    }
    if !recipe.is_written_out(transition.task) {
        return;
    }
    assert!(!task.own_status.is_empty() || recipe.look().tracker.is_some(), "the form has no other place");
    let details = genesis.details(transition.task);
    let event = details.history.last().unwrap();
    assert_eq!((event.status, event.actor.as_deref()), (Some(transition.to), Some("blueprint")));
    assert_eq!(event.timestamp.as_deref(), Some("2025-06-01T12:00:05Z"));
    if matches!(transition.to, Status::Completed | Status::Failed) && transition.result.is_some() {
        assert!(details.result.is_some(), "{task:?}");
    }
}

fn assert_counters(recipe: &Recipe, source: &str, model: &Model) {
    let count = |wanted: &[Status]| model.values().filter(|status| wanted.contains(status)).count();
    let expected = [
        model.len(),
        count(&[Status::Completed]),
        count(&[Status::InProgress]),
        count(&[Status::Failed, Status::Cancelled]),
    ];
    for (name, count) in recipe.look().counters.iter().zip(expected) {
        let counter = format!("<{name}> {count}<!-- ? --></{name}>");
        assert!(source.contains(&counter), "{counter}");
    }
}

fn assert_xmllint_accepts(source: &str, more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.xml");
    std::fs::write(&file, source).unwrap();
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet"]).args(more).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
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
    assert_in_one_list(recipe, &next, &id, *to);
    assert_said_by_the_task(recipe, &next, &transition);
    if recipe.metrics {
        assert_counters(recipe, next.source(), model);
    }
    assert_eq!(next.form(), genesis.form());
    next
}

/// Plans with a line for each element, or nearly so.
const PLANS: [&str; 7] = [
    PLAN,
    BARE,
    include_str!("../../../tests/forms/guide.xml"),
    include_str!("../../../tests/forms/daemon-crlf-tabs.xml"),
    include_str!("../../../tests/forms/workflow-bom.xml"),
    include_str!("../../../tests/forms/epic.xml"),
    include_str!("../../../tests/forms/canonical-namespaces.xml"),
];

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
        prop_assert_eq!(genesis.tasks().len(), recipe.ids().len());
        let mut model = statuses(&genesis);
        for step in &steps {
            genesis = check_step(&recipe, &genesis, step, &mut model);
        }
        assert_xmllint_accepts(genesis.source(), &[]);
    }

    /// Lines go, come twice, change places and lose their line breaks: what can still be read can
    /// still be edited, however little sense it makes.
    #[test]
    fn what_can_be_read_can_be_edited(
        plan in prop::sample::select(PLANS.to_vec()),
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..8),
        to in status(),
    ) {
        let mut lines: Vec<&str> = plan.split_inclusive('\n').collect();
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

proptest! {
    // Each case runs a program.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_the_schema_accepts_it_still_does(
        plan in prop::sample::select(SCHEMA_VALID.to_vec()),
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let mut genesis = Genesis::parse(plan.as_bytes().to_vec()).unwrap();
        for (which, to, summary, words) in &steps {
            let id = which.get(genesis.tasks()).id.clone();
            let result = summary.clone().map(|summary| TaskResult {
                notes: Some(summary.clone()),
                deliverables: vec![words.clone(); summary.len() % 3],
                summary,
            });
            let changes = result.is_some().then_some(words.as_str());
            let transition = Transition { to: *to, description: words, changes, result, ..started(&id) };
            genesis = genesis.apply(&genesis.transition(&transition).unwrap()).unwrap();
        }
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/genesis.xsd");
        assert_xmllint_accepts(genesis.source(), &["--schema", schema]);
    }
}

const SCHEMA_VALID: [&str; 2] = [
    include_str!("../../../tests/forms/canonical-namespaces.xml"),
    include_str!("../../../examples/genesis/quickstart/genesis.xml"),
];
