//! What is read of a plan in each form: its author's words, whatever the form calls them.

use std::fmt::Write as _;

use crate::genesis::{Genesis, Ref, Task};

/// A line for each thing that the document says.
fn told(source: &str) -> String {
    let genesis = Genesis::parse(source.as_bytes().to_vec()).unwrap();
    let mut text = format!("{:?}\n{:#?}\n", genesis.form(), genesis.project());
    for level in genesis.levels() {
        writeln!(text, "level {}: {}", level.number, ids(&level.refs)).unwrap();
    }
    for edge in genesis.edges() {
        writeln!(text, "{} -> {}", edge.from.id, edge.to.id).unwrap();
    }
    for task in genesis.tasks() {
        tell(&mut text, &genesis, task);
    }
    text
}

fn tell(text: &mut String, genesis: &Genesis, task: &Task) {
    let word = |found: &Option<Ref>| match found {
        Some(found) => format!("{} (as {:?})", found.id, &genesis.source()[found.span.clone()]),
        None => "none".to_owned(),
    };
    let details = genesis.details(&task.id);
    writeln!(text, "task {} ({}): {}", task.id, task.status, task.name).unwrap();
    writeln!(text, "  description: {}", details.description).unwrap();
    writeln!(text, "  agent: {}", word(&task.agent)).unwrap();
    writeln!(text, "  estimate: {}", word(&task.estimate)).unwrap();
    writeln!(text, "  needs: {}", ids(&task.dependencies)).unwrap();
    writeln!(text, "  accepted when: {}", details.acceptance.join(" / ")).unwrap();
    for event in &details.history {
        writeln!(text, "  {} {:?} by {:?}", event.word, event.timestamp, event.actor).unwrap();
    }
}

fn ids(refs: &[Ref]) -> String {
    refs.iter().map(|reference| reference.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_guide_plan_is_read() {
    insta::assert_snapshot!(told(include_str!("../../../tests/forms/guide.xml")));
}

#[test]
fn a_guide_plan_of_nodes_is_read() {
    insta::assert_snapshot!(told(include_str!("../../../tests/forms/guide-nodes-one-line.xml")));
}

#[test]
fn a_daemon_plan_is_read() {
    insta::assert_snapshot!(told(include_str!("../../../tests/forms/daemon-crlf-tabs.xml")));
}

#[test]
fn a_workflow_plan_is_read() {
    insta::assert_snapshot!(told(include_str!("../../../tests/forms/workflow-bom.xml")));
}

#[test]
fn an_epic_is_read() {
    insta::assert_snapshot!(told(include_str!("../../../tests/forms/epic.xml")));
}

#[test]
fn an_epic_with_attributes_is_read() {
    insta::assert_snapshot!(told(include_str!("../../../tests/forms/epic-attributes-one-line.xml")));
}
