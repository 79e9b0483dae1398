//! Long output on a terminal goes through the user's pager, and nowhere else.

use std::fs;

use crate::project::{PlanText, Terminal, TestProject};

/// Notes that it was called, and shows what it gets between two marks.
const PAGER: &str = "touch \"$FAKE_AGENT_DIR/paged\"; echo \"<$LESS>\"; cat; echo '</>'";

fn many() -> TestProject {
    let ids: Vec<_> = (0..40).map(|number| format!("task-{number}")).collect();
    TestProject::new(
        &PlanText::of(&ids.iter().map(String::as_str).collect::<Vec<_>>()),
        "== *\nwrite {task}.txt x",
    )
}

fn is_paged(project: &TestProject) -> bool {
    fs::remove_file(project.control.join("paged")).is_ok()
}

fn shown(project: &TestProject, rows: u16, pager: &str, arguments: &[&str]) -> String {
    let terminal = Terminal::sized(project, (rows, 80), &[("PAGER", pager)], arguments);
    let (status, screen) = terminal.wait();
    assert_eq!(status.code(), Some(0), "{screen}");
    screen
}

#[test]
fn what_is_longer_than_the_terminal_goes_to_the_pager_whole_and_with_its_colours() {
    let project = many();
    let screen = shown(&project, 24, PAGER, &["status"]);
    assert!(is_paged(&project));
    assert!(screen.contains("<FRX>") && screen.trim_end().ends_with("</>"), "{screen}");
    assert_eq!(screen.matches("pending ").count(), 40, "{screen}");
    assert!(screen.contains("\u{1b}[1m"), "{screen:?}");
    shown(&project, 24, PAGER, &[]);
    assert!(!is_paged(&project), "the morning view is short");
    shown(&project, 24, PAGER, &["next"]);
    assert!(is_paged(&project));
}

#[test]
fn what_fits_is_printed_and_so_is_everything_where_no_pager_is_wanted_or_none_is_there() {
    let project = many();
    let whole = |screen: &str| assert_eq!(screen.matches("pending ").count(), 40, "{screen}");
    whole(&shown(&project, 80, PAGER, &["status"]));
    whole(&shown(&project, 24, PAGER, &["--no-pager", "status"]));
    whole(&shown(&project, 24, PAGER, &["status", "--no-pager"]));
    let json = shown(&project, 24, PAGER, &["status", "--format", "json"]);
    serde_json::from_str::<serde_json::Value>(&json).unwrap();
    assert!(!is_paged(&project));
    for nothing in ["", "cat", "no-such-pager -x"] {
        whole(&shown(&project, 24, nothing, &["status"]));
    }
}

#[test]
fn a_pipe_is_never_paged() {
    let project = many();
    let output = project
        .command(crate::project::BLUEPRINT)
        .env("PAGER", PAGER)
        .env("TERM", "xterm")
        .arg("status")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().matches("pending").count(), 41);
    assert!(!is_paged(&project));
}

#[test]
fn a_pager_that_has_seen_enough_is_no_error() {
    let project = many();
    project.complete(&[]);
    let patch = "line\\n".repeat(20_000);
    project.script(&format!("== *\nwrite big.txt {patch}"));
    project.blueprint(&["retry", "task-0"]).assert(0, &[]);
    project.complete(&[]);
    let screen = shown(&project, 24, "head -n 3", &["diff", "task-0"]);
    assert_eq!(screen.lines().count(), 3, "{screen}");
    let screen = shown(&project, 24, PAGER, &["diff", "task-0"]);
    assert!(screen.matches("+line").count() == 20_000, "{}", screen.len());
}

#[test]
fn a_log_is_paged_unless_it_is_followed() {
    let lines: Vec<_> = (0..60).map(|number| format!("print line {number}\n")).collect();
    let lines = lines.concat();
    let project = TestProject::new(&PlanText::of(&["a"]), &format!("== a\n{lines}write a.txt x"));
    project.complete(&[]);
    let screen = shown(&project, 24, PAGER, &["logs", "a"]);
    assert!(is_paged(&project) && screen.contains("line 0") && screen.contains("line 59"), "{screen}");
    let screen = shown(&project, 24, PAGER, &["logs", "a", "--follow"]);
    assert!(!is_paged(&project) && screen.contains("line 59"), "{screen}");
}
