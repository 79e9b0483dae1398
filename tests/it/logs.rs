//! What `logs` shows of what agent programs print.

use crate::project::{FAKE_AGENT, PlanText, TestProject, toml_text};

fn played(script: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    project.configure(&format!("[runners.claude]\ncommand = [{}]", toml_text(FAKE_AGENT)));
    project.run(&["--runner", "claude", "--retries", "0"]);
    project
}

#[test]
fn what_an_agent_program_prints_is_shown_in_words_or_as_it_is() {
    let project = played("== *\nwrite a.txt x\nprint odd\nclaude starts\nclaude says Wrote it.");
    let shown = project.blueprint(&["logs", "a"]);
    assert_eq!(
        (shown.code, shown.stdout.as_str()),
        (Some(0), "odd\nnote    started with m\nWrote it.\n"),
        "{shown}"
    );
    assert_eq!(project.blueprint(&["logs", "a", "--follow"]).stdout, shown.stdout);
    let raw = project.blueprint(&["logs", "a", "--raw"]).stdout;
    assert!(raw.starts_with("odd\n{\"type\":\"system\"") && raw.contains("{\"type\":\"result\""), "{raw}");
}

#[test]
fn what_went_wrong_is_shown_as_that() {
    let project = played("== *\nclaude error 500 the service fell over");
    let shown = project.blueprint(&["logs", "a"]).stdout;
    assert!(shown.starts_with("error   ") && shown.contains("the service fell over"), "{shown}");
}
