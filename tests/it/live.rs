//! `doctor --live`: what can be tried before a run spends money.

use std::path::PathBuf;

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
