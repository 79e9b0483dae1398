//! `validate --schema` against xmllint: one opinion on everything. Where xmllint isn't installed this says so and passes.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use crate::scene::{PLAN, Scene, files};

const QUICKSTART: &str = include_str!("../../examples/genesis/quickstart/genesis.xml");

/// What xmllint thinks of the plan in `scene`; `None` where it isn't installed.
fn xmllint(scene: &Scene) -> Option<bool> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/genesis.xsd");
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--huge", "--schema"]).arg(schema).arg(scene.path("genesis.xml"));
    let output = command.output().ok();
    if output.is_none() {
        // Past the test harness, which hides what passing tests print.
        let _ = writeln!(io::stderr(), "skipped: xmllint (libxml2-utils) is not installed");
    }
    output.map(|output| output.status.success())
}

/// Whether we find nothing that the schema forbids, in a document that we accept.
fn accepts(scene: &Scene) -> bool {
    let found = scene.found(&["--schema"]);
    !found.iter().any(|(code, _, _)| code == "E301" || code.starts_with("E0"))
}

fn assert_agreed(plan: impl AsRef<[u8]>, what: &str) -> bool {
    let scene = Scene::new(plan);
    let ours = accepts(&scene);
    if let Some(theirs) = xmllint(&scene) {
        let told = || scene.blueprint(&["validate", "--schema"]);
        assert!(ours == theirs, "{what}: xmllint says {theirs}\n{:?}", told());
    }
    ours
}

#[test]
fn the_projects_own_plans_are_judged_as_xmllint_does() {
    let plans: Vec<_> = ["tests/invalid", "tests/forms", "examples"].into_iter().flat_map(files).collect();
    let accepted = plans.iter().filter(|plan| {
        let is_a_bomb =
            plan.file_stem().is_some_and(|name| name == "external-entity" || name == "entity-bomb");
        !is_a_bomb && assert_agreed(fs::read(plan).unwrap(), &plan.display().to_string())
    });
    assert!(accepted.count() >= 2, "the examples at least");
}

/// Every element and attribute of a valid plan left out, doubled, renamed, emptied, moved.
#[test]
fn damaged_plans_are_judged_as_xmllint_does() {
    let lines: Vec<&str> = QUICKSTART.split_inclusive('\n').collect();
    let mut refused = 0;
    for at in (0..lines.len()).step_by(6) {
        for damage in 0..5 {
            let mut lines = lines.clone();
            let changed;
            match damage {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at]),
                2 => lines[at.saturating_sub(1)..=at].reverse(),
                3 => {
                    changed = lines[at].replacen("=\"", "x=\"", 1).replace("<t", "<u").replace("</t", "</u");
                    lines[at] = &changed;
                }
                _ => {
                    changed = lines[at].replace(|c: char| c.is_ascii_digit(), "z");
                    lines[at] = &changed;
                }
            }
            refused +=
                usize::from(!assert_agreed(lines.concat(), &format!("line {} damage {damage}", at + 1)));
        }
    }
    assert!(refused > 60, "{refused}");
}

#[test]
fn what_the_schema_forbids_is_shown_with_its_place() {
    let plan = QUICKSTART
        .replace("<task id=\"words\">", "<task id=\"words\" urgent=\"yes\">")
        .replacen("<createdAt>2026-01-12T09:00:00Z<", "<createdAt>yesterday<", 1)
        .replacen("<language>POSIX sh</language>", "", 1);
    let scene = Scene::new(plan);
    fs::remove_dir_all(scene.path(".claude")).unwrap();
    scene.write("blueprint.toml", "runner = 'x'\n[runners.x]\ncommand = ['x']\n");
    let told = scene.blueprint(&["validate", "--schema"]);
    assert_eq!(told.code(), 3);
    insta::assert_snapshot!(told.out());
    assert_eq!(scene.blueprint(&["validate"]).code(), 0, "a run needs less");
}

#[test]
fn a_byte_order_mark_and_carriage_returns_move_no_place() {
    let plan = QUICKSTART.replace("<task id=\"words\">", "<task id=\"words\" urgent=\"yes\">");
    let found = |plan: String| Scene::new(plan).found(&["--schema"]);
    let without: Vec<_> = found(plan.clone()).into_iter().filter(|(code, _, _)| code == "E301").collect();
    assert_eq!(without.len(), 1);
    let marked = found(format!("\u{FEFF}{}", plan.replace('\n', "\r\n")));
    assert!(marked.contains(&without[0]), "{marked:?}");
}

#[test]
fn deep_foreign_markup_and_a_flood_of_findings_end_in_good_time() {
    let (open, close) = ("<x:a xmlns:x=\"urn:x\">".to_owned() + &"<x:a>".repeat(900), "</x:a>".repeat(901));
    let deep = QUICKSTART.replacen("<auditLog>", &format!("{open}{close}<auditLog>"), 1);
    assert!(accepts(&Scene::new(deep)));
    let flood = PLAN.replacen("</executionPlan>", &("<z/>\n".repeat(10_000) + "</executionPlan>"), 1);
    let flood = flood.replacen(
        "<task id=\"build-api\">",
        &("<task a=\"b\"/>\n".repeat(10_000) + "<task id=\"build-api\">"),
        1,
    );
    assert!(!accepts(&Scene::new(flood)));
}
