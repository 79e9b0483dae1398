use jiff::Timestamp;

use crate::genesis::{Edge, EditError, Genesis, NewTask, Status};

fn new<'a>(id: &'a str, after: &'a [&'a str], before: &'a [&'a str]) -> NewTask<'a> {
    NewTask {
        id,
        name: "Say <hello>",
        description: "As loud as you can",
        agent: Some("crier"),
        estimate: Some("1h"),
        after,
        before,
        at: Timestamp::from_second(1_768_300_000).unwrap(),
        actor: "jane",
    }
}

fn parsed(text: &str) -> Genesis {
    Genesis::parse(text.as_bytes().to_vec()).unwrap()
}

/// The document with the task, which has to be in it as it was asked for.
#[track_caller]
fn added(text: &str, task: &NewTask<'_>) -> Genesis {
    let before = parsed(text);
    let after = before.apply(&before.add_task(task).unwrap()).unwrap();
    let found = after.task(task.id).unwrap();
    assert_eq!((found.name.as_str(), found.status), (task.name, Status::Pending), "{}", after.source());
    assert_eq!(found.agent.as_ref().map(|agent| agent.id.as_str()), task.agent, "{}", after.source());
    assert_eq!(after.tasks().len(), before.tasks().len() + 1);
    after
}

fn has_edge(genesis: &Genesis, first: &str, then: &str) -> bool {
    genesis.edges().iter().any(|Edge { from, to }| from.id == first && to.id == then)
}

fn level_of(genesis: &Genesis, id: &str) -> Option<i64> {
    let levels = genesis.levels().iter();
    levels.filter(|level| level.refs.iter().any(|found| found.id == id)).map(|level| level.number).next()
}

/// The lines that are not in the text before, each with its indentation.
fn new_lines(before: &str, after: &str) -> String {
    let mut old: Vec<&str> = before.lines().collect();
    let is_new = |line: &&str| match old.iter().position(|other| other == line) {
        Some(at) => {
            old.remove(at);
            false
        }
        None => true,
    };
    after.lines().filter(is_new).collect::<Vec<_>>().join("\n")
}

const CANONICAL: &str = include_str!("../../../examples/genesis/quickstart/genesis.xml");

fn ids(genesis: &Genesis) -> Vec<&str> {
    genesis.tasks().iter().map(|task| task.id.as_str()).collect()
}

#[test]
fn a_canonical_plan_gets_all_of_it_and_stays_without_a_complaint() {
    let before = parsed(CANONICAL);
    let ids = ids(&before);
    let (first, last) = (ids[0], ids[ids.len() - 1]);
    let after = added(CANONICAL, &new("cry", &[first], &[]));
    assert!(has_edge(&after, first, "cry"));
    assert_eq!(after.diagnostics().len(), before.diagnostics().len(), "{:?}", after.diagnostics());
    assert!(crate::plan::diagnostics(&after).len() <= before.diagnostics().len());
    let between = added(CANONICAL, &new("cry", &[], &[last]));
    assert!(has_edge(&between, "cry", last));
    assert!(level_of(&between, "cry") < level_of(&between, last) || level_of(&between, "cry").is_none());
    insta::assert_snapshot!(new_lines(CANONICAL, after.source()));
}

#[test]
fn a_plan_of_steps_stays_one_and_gets_no_edge() {
    let text = "<projectGenesis><executionPlan><executionDag><parallelSets>\
                <parallelGroup level=\"1\"><taskRef id=\"a\"/></parallelGroup><parallelGroup level=\"2\"><taskRef id=\"b\"/></parallelGroup>\
                </parallelSets></executionDag><tasks><task id=\"a\"><name>A</name></task><task id=\"b\"><name>B</name></task></tasks>\
                </executionPlan></projectGenesis>";
    for (after, before, level) in
        [(&["a"][..], &[][..], 2), (&["b"], &[], 3), (&[], &[], 2), (&[], &["b"], 1)]
    {
        let genesis = added(text, &new("c", after, before));
        assert_eq!(level_of(&genesis, "c"), Some(level), "{}", genesis.source());
        assert!(genesis.edges().is_empty(), "{}", genesis.source());
    }
    let between = added(text, &new("c", &["a"], &["b"]));
    assert_eq!(
        ["a", "c", "b"].map(|id| level_of(&between, id)),
        [Some(1), Some(2), Some(3)],
        "{}",
        between.source()
    );
}

#[test]
fn an_epic_gets_it_in_its_own_words() {
    let text = "<genesis><epic name=\"e\"><tasks><task id=\"a\" status=\"planned\" agent=\"dev\"><title>A</title><description>d</description>\
                <dependencies/></task></tasks></epic></genesis>";
    let genesis = added(text, &new("b", &["a"], &[]));
    assert!(has_edge(&genesis, "a", "b"), "{}", genesis.source());
    for part in [
        "<title>Say &lt;hello&gt;</title>",
        "<dependency>a</dependency>",
        "agent=\"crier\"",
        "status=\"planned\"",
    ] {
        assert!(genesis.source().contains(part), "{part} in {}", genesis.source());
    }
}

#[test]
fn tasks_that_are_added_one_after_the_other_say_what_the_others_say() {
    let text = "<projectGenesis><executionPlan><executionDag><nodes><node id=\"a\" level=\"0\"/><node id=\"b\" level=\"1\"/></nodes>\
                <edges><edge from=\"a\" to=\"b\"/></edges></executionDag><tasks>\
                <task id=\"a\" status=\"todo\"><name>A</name><description>d</description></task>\
                <task id=\"b\" status=\"todo\"><name>B</name><description>d</description></task></tasks></executionPlan></projectGenesis>";
    let between = added(text, &new("c", &["a"], &["b"]));
    let alone = added(between.source(), &new("d", &[], &[]));
    assert_eq!(level_of(&alone, "d"), Some(0), "{}", alone.source());
    for id in ["c", "d"] {
        assert!(alone.source().contains(&format!("<task id=\"{id}\" status=\"todo\"")), "{}", alone.source());
    }
    assert!(alone.diagnostics().is_empty(), "{:?}", alone.diagnostics());
}

/// After its first task, and not in an order that it does not have.
#[test]
fn each_form_gets_it_and_stays_what_it_is() {
    let forms = [
        include_str!("../../../tests/forms/canonical-namespaces.xml"),
        include_str!("../../../tests/forms/daemon-crlf-tabs.xml"),
        include_str!("../../../tests/forms/epic-attributes-one-line.xml"),
        include_str!("../../../tests/forms/epic.xml"),
        include_str!("../../../tests/forms/guide.xml"),
        include_str!("../../../tests/forms/workflow-bom.xml"),
    ];
    for text in forms {
        let before = parsed(text);
        let Some(first) = before.tasks().first().map(|task| task.id.clone()) else { continue };
        let waits_for = [first.as_str()];
        let task = new("cry", &waits_for, &[]);
        let after = match before.add_task(&task) {
            Ok(edit) => before.apply(&edit).unwrap(),
            Err(error) => panic!("{}: {error}", before.form().as_str()),
        };
        let name = before.form().as_str();
        assert_eq!(after.form(), before.form(), "{name}");
        let found = after.task("cry").unwrap();
        assert_eq!((found.name.as_str(), found.status), (task.name, Status::Pending), "{name}");
        assert!(crate::plan::load(&after).is_ok(), "{name}: {}", after.source());
        let is_behind = has_edge(&after, &first, "cry") || level_of(&after, "cry") > level_of(&after, &first);
        assert!(is_behind, "{name}: {}", after.source());
        assert_eq!(after.edges().is_empty(), before.edges().is_empty(), "{name}: steps stay steps");
        assert!(after.diagnostics().len() <= before.diagnostics().len(), "{name}: {:?}", after.diagnostics());
    }
}

#[test]
fn what_can_not_be_added_is_refused() {
    let genesis = parsed(CANONICAL);
    let first = ids(&genesis)[0];
    assert_eq!(genesis.add_task(&new(first, &[], &[])), Err(EditError::TaskExists(first.into())));
    assert_eq!(genesis.add_task(&new("x", &["none"], &[])), Err(EditError::UnknownTask("none".into())));
    assert_eq!(genesis.add_task(&new("x", &[], &["none"])), Err(EditError::UnknownTask("none".into())));
    let bare = "<projectGenesis><executionPlan><executionDag/><statusTracker><pending><taskRef id=\"a\"/></pending></statusTracker></executionPlan></projectGenesis>";
    assert!(matches!(parsed(bare).add_task(&new("b", &[], &[])), Err(EditError::NoPlace(_))));
}

#[test]
fn a_task_whose_agent_is_not_said_names_none() {
    let task = NewTask { agent: None, ..new("hello", &[], &[]) };
    assert!(!added(CANONICAL, &task).source().contains("crier"));
}
