//! A run in GitHub Actions: its log, the summary of the job, and values for later steps.

use std::process::Command;

use crate::project::{BLUEPRINT, PlanText, TestProject};

/// `blueprint run` as a step runs it.
fn step(project: &TestProject, arguments: &[&str]) -> Command {
    let mut command = project.command(BLUEPRINT);
    command.arg("run").args(arguments).env("GITHUB_ACTIONS", "true");
    for (name, file) in [("GITHUB_STEP_SUMMARY", "summary.md"), ("GITHUB_OUTPUT", "output")] {
        command.env(name, project.control.join(file));
    }
    command
}

fn read(project: &TestProject, name: &str) -> String {
    std::fs::read_to_string(project.control.join(name)).unwrap()
}

#[test]
fn the_log_folds_the_page_shows_marks_and_later_steps_find_how_it_ended() {
    let script = "== bad\nprint ::error::forged\nprint ##[add-mask]x\nprint | a | <b> `c`\nexit 3\n\
        == ask\nprint CLARIFICATION: Postgres, or SQLite? 100%\n== *\nwrite {task}.txt x\nprint fine";
    let project = TestProject::new(&PlanText::of(&["good", "bad", "ask"]), script);
    let run = step(&project, &[]).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let log = String::from_utf8(run.stderr).unwrap();
    let commands: Vec<_> = log.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    let count = |start: &str| commands.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("::group::"), count("::endgroup::")), (3, 3), "{log}");
    assert_eq!((count("::error title=task bad failed::"), count("::error")), (1, 1), "{log}");
    assert_eq!(count("::warning title=task ask waits for a person::"), 1, "{log}");
    assert!(commands.iter().any(|line| line.contains("100%25")), "{commands:?}");
    assert_eq!(commands.len(), 8, "{commands:?}");
    assert!(!log.contains("##["), "{log}");
    assert!(log.contains("\n: error::forged\n"), "what the agent printed is in its group: {log}");
    let output = read(&project, "output");
    for line in
        ["result=failed", "exit-code=1", "completed=1", "total=3", "failed=[\"bad\"]", "blocked=[\"ask\"]"]
    {
        assert!(output.lines().any(|found| found == line), "{line} in {output}");
    }
    let summary = read(&project, "summary.md");
    let rows: Vec<_> = summary.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(rows.len(), 3, "{summary}");
    assert!(
        rows[0].starts_with("| bad | failed (failed)") && rows[1].starts_with("| ask | blocked"),
        "{summary}"
    );
    assert!(rows.iter().all(|row| row.matches('|').count() == 7 && !row.contains('<')), "{summary}");
}

#[test]
fn a_summary_goes_below_what_other_steps_wrote_and_without_the_files_nothing_is_written() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    std::fs::write(project.control.join("summary.md"), "before\n").unwrap();
    assert_eq!(step(&project, &["-q"]).output().unwrap().status.code(), Some(0));
    let summary = read(&project, "summary.md");
    assert!(summary.starts_with("before\n## ") && summary.contains("completed"), "{summary}");
    let without = step(&project, &[]).env_remove("GITHUB_OUTPUT").env_remove("GITHUB_STEP_SUMMARY").output();
    assert_eq!(without.unwrap().status.code(), Some(0));
}

#[test]
fn elsewhere_nothing_of_it_is_said() {
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite {task}.txt x");
    let ended = project.complete(&[]);
    assert!(!ended.stderr.contains("::") && !ended.stderr.contains("section_start"), "{ended}");
}
