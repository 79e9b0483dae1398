//! What programs are given is what `schemas/*.schema.json` say, key by key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on has failed"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

const PLAN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<projectGenesis version="1.0">
  <metadata><projectName>Shop</projectName><epicName>shop</epicName></metadata>
  <executionPlan>
    <executionDag/>
    <tasks>
      <task id="good"><name>Good</name><description>d</description><assignedAgent>dev</assignedAgent>
        <estimatedDuration>1h</estimatedDuration></task>
      <task id="bad"><name>Bad</name><description>d</description><assignedAgent>dev</assignedAgent></task>
      <task id="after"><name>After</name><description>d</description><dependencies>good bad</dependencies></task>
      <task id="hand"><name>By hand</name><description>d</description></task>
      <task id="free"><name>Free</name><description></description><estimatedDuration>soon</estimatedDuration></task>
    </tasks>
  </executionPlan>
</projectGenesis>
"#;

/// What a record of the journal leaves out where there is nothing to say.
const LEFT_OUT: [(&str, &str); 4] = [
    ("run-started", "branch"),
    ("attempt-started", "agent"),
    ("attempt-started", "sandbox"),
    ("attempt-started", "port_base"),
];

const CONFIG: &str = "runner = 'local'\n[runners.local]\ncommand = ['sh', '{config_dir}/agent.sh']\n";

const AGENT: &str = "cat > /dev/null\nif [ \"$TASK_ID\" = bad ]; then echo cannot >&2; exit 3; fi\necho work > \"$TASK_ID.txt\"\necho done with it\n";

/// A repository with a plan in it.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        // Beside the repository there is room for the worktrees.
        fs::create_dir(scene.folder()).unwrap();
        for (name, text) in [("genesis.xml", PLAN), ("blueprint.toml", CONFIG), ("agent.sh", AGENT)] {
            fs::write(scene.folder().join(name), text).unwrap();
        }
        let repo = git2::Repository::init(scene.folder()).unwrap();
        let mut index = repo.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = repo.find_tree(index.write_tree().unwrap()).unwrap();
        let me = git2::Signature::new("t", "t@example.org", &git2::Time::new(0, 0)).unwrap();
        repo.commit(Some("HEAD"), &me, &me, "start", &tree, &[]).unwrap();
        scene
    }

    fn folder(&self) -> std::path::PathBuf {
        self.0.path().join("shop")
    }

    fn blueprint(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blueprint"));
        let path = std::env::var_os("PATH").unwrap();
        command.env_clear().env("PATH", path).env("HOME", self.0.path()).env("USER", "ada");
        command.args(args).current_dir(self.folder()).output().unwrap()
    }

    fn journal(&self) -> Vec<Value> {
        let states = fs::read_dir(self.folder().join(".git/blueprint")).unwrap();
        let journals = states.map(|state| state.unwrap().path().join("journal.jsonl"));
        let journal =
            journals.filter(|journal| journal.is_file()).map(fs::read_to_string).next().unwrap().unwrap();
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.blueprint(&[args, &["--format", "json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

/// A schema of ours, ready to check documents.
struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn is_valid(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}

fn schema(name: &str) -> Schema {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{name}.schema.json"));
    let text = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.set_default_draft(Draft::V2020_12);
    compiler.enable_format_assertions();
    compiler.add_resource("schema.json", text).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    Schema { schemas, index }
}

fn check(schema: &Schema, document: &Value) {
    let found = schema.schemas.validate(document, schema.index);
    assert!(found.is_ok(), "{:#}\n{document:#}", found.unwrap_err());
}

#[test]
fn the_status_of_a_plan_is_as_its_schema_says_at_every_stage() {
    let (scene, schema) = (Scene::new(), schema("status"));
    let fresh = scene.json(&["status"]);
    check(&schema, &fresh);
    assert_eq!(fresh["counts"]["pending"], 5);

    let by_hand = scene.blueprint(&["task", "start", "--genesis", "genesis.xml", "--task", "hand"]);
    assert!(by_hand.status.success(), "{by_hand:?}");
    let run = scene.blueprint(&["run", "good", "bad", "after"]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");

    let later = scene.json(&["status"]);
    check(&schema, &later);
    let task = |id: &str| later["tasks"].as_array().unwrap().iter().find(|task| task["id"] == id).unwrap();
    assert_eq!(
        (&task("good")["status"], &task("good")["outcome"]),
        (&"completed".into(), &"completed".into())
    );
    assert!(task("good")["commit"].is_string() && task("good")["base"].is_string());
    assert_eq!((&task("bad")["status"], &task("bad")["attempts"]), (&"failed".into(), &1.into()));
    assert_eq!(task("hand")["owner"], "ada");
    assert_eq!(task("after")["needs"], serde_json::json!(["good", "bad"]));

    let one = scene.json(&["status", "good"]);
    check(&schema, &one);
    assert_eq!((one["tasks"].as_array().unwrap().len(), &one["counts"]["total"]), (1, &5.into()));
}

#[test]
fn what_is_next_is_as_its_schema_says() {
    let next = Scene::new().json(&["next"]);
    check(&schema("next"), &next);
    let tasks: Vec<_> = next["tasks"].as_array().unwrap().iter().map(|task| &task["id"]).collect();
    assert_eq!(tasks, ["good", "bad", "hand", "free"]);
    assert_eq!((&next["tasks"][0]["agent"], &next["tasks"][2]["agent"]), (&"dev".into(), &Value::Null));
}

#[test]
fn what_explain_says_is_as_its_schema_says_before_a_run_and_after_it() {
    let (scene, schema) = (Scene::new(), schema("explain"));
    let explain = |task: &str| {
        let explained = scene.json(&["explain", task]);
        check(&schema, &explained);
        explained
    };
    let fresh = explain("after");
    assert_eq!((fresh["waits_for"].as_array().unwrap().len(), &fresh["last_attempt"]), (2, &Value::Null));
    assert_eq!(fresh["would_run"]["branch"], "blueprint/shop/after");

    let run = scene.blueprint(&["run", "good", "bad", "after"]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    let [good, bad, after] = ["good", "bad", "after"].map(explain);
    assert_eq!((&good["status"], &good["would_run"]), (&"completed".into(), &Value::Null));
    assert_eq!(
        (&bad["last_attempt"]["outcome"], &bad["would_run"]["attempt"]),
        (&"failed".into(), &2.into())
    );
    let [would, did] = ["/would_run/command", "/last_attempt/command"].map(|key| bad.pointer(key).unwrap());
    assert_eq!(would, did, "what would be run is what was run");
    assert_eq!(after["why"][0], "it can't be run because `bad` failed");
    assert!(Path::new(bad["last_attempt"]["log"].as_str().unwrap()).is_file());
}

#[test]
fn the_graph_is_as_its_schema_says() {
    let graph = Scene::new().json(&["graph"]);
    check(&schema("graph"), &graph);
    assert_eq!(graph["critical_path"], serde_json::json!(["good", "after"]));
    assert_eq!(graph["tasks"][4]["estimate_s"], Value::Null);
}

#[test]
fn a_report_is_as_its_schema_says_before_and_after_a_run() {
    let (scene, schema) = (Scene::new(), schema("report"));
    check(&schema, &scene.json(&["report"]));
    scene.blueprint(&["run", "good", "bad"]);
    let report = scene.json(&["report"]);
    check(&schema, &report);
    assert_eq!(report["failures"][0]["task"], "bad");
    assert!(report["tasks"][0]["attempts"][0]["outcome"] == "completed", "{report:#}");
}

#[test]
fn what_validate_finds_is_as_its_schema_says_whatever_is_broken() {
    let (scene, schema) = (Scene::new(), schema("validate"));
    let warned = scene.json(&["validate"]);
    check(&schema, &warned);
    assert_eq!(warned["diagnostics"].as_array().unwrap().len(), 2);
    let invalid = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    for plan in fs::read_dir(invalid).unwrap() {
        let found = scene.json(&["validate", plan.unwrap().path().to_str().unwrap()]);
        check(&schema, &found);
        assert_ne!(found["diagnostics"], serde_json::json!([]));
    }
}

#[test]
fn every_record_of_a_journal_is_as_its_schema_says() {
    let (scene, schema) = (Scene::new(), schema("journal"));
    let agent = "cat > /dev/null\ncase $TASK_ID in\n\
        bad) sleep 1; echo cannot >&2; exit 3;;\n\
        good) blueprint task note hm; blueprint task note --learning x y; blueprint task done --summary fine --notes also;;\n\
        esac\necho work > \"$TASK_ID.txt\"\necho done with it\n";
    fs::write(scene.folder().join("agent.sh"), agent).unwrap();
    // One that takes longer than planned.
    let hasty = "<task id=\"bad\"><estimatedDuration>0.1s</estimatedDuration>";
    fs::write(scene.folder().join("genesis.xml"), PLAN.replace("<task id=\"bad\">", hasty)).unwrap();
    scene.blueprint(&["task", "start", "--genesis", "genesis.xml", "--task", "hand"]);
    let run = scene.blueprint(&["run", "good", "bad", "after", "free"]);
    assert_eq!(run.status.code(), Some(1), "{run:?}");
    let records = scene.journal();
    for record in &records {
        check(&schema, record);
    }
    assert_eq!((&records[0]["fact"], &records[0]["version"]), (&"journal-begun".into(), &1.into()));
    let facts: BTreeSet<_> = records.iter().map(|record| record["fact"].as_str().unwrap()).collect();
    let told = [
        "agent-spoke",
        "agent-started",
        "attempt-ended",
        "attempt-started",
        "journal-begun",
        "kept",
        "merged",
        "over-estimate",
        "reported",
        "run-ended",
        "run-started",
        "transition",
    ];
    assert_eq!(facts, BTreeSet::from(told));
    for record in records {
        let fact = record["fact"].as_str().unwrap();
        let is_needed = |key: &&String| !LEFT_OUT.contains(&(fact, key.as_str()));
        for key in record.as_object().unwrap().keys().filter(is_needed) {
            let mut missing = record.clone();
            missing.as_object_mut().unwrap().remove(key);
            assert!(!schema.is_valid(&missing), "{record} without {key}");
        }
        let mut unknown = record.clone();
        unknown["unknown"] = 1.into();
        assert!(!schema.is_valid(&unknown), "{record}");
    }
}

/// A schema that lets everything pass would prove nothing.
#[test]
fn a_missing_an_unknown_and_a_wrong_key_are_refused() {
    let scene = Scene::new();
    for name in ["status", "next", "graph", "validate", "report"] {
        let (schema, good) = (schema(name), scene.json(&[name]));
        let keys: Vec<String> = good.as_object().unwrap().keys().cloned().collect();
        for key in keys {
            let mut missing = good.clone();
            missing.as_object_mut().unwrap().remove(&key);
            assert!(!schema.is_valid(&missing), "{name} without {key}");
            let mut wrong = good.clone();
            wrong[&key] = "x".into();
            assert!(!schema.is_valid(&wrong), "{name} with a wrong {key}");
        }
        let mut unknown = good.clone();
        unknown["unknown"] = 1.into();
        assert!(!schema.is_valid(&unknown), "{name}");
    }
}
