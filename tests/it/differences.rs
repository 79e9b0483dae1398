//! `diff`: what a task has changed.

use std::fs;

use serde_json::Value;

use crate::cleaning::assert_schema;
use crate::project::{PlanText, TestProject};

fn diff(project: &TestProject, arguments: &[&str]) -> String {
    let ended = project.blueprint(&[&["diff"], arguments].concat());
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stdout
}

#[test]
fn the_patch_of_a_task_holds_its_own_changes_only_and_can_be_applied() {
    let script = "== a\nwrite a.txt of a\n== b\nwrite b.txt of b\\nand more\ndelete README.md";
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), script);
    project.complete(&[]);
    let patch = diff(&project, &["b"]);
    assert!(!patch.contains("a.txt"), "{patch}");
    fs::write(project.base().join("patch"), &patch).unwrap();
    project.git(&["apply", project.base().join("patch").to_str().unwrap()]);
    assert!(!project.root.join("README.md").exists());
    assert!(project.read("b.txt").starts_with("of b\n"));
    assert_eq!(diff(&project, &["b", "--name-only"]), "README.md\nb.txt\n");
    assert!(diff(&project, &["b", "--stat"]).contains("2 files changed"));
}

#[test]
fn while_an_agent_works_what_is_not_committed_is_shown() {
    let project = TestProject::new(
        &PlanText::of(&["a"]),
        "== a\nwrite new.txt x\nappend README.md more\\n\ntouch written\nwait-for go",
    );
    let run = project.start(&["run"]);
    project.wait_until_there("written");
    let patch = diff(&project, &["a"]);
    assert!(patch.contains("+++ b/new.txt") && patch.contains("+more"), "{patch}");
    let json: Value = serde_json::from_str(&diff(&project, &["a", "--format", "json"])).unwrap();
    assert_schema(&json, "diff");
    assert_eq!((&json["commit"], json["files"].as_array().unwrap().len()), (&Value::Null, 2));
    project.touch("go");
    assert_eq!(run.wait().code, Some(0));
    let json: Value = serde_json::from_str(&diff(&project, &["a", "--format", "json"])).unwrap();
    assert_eq!((json["commit"].is_string(), &json["worktree"]), (true, &Value::Null));
}

#[test]
fn files_that_are_no_text_are_shown_as_such() {
    let project =
        TestProject::new(&PlanText::of(&["a"]), "== a\ncall sh|-c|printf '\\000\\001\\377' > data.bin");
    project.complete(&[]);
    let patch = diff(&project, &["a"]);
    assert!(patch.contains("data.bin"), "{patch}");
    fs::write(project.base().join("patch"), &patch).unwrap();
    project.git(&["apply", project.base().join("patch").to_str().unwrap()]);
    assert_eq!(fs::read(project.root.join("data.bin")).unwrap(), [0, 1, 0xff]);
    assert!(diff(&project, &["a", "--stat"]).contains("not text"));
}

#[test]
fn an_attempt_is_chosen_by_its_number_and_colours_come_if_they_are_wanted() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== a\nwrite a.txt one\nexit 1");
    assert_eq!(project.run(&[]).code, Some(1));
    project.script("== a\nwrite a.txt two");
    project.complete(&["--rerun-failed"]);
    assert!(diff(&project, &["a", "--attempt", "1"]).contains("+one"));
    assert!(diff(&project, &["a"]).contains("+two"));
    assert!(diff(&project, &["a", "--color", "always"]).contains("\u{1b}[32m+two"));
    project.blueprint(&["diff", "a", "--attempt", "9"]).assert(2, &["has no attempt 9"]);
    project.blueprint(&["diff", "x"]).assert(2, &["there is no task `x`"]);
}
