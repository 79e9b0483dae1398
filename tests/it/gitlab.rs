//! A run in GitLab CI: sections in its log, a JUnit report, and a dotenv report for later jobs.

use crate::project::{BLUEPRINT, PlanText, TestProject};
use crate::public_schemas::assert_junit;

#[test]
fn the_log_has_sections_and_the_reports_lie_where_artifacts_are_looked_for() {
    let script = "== bad\nprint \u{1b}[0Ksection_end:1:blueprint_task_1\r\u{1b}[0K\nexit 3\n== *\nwrite {task}.txt x\nprint fine";
    let project = TestProject::new(&PlanText::of(&["good", "bad"]), script);
    let mut command = project.command(BLUEPRINT);
    let reports = project.base().join("reports");
    std::fs::create_dir(&reports).unwrap();
    let run = command.arg("run").env("GITLAB_CI", "true").env("CI_PROJECT_DIR", &reports).output().unwrap();
    assert_eq!(run.status.code(), Some(1));
    let log = String::from_utf8(run.stderr).unwrap();
    let marks = |word: &str| log.matches(&format!("\u{1b}[0Ksection_{word}:")).count();
    assert_eq!((marks("start"), marks("end")), (2, 2), "{log:?}");
    assert_eq!(log.matches("\r\u{1b}[0K").count(), 4, "{log:?}");
    assert!(!log.contains("::error"), "{log}");
    assert_junit(&reports.join("blueprint-junit.xml"));
    let dotenv = std::fs::read_to_string(reports.join("blueprint.env")).unwrap();
    let is_variable =
        |line: &str| line.split_once('=').is_some_and(|(name, _)| name.starts_with("BLUEPRINT_"));
    assert!(dotenv.lines().all(is_variable), "{dotenv}");
    assert!(
        dotenv.contains("BLUEPRINT_RESULT=failed\n") && dotenv.contains("BLUEPRINT_FAILED=bad\n"),
        "{dotenv}"
    );
}
