//! `run --events`: what happens, as JSON lines for other programs.

use std::path::Path;

use boon::{Compiler, Draft, Schemas};
use serde_json::Value;

use crate::project::{PlanText, TestProject};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'l>(lines: &'l [Value], event: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

#[track_caller]
fn assert_as_the_schema_says(lines: &[Value]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/events.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.add_resource("events.json", schema).unwrap();
    let index = compiler.compile("events.json", &mut schemas).unwrap();
    for line in lines {
        let found = schemas.validate(line, index);
        assert!(found.is_ok(), "{:#}\n{line:#}", found.unwrap_err());
    }
}

#[test]
fn a_file_has_a_line_for_everything_that_happened_in_its_order() {
    let script = "== b\nprint no way\nexit 3\n== *\nwrite {task}.txt x\nprint made {task}";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]).edge("b", "c"), script);
    project.run(&["--events", "events.jsonl"]).assert(1, &["failed"]);
    let lines = lines(&project.read("events.jsonl"));
    assert_as_the_schema_says(&lines);
    assert_eq!(
        (&lines[0]["event"], &lines.last().unwrap()["event"]),
        (&"run-started".into(), &"run-ended".into())
    );
    let ended = of(&lines, "task-ended");
    let result = |id: &str| ended.iter().find(|line| line["task"] == id).unwrap()["result"].clone();
    assert_eq!((result("a"), result("b")), ("completed".into(), "failed".into()));
    assert_eq!(of(&lines, "not-run")[0]["tasks"], serde_json::json!(["c"]));
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["exit_code"], &last["failed"], &last["not_run"]),
        (&1.into(), &serde_json::json!(["b"]), &serde_json::json!(["c"]))
    );
    let times: Vec<_> =
        lines.iter().map(|line| line["time"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()).collect();
    assert!(times.is_sorted());
}

#[test]
fn a_dash_is_standard_output_which_has_nothing_else() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    let ended = project.complete(&["--events", "-"]);
    let lines = lines(&ended.stdout);
    assert_as_the_schema_says(&lines);
    assert_eq!(of(&lines, "task-ended").len(), 1);
}

#[test]
fn what_can_not_be_written_is_said_before_anything_is_done() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    for flag in ["--events", "--junit"] {
        project.run(&[flag, "no/such/folder/file"]).assert(74, &["can't write `no/such/folder/file`"]);
    }
    assert_eq!(project.log().starts().len(), 0);
    project.run(&["--events", "-", "--detach"]).assert(2, &["in the background has no standard output"]);
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn a_file_that_fills_its_disk_is_an_error_at_the_end_and_none_of_the_tasks() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    project.run(&["--events", "/dev/full"]).assert(74, &["completed", "can't write `/dev/full`"]);
    project.assert_statuses(&[("a", "completed")]);
}

#[test]
fn secrets_do_not_stand_in_it() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nprint the key is Zx81-qwerty-0042\nexit 1");
    project.configure("env-pass = [\"FAKE_AGENT_*\", \"GIT_CONFIG_*\", \"A_TOKEN\"]");
    let mut command = project.command(crate::project::BLUEPRINT);
    let run = command
        .args(["run", "--events", "events.jsonl"])
        .env("A_TOKEN", "Zx81-qwerty-0042")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let text = project.read("events.jsonl");
    assert!(text.contains("task-ended") && !text.contains("Zx81-qwerty-0042"), "{text}");
}
