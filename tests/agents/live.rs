//! `doctor --live`, with the real programs: one short call each, before money is spent.

use serde_json::json;

use crate::program::Program;
use crate::project::{PlanText, TestProject};
use crate::service::Service;

fn a_program_is_tried_before_money_is_spent(program: Program) {
    let Some(file) = program.installed() else { return };
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let answers = vec![program.is_done("ready")];
    let service = Service::start(&project.control, &[("Answer with the one word".to_owned(), answers)]);
    let runner = program.runner("real", &file, &service.url(), project.base(), &[]);
    project.write("blueprint.toml", &format!("runner = \"real\"\n{runner}"));
    project.commit_all("Who plays the agents");

    let ended = project.blueprint(&["doctor", "--live"]);
    assert_eq!(ended.code, Some(0), "{ended}\n{}", service.requests());
    assert!(ended.stdout.contains("real answered in"), "{ended}");
    assert!(ended.stdout.contains("the calls took ") && !ended.stdout.contains("took 0 tokens"), "{ended}");
    project.assert_no_process_left();
}

/// What its service says to a key that it does not know.
fn a_program_that_is_not_logged_in_is_told_so(program: Program) {
    let Some(file) = program.installed() else { return };
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let refuses = json!({"status": 401, "type": "authentication_error", "message": "invalid key"});
    let service = Service::start(&project.control, &[("Answer with the one word".to_owned(), vec![refuses])]);
    let runner = program.runner("real", &file, &service.url(), project.base(), &[]);
    project.write("blueprint.toml", &format!("runner = \"real\"\n{runner}"));
    project.commit_all("Who plays the agents");

    let ended = project.blueprint(&["doctor", "--live"]);
    assert_eq!(ended.code, Some(1), "{ended}\n{}", service.requests());
    assert!(ended.stdout.contains("log in with"), "{ended}");
}

#[test]
fn claude_is_tried() {
    a_program_is_tried_before_money_is_spent(Program::Claude);
}

#[test]
fn codex_is_tried() {
    a_program_is_tried_before_money_is_spent(Program::Codex);
}

#[test]
fn opencode_is_tried() {
    a_program_is_tried_before_money_is_spent(Program::Opencode);
}

#[test]
fn gemini_is_tried() {
    a_program_is_tried_before_money_is_spent(Program::Gemini);
}

#[test]
fn claude_without_a_login_is_told_so() {
    a_program_that_is_not_logged_in_is_told_so(Program::Claude);
}

#[test]
fn codex_without_a_login_is_told_so() {
    a_program_that_is_not_logged_in_is_told_so(Program::Codex);
}
