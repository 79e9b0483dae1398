//! What a broken plan is told, by the real program, as its author gets it; and that nothing is touched.
//!
//! Each file of `tests/invalid` is a plan; what `validate` says of it stands in `tests/snapshots/<name>.snap`. Those called
//! `warning-…` are odd, but valid.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// One plan of `tests/invalid`, alone in a folder of its own.
struct Scene {
    folder: tempfile::TempDir,
    file: String,
}

impl Scene {
    fn new(plan: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = plan.file_name().unwrap().to_str().unwrap().to_owned();
        fs::copy(plan, folder.path().join(&file)).unwrap();
        // The agent that some of them name; what is said of one that nobody has defined, tests/check knows.
        fs::create_dir_all(folder.path().join(".claude/agents")).unwrap();
        let definition = "---\nname: gardener\ndescription: d\n---\nWork.\n";
        fs::write(folder.path().join(".claude/agents/gardener.md"), definition).unwrap();
        // One that somebody has just written would be waited for: it may be half-written.
        let an_hour_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
        fs::File::options()
            .write(true)
            .open(folder.path().join(&file))
            .unwrap()
            .set_modified(an_hour_ago)
            .unwrap();
        Self { folder, file }
    }

    fn in_a_repository(self) -> Self {
        let repo = git2::Repository::init(self.folder.path()).unwrap();
        let tree = repo.find_tree(repo.index().unwrap().write_tree().unwrap()).unwrap();
        let me = git2::Signature::new("t", "t@example.org", &git2::Time::new(0, 0)).unwrap();
        repo.commit(Some("HEAD"), &me, &me, "start", &tree, &[]).unwrap();
        drop(tree);
        self
    }

    fn blueprint(&self, verb: &str, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blueprint"));
        command.env_clear().env("HOME", self.folder.path().join("no-home")).current_dir(self.folder.path());
        command.args([verb, &self.file, "--color", "never"]).args(more);
        command.output().unwrap()
    }

    /// Every file and folder below, with its content and the time of its last change.
    fn content(&self) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.folder.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let modified = path.symlink_metadata().unwrap().modified().unwrap();
                let bytes = if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
                if path.is_dir() {
                    open.push(path.clone());
                }
                found.insert(path, (bytes, modified));
            }
        }
        found
    }
}

fn plans() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    let mut plans: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    plans.sort();
    plans
}

fn name(plan: &Path) -> &str {
    plan.file_stem().unwrap().to_str().unwrap()
}

fn is_valid(plan: &Path) -> bool {
    name(plan).starts_with("warning-")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what is printed is UTF-8")
}

#[test]
fn every_broken_plan_is_explained() {
    let plans = plans();
    assert!(plans.len() >= 24);
    for plan in plans {
        let output = Scene::new(&plan).blueprint("validate", &[]);
        assert_eq!(text(output.stderr), "", "{}", plan.display());
        let said = text(output.stdout);
        assert!(!said.contains('\u{1b}') && !said.contains('\0'), "{}: drives the terminal", plan.display());
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name(&plan), format!("{said}exit code {}", output.status.code().unwrap()));
        });
    }
}

#[test]
fn every_snapshot_is_of_a_plan_that_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let mut snapshots: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    snapshots.sort();
    let names = |paths: &[PathBuf]| paths.iter().map(|path| name(path).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&snapshots), names(&plans()));
}

#[test]
fn a_broken_plan_is_not_run_and_nothing_is_touched() {
    for plan in plans().iter().filter(|plan| !is_valid(plan)) {
        for scene in [Scene::new(plan), Scene::new(plan).in_a_repository()] {
            let before = scene.content();
            for verb in ["run", "status", "next", "graph"] {
                let output = scene.blueprint(verb, &[]);
                let said = text(output.stderr);
                assert_eq!(output.status.code(), Some(3), "{verb} {}: {said}", name(plan));
                assert!(output.stdout.is_empty(), "{verb} {}", name(plan));
                assert!(said.contains("error: the plan is invalid: "), "{verb} {}: {said}", name(plan));
                assert!(scene.content() == before, "{verb} {} changed something", name(plan));
            }
        }
    }
}

#[test]
fn run_says_of_a_broken_plan_what_validate_says() {
    for plan in plans().iter().filter(|plan| !is_valid(plan)) {
        let scene = Scene::new(plan);
        let validated = text(scene.blueprint("validate", &[]).stdout);
        let (problems, _verdict) = validated.trim_end().rsplit_once('\n').unwrap();
        let run = text(scene.blueprint("run", &[]).stderr);
        assert!(run.starts_with(problems.trim_end()), "{}:\n{run}\n{problems}", name(plan));
    }
}

#[test]
fn warnings_alone_do_not_fail_unless_strict() {
    for plan in plans().iter().filter(|plan| is_valid(plan)) {
        let scene = Scene::new(plan);
        assert_eq!(scene.blueprint("validate", &[]).status.code(), Some(0), "{}", name(plan));
        assert_eq!(scene.blueprint("validate", &["--strict"]).status.code(), Some(3), "{}", name(plan));
    }
}

#[test]
fn the_json_has_the_documented_keys_and_the_places_of_the_text() {
    for (plan, expected) in [
        ("cycle-of-three", ("E202", "error", 12, 27)),
        ("warning-unreadable-estimate", ("W201", "warning", 14, 28)),
    ] {
        let plan = plans().into_iter().find(|path| name(path) == plan).unwrap();
        let output = Scene::new(&plan).blueprint("validate", &["--format", "json"]);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["version"], 1);
        let found = &json["diagnostics"][0];
        let place = (found["line"].as_u64().unwrap(), found["column"].as_u64().unwrap());
        let (code, severity, line, column) = expected;
        assert_eq!((found["code"].as_str(), found["severity"].as_str()), (Some(code), Some(severity)));
        assert_eq!(place, (line, column));
        assert!(found["message"].is_string());
        assert_eq!(json["diagnostics"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_plan_that_is_not_there_is_a_usage_error() {
    let scene = Scene::new(&plans()[0]);
    fs::remove_file(scene.folder.path().join(&scene.file)).unwrap();
    for verb in ["validate", "run", "status"] {
        let output = scene.blueprint(verb, &[]);
        let said = text(output.stderr);
        assert_eq!(output.status.code(), Some(2), "{verb}: {said}");
        assert!(said.contains(&scene.file), "{said}");
    }
}
