//! `doctor --live`: what can be tried before a run spends money.

use std::path::PathBuf;

use rustix::process::Signal;

use crate::project::{FAKE_AGENT, PlanText, TestProject, files_below, toml_text};

fn project(script: &str, keys: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let agent = toml_text(FAKE_AGENT);
    project
        .configure(&format!("{keys}\n[runners.claude]\ncommand = [{agent}]\n[tasks.a]\nrunner = \"claude\""));
    project.commit_all("Who plays the agents");
    project
}

#[test]
fn each_program_is_called_once_in_a_worktree_that_is_set_up_and_nothing_is_left() {
    let project = project(
        "== *\nrecord seen\nclaude says ready",
        "setup = [\"touch made && touch ../ran\"]\n[[gates]]\nname = \"made\"\nrun = \"test -e made\"\n[[gates]]\nname = \"hard\"\nrun = \"echo two tests failed; exit 1\"",
    );
    let (refs, files) = (project.refs(), files_below(&project.root));
    let but_the_lock = |path: &PathBuf| !path.ends_with("blueprint/worktrees.lock");
    let ended = project.blueprint(&["doctor", "--live"]);
    ended.assert(0, &["calling claude: one short prompt each"]);
    for line in [
        "was made and set up in",
        "the gate `made` passes",
        "`hard` does not pass",
        "two tests failed",
        "claude answered in",
        "fake: a program of your own",
        "the calls took 0 tokens",
    ] {
        assert!(ended.stdout.contains(line), "{line} in {ended}");
    }
    assert_eq!(project.log().starts(), ["doctor"]);
    let prompt = std::fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    assert!(prompt.contains("Answer with the one word: ready."), "{prompt}");
    assert_eq!(project.refs(), refs);
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
    let place = format!("{}.worktrees/trial", project.root.display());
    let left: Vec<_> = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["ran"]);
    let now: Vec<_> = files_below(&project.root).into_keys().filter(but_the_lock).collect();
    assert_eq!(now, files.into_keys().collect::<Vec<_>>());
}

#[test]
fn what_is_wrong_is_told_with_the_way_out() {
    let project = project("== *\nclaude error 401 no such key", "setup = [\"echo no such package; exit 3\"]");
    let ended = project.blueprint(&["doctor", "--live"]);
    ended.assert(1, &[]);
    for line in
        ["`echo no such package; exit 3` ended with exit code 3: no such package", "no such key", "`/login`"]
    {
        assert!(ended.stdout.contains(line), "{line} in {ended}");
    }
    project.assert_no_process_left();
}

#[test]
fn where_something_is_wrong_already_nothing_is_spent() {
    let project = project("== *\nclaude says ready", "");
    project
        .configure("runner = \"gone\"\n[runners.gone]\nkind = \"claude\"\ncommand = [\"/no/such/program\"]");
    let ended = project.blueprint(&["doctor", "--live"]);
    ended.assert(1, &[]);
    assert!(ended.stdout.contains("nothing was tried"), "{ended}");
    assert_eq!(project.log().starts(), [""; 0]);
}

/// Killed while its gate runs.
fn killed(project: &TestProject) -> String {
    let live = project.start(&["doctor", "--live"]);
    project.wait_until_there("gate-runs");
    live.kill();
    project.touch("go");
    project.assert_no_process_left();
    let list = project.git(&["worktree", "list"]);
    let left = list.lines().find(|line| line.contains("/doctor-")).expect(&list);
    left.split_whitespace().next().unwrap().to_owned()
}

fn with_slow_gate() -> TestProject {
    let project = project("== *\nclaude says ready", "");
    let control = project.control.display();
    let gate = format!("touch '{control}/gate-runs'; until [ -e '{control}/go' ]; do sleep 0.05; done");
    let agent = toml_text(FAKE_AGENT);
    project.configure(&format!(
        "[runners.claude]\ncommand = [{agent}]\n[tasks.a]\nrunner = \"claude\"\n\
         [[gates]]\nname = \"slow\"\nrun = {}\n[[gates]]\nname = \"next\"\nrun = \"true\"",
        toml_text(&gate)
    ));
    project.commit_all("Gates");
    project
}

#[track_caller]
fn assert_nothing_left(project: &TestProject) {
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
    let temp = std::fs::read_dir(project.base().join("tmp")).unwrap().map(|entry| entry.unwrap().file_name());
    let logs: Vec<_> = temp.filter(|name| name.to_string_lossy().starts_with("blueprint-doctor-")).collect();
    assert!(logs.is_empty(), "{logs:?}");
    let looked = project.blueprint(&["doctor"]);
    assert!(looked.stdout.contains("nothing was left behind"), "{looked}");
}

#[test]
fn what_a_killed_trial_leaves_is_named_and_goes_with_the_next_one_or_a_clean() {
    let project = with_slow_gate();
    let left = killed(&project);
    let looked = project.blueprint(&["doctor"]);
    assert!(looked.stdout.contains(&left) && looked.stdout.contains("blueprint clean"), "{looked}");
    assert!(project.blueprint(&["clean"]).stdout.contains(&left));
    project.blueprint(&["clean", "--yes"]).assert(0, &["removed 1"]);
    assert_nothing_left(&project);

    for name in ["go", "gate-runs"] {
        std::fs::remove_file(project.control.join(name)).unwrap();
    }
    let left = killed(&project);
    project.blueprint(&["doctor", "--live"]).assert(0, &[&left]);
    assert_nothing_left(&project);
}

#[test]
fn a_trial_that_is_interrupted_says_what_it_has_left_out() {
    let project = with_slow_gate();
    let live = project.start(&["doctor", "--live"]);
    project.wait_until_there("gate-runs");
    // One that is under way is nobody's leftover.
    assert!(!project.blueprint(&["doctor"]).stdout.contains("that was killed"));
    live.signal(Signal::INT);
    let ended = live.wait();
    ended.assert(130, &[]);
    assert!(ended.stdout.contains("ended before slow, next, claude"), "{ended}");
    assert_nothing_left(&project);
}
