//! A job a task: clones that share nothing but a bare repository.

use serde_json::Value;

use crate::project::{Fleet, PlanText};

const WRITES: &str = "== *\nwrite {task}.txt what {task} made\nprint {task} is done";

#[test]
fn a_job_does_its_one_task_and_leaves_everything_in_the_remote() {
    let fleet = Fleet::new(&PlanText::chain(&["a", "b"]), WRITES);
    let first = fleet.clone("first");
    first.run(&["a", "--ci"]).assert(0, &[]);
    assert_eq!(first.log().starts(), ["a"]);
    let record = fleet.record("a").unwrap();
    assert_eq!((&record["status"], &record["claim"]), (&Value::from("completed"), &Value::Null));
    let refs = fleet.refs("refs");
    for name in [
        "refs/heads/blueprint/trial/a",
        "refs/blueprint/trial/start",
        "refs/blueprint/trial/attempts/a/1",
        "refs/blueprint/trial/bases/a/1",
    ] {
        assert!(refs.iter().any(|there| there == name), "{name} in {refs:?}");
    }
    assert!(!refs.contains(&"refs/heads/blueprint/trial/integration".to_owned()));

    let second = fleet.clone("second");
    second.run(&["b", "--ci"]).assert(0, &[]);
    assert_eq!(second.log().starts(), ["a", "b"]);
    assert_eq!(second.files("blueprint/trial/b"), ["README.md", "a.txt", "b.txt", "blueprint.toml", "genesis.xml"]);
    second.assert_statuses(&[("a", "completed"), ("b", "completed")]);
    second.assert_journal();
}
