//! A plan from its beginning to its end.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::{PlanText, TestProject};

const QUICKSTART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/genesis/quickstart");

/// What the fake agent does when nothing special is to be shown: a file for each task.
const WORK: &str = "== *
    write {task}.txt something
    commit Do the work";

/// Lines that a run may take away, as §2 of the format has it: what it replaces.
const REPLACED: [&str; 8] = [
    "<status>planning</status>",
    "<status>in-progress</status>",
    "<lastUpdatedAt>",
    "<taskRef id=",
    "<completedTasks>",
    "<inProgressTasks>",
    "<failedTasks>",
    "<percentageComplete>",
];

/// Lines that a run may add beside those.
const ADDED: [&str; 15] = [
    "<event>",
    "</event>",
    "<timestamp>",
    "<status>",
    "<description>",
    "<actor>",
    "<type>",
    "<changes>",
    "<result>",
    "</result>",
    "<summary>",
    "<deliverables>",
    "<deliverable>",
    "</deliverables>",
    "<notes>",
];

#[test]
fn the_quickstart_completes_and_its_programs_own_tests_pass() {
    let project = TestProject::without_git();
    let plan = copy_of(Path::new(QUICKSTART), &project.root);
    let mut command = project.command(crate::project::BLUEPRINT);
    let before = fs::read_to_string(&plan).unwrap();
    command.args(["run", "--scratch"]).arg(&plan).env("QUICKSTART_PAUSE", "0");
    let ended = crate::project::Running::start(&mut command).wait();
    ended.assert(0, &["completed: 6 of 6 tasks completed"]);
    assert_eq!(fs::read_to_string(&plan).unwrap(), before, "the plan that was copied is left alone");

    let scratch = scratch_of(&ended.stderr);
    let git = |arguments: &[&str]| {
        let output = project.command("git").current_dir(&scratch).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(git(&["status", "--porcelain"]).trim(), "M genesis.xml");
    let status = project
        .command(crate::project::BLUEPRINT)
        .args(["status", "--format", "json"])
        .current_dir(&scratch)
        .output();
    let status: serde_json::Value = serde_json::from_slice(&status.unwrap().stdout).unwrap();
    assert_eq!(status["counts"]["completed"], 6, "{status}");

    git(&["worktree", "add", "--quiet", "../whole", "blueprint/quickstart/integration"]);
    let whole = scratch.join("../whole");
    let tested = project.command("sh").arg("tally/tests/run.sh").current_dir(whole).output().unwrap();
    assert!(tested.status.success(), "{tested:?}");
}

#[test]
fn every_task_completes_after_its_prerequisites() {
    let project = TestProject::new(&four_in_two_levels(), WORK);
    project.complete(&[]);
    assert_in_order(&project, &four_in_two_levels_edges());
    for (id, status) in project.statuses() {
        assert_eq!(status, "completed", "{id}");
    }
}

#[test]
fn a_run_changes_in_the_plan_only_what_transitions_are_made_of() {
    let project = TestProject::new(&four_in_two_levels(), WORK);
    let before = project.read("genesis.xml");
    project.complete(&[]);
    assert_only_transitions(&before, &project.read("genesis.xml"));
}

/// A real plan that is no part of this project; where it isn't there, there is nothing to test.
#[test]
fn the_original_example_runs_and_changes_only_by_transitions() {
    let Some(before) = original_example() else {
        eprintln!("skipped: shared/corpus/origin-example.genesis.xml is not here");
        return;
    };
    let project = TestProject::new(&PlanText::of(&["x"]), WORK);
    project.write("genesis.xml", &before);
    project.commit_all("The original example");
    project.complete(&[]);
    assert_eq!(project.status()["counts"]["completed"], 4);
    assert_in_order(
        &project,
        &[
            ("create-instruction-protocol", "update-specialist-agents"),
            ("refactor-parallel-worker", "refactor-project-shipper"),
        ],
    );
    assert_only_transitions(&before, &project.read("genesis.xml"));
}

#[test]
fn a_second_run_finds_nothing_to_do() {
    let project = TestProject::new(&PlanText::chain(&["a", "b"]), WORK);
    project.complete(&[]);
    let (plan, refs) = (project.read("genesis.xml"), project.refs());
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["a", "b"]);
    assert_eq!(project.read("genesis.xml"), plan);
    assert_eq!(project.refs(), refs);
}

#[test]
fn a_task_starts_from_its_own_prerequisites_work_and_nothing_else() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c");
    let project = TestProject::new(&plan, "== *\nwrite {task}.txt something");
    project.run(&["--jobs", "1", "b"]).assert(0, &[]);
    project.complete(&[]);
    let base = project.task("c")["base"].as_str().unwrap().to_owned();
    let files = project.files(&base);
    assert!(files.contains(&"a.txt".to_owned()) && !files.contains(&"b.txt".to_owned()), "{files:?}");
}

fn four_in_two_levels_edges() -> [(&'static str, &'static str); 2] {
    [("write-protocol", "update-agents"), ("refactor-worker", "refactor-shipper")]
}

fn four_in_two_levels() -> PlanText {
    let plan = PlanText::of(&["write-protocol", "refactor-worker", "update-agents", "refactor-shipper"]);
    four_in_two_levels_edges().into_iter().fold(plan, |plan, (from, to)| plan.edge(from, to))
}

fn assert_in_order(project: &TestProject, edges: &[(&str, &str)]) {
    let log = project.log();
    for (before, after) in edges {
        assert!(log.place("end", before) < log.place("start", after), "{log:?}");
    }
}

/// Compares line by line, like diff: what stays has to stay in its order.
fn assert_only_transitions(before: &str, after: &str) {
    let may_go = |line: &str| REPLACED.iter().any(|start| line.trim_start().starts_with(start));
    let may_come =
        |line: &str| may_go(line) || ADDED.iter().any(|start| line.trim_start().starts_with(start));
    let mut after = after.lines();
    for line in before.lines().filter(|line| !may_go(line)) {
        let mut found = false;
        for candidate in after.by_ref() {
            if candidate == line {
                found = true;
                break;
            }
            assert!(may_come(candidate), "added: {candidate:?}");
        }
        assert!(found, "lost: {line:?}");
    }
    assert_eq!(after.next(), None);
}

fn original_example() -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places =
        ["../shared", "../../shared"].map(|up| here.join(up).join("corpus/origin-example.genesis.xml"));
    places.into_iter().find_map(|path| fs::read_to_string(path).ok())
}

/// Copies the quickstart, so that nothing can change the original.
fn copy_of(folder: &Path, to: &Path) -> PathBuf {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_of(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
    to.join("genesis.xml")
}

/// Where a scratch run says that it runs.
fn scratch_of(stderr: &str) -> PathBuf {
    let line = stderr.lines().find_map(|line| line.strip_prefix("note    runs in "));
    PathBuf::from(line.unwrap_or_else(|| panic!("no place in {stderr}")))
}
