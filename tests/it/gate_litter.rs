//! What gates leave in a worktree is none of the work in there.

use crate::gates::project;
use crate::project::INTEGRATION;

/// Leaves a file, changes one of the work, and passes when there is `b.txt`.
const UNTIDY: &str = "[[gates]]\nname = \"untidy\"\nrun = \"mkdir -p out; echo x > out/report.txt; echo x >> a.txt; test -e b.txt\"\n";

#[test]
fn what_a_gate_leaves_gets_into_no_commit_of_the_agent_and_is_told_and_kept() {
    let script = "== a #1\nwrite a.txt one\n== a #2\nwrite b.txt two";
    let project = project(&["a"], script, UNTIDY);
    let ended = project.complete(&[]);
    ended.assert(0, &["the gate `untidy` has changed `a.txt` and left `out/report.txt`: a gate only checks"]);
    let files = project.files(INTEGRATION);
    assert!(!files.iter().any(|file| file.starts_with("out")), "{files:?}");
    assert_eq!(project.show(INTEGRATION, "a.txt"), "one");
    assert_eq!(project.show(INTEGRATION, "b.txt"), "two");
    let log = project.facts("gate-ended", "a")[0]["log"].as_str().unwrap().to_owned();
    let attempt =
        std::path::Path::new(&log).ancestors().find(|at| at.join("left-by-gates").is_dir()).unwrap();
    assert_eq!(std::fs::read_to_string(attempt.join("left-by-gates/out/report.txt")).unwrap(), "x\n");
}

#[test]
fn a_file_that_the_agent_makes_itself_is_its_own_whatever_a_gate_has_left_there_before() {
    let script = "== a #1\nwrite a.txt one\n== a #2\nwrite out/report.txt mine\nwrite b.txt two";
    let project = project(&["a"], script, UNTIDY);
    project.complete(&[]);
    assert_eq!(project.show(INTEGRATION, "out/report.txt"), "mine");
    let worktree = project.worktree("a");
    if std::path::Path::new(&worktree).exists() {
        assert_eq!(project.git(&["-C", &worktree, "status", "--porcelain"]), "");
    }
}

#[test]
fn what_git_ignores_stays_for_the_next_round() {
    let script = "== a #1\nwrite .gitignore cache\n== a #2\ncall cp|cache/hot|b.txt";
    let gate =
        "[[gates]]\nname = \"cached\"\nrun = \"mkdir -p cache; echo warm > cache/hot; test -e b.txt\"\n";
    let project = project(&["a"], script, gate);
    let ended = project.complete(&[]);
    assert!(!ended.stderr.contains("a gate only checks"), "{}", ended.stderr);
    assert_eq!(project.show(INTEGRATION, "b.txt"), "warm");
}
