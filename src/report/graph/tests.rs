use super::*;
use crate::genesis::Genesis;
use crate::plan;

/// Ids that would end a label, open a tag or a comment, or be a word of the format's own.
const HOSTILE: [&str; 8] = [
    "a\"];b",
    "back\\slash\"",
    "<script>alert(1)</script>",
    "]-->x{{y}}",
    "end",
    "日本語",
    "-rf",
    "&amp;#quot;",
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A plan whose tasks have those ids and statuses in turn, each waiting for the one before it.
fn plan_of(ids: &[&str]) -> Plan {
    let mut before = String::new();
    let tasks = ids.iter().zip(Status::ALL.iter().cycle()).map(|(id, status)| {
        let id = escaped(id);
        let task = format!(
            "<task id=\"{id}\"><name>{id}</name><description>d</description><estimatedDuration>2h</estimatedDuration>\
             <dependencies>{before}</dependencies><statusHistory><event><status>{status}</status></event></statusHistory></task>"
        );
        before = id;
        task
    });
    document(&tasks.collect::<Vec<_>>().concat())
}

fn document(tasks: &str) -> Plan {
    let text = format!(
        "<projectGenesis version=\"1.0\"><metadata><epicName>e</epicName></metadata>\
         <executionPlan><executionDag/><tasks>{tasks}</tasks></executionPlan></projectGenesis>"
    );
    plan::load(&Genesis::parse(text.into_bytes()).unwrap()).unwrap()
}

fn diamond() -> Plan {
    let task = |id, hours, needs| {
        format!(
            "<task id=\"{id}\"><name>The {id}</name><description>d</description><estimatedDuration>{hours}h</estimatedDuration>\
             <dependencies>{needs}</dependencies></task>"
        )
    };
    let tasks = [
        task("design", 1, ""),
        task("api", 4, "design"),
        task("ui", 2, "design"),
        task("ship", 1, "api, ui"),
    ];
    document(&tasks.concat())
}

#[test]
fn a_diamond_in_every_format() {
    insta::assert_snapshot!("diamond_text", graph(&diamond(), GraphFormat::Text));
    insta::assert_snapshot!("diamond_dot", graph(&diamond(), GraphFormat::Dot));
    insta::assert_snapshot!("diamond_mermaid", graph(&diamond(), GraphFormat::Mermaid));
    insta::assert_snapshot!("diamond_json", graph(&diamond(), GraphFormat::Json));
}

#[test]
fn hostile_ids_stay_labels() {
    let plan = plan_of(&HOSTILE);
    insta::assert_snapshot!("hostile_text", graph(&plan, GraphFormat::Text));
    insta::assert_snapshot!("hostile_dot", graph(&plan, GraphFormat::Dot));
    insta::assert_snapshot!("hostile_mermaid", graph(&plan, GraphFormat::Mermaid));
    let json: serde_json::Value = serde_json::from_str(&graph(&plan, GraphFormat::Json)).unwrap();
    let ids: Vec<_> =
        json["tasks"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap()).collect();
    assert_eq!(ids, HOSTILE, "programs get the very ids");
}

#[test]
fn a_plan_without_tasks_has_a_graph_in_every_format() {
    for format in
        [GraphFormat::Text, GraphFormat::Dot, GraphFormat::Mermaid, GraphFormat::Json, GraphFormat::Svg]
    {
        assert!(graph(&document(""), format).ends_with('\n'), "{format:?}");
    }
}
