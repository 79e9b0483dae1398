//! A plan of two tasks, of which the second one reads what the first one wrote.

use crate::program::Program;
use crate::project::{INTEGRATION, PlanText, TestProject};
use crate::service::Service;

fn a_plan_of_two_tasks_is_completed(program: Program) {
    let Some(file) = program.installed() else { return };
    let project = TestProject::new(&PlanText::chain(&["first", "second"]), "");
    let commit = program.runs("git add --all && git commit --quiet --message 'By the agent'");
    let first = vec![
        program.writes("first.txt", "made by the first"),
        commit,
        program.is_done("Wrote the first file."),
    ];
    let copy = program.runs("cat first.txt first.txt > second.txt");
    let second = vec![copy, program.is_done("Wrote the second file.")];
    let routes = [("# Task `first`".to_owned(), first), ("# Task `second`".to_owned(), second)];
    let service = Service::start(&project.control, &routes);
    let runner = program.runner("real", &file, &service.url(), project.base(), &[]);
    project.write("blueprint.toml", &format!("runner = \"real\"\n{runner}"));
    project.git(&["config", "user.name", "Agent"]);
    project.git(&["config", "user.email", "agent@example.invalid"]);
    project.commit_all("Who plays the agents");

    let ended = project.run(&["--retries", "0"]);
    assert_eq!(ended.code, Some(0), "{ended}\n{}", service.requests());
    project.assert_journal();
    assert_eq!(project.show(INTEGRATION, "second.txt"), "made by the firstmade by the first");
    let story = project.git(&["log", "--format=%s", INTEGRATION]);
    let by_itself = story.contains("By the agent");
    assert_eq!(by_itself, program != Program::Codex, "its sandbox keeps Codex from committing: {story}");
    let task = project.task("second");
    assert!(task["tokens"]["input"].as_u64().unwrap() > 0, "{task}");
    let section = project.section_of("second");
    assert!(section.contains("Wrote the second file."), "{section}");
    project.assert_no_process_left();
}

#[test]
fn claude_completes_a_plan_of_two_tasks() {
    a_plan_of_two_tasks_is_completed(Program::Claude);
}

#[test]
fn codex_completes_a_plan_of_two_tasks() {
    a_plan_of_two_tasks_is_completed(Program::Codex);
}

#[test]
fn opencode_completes_a_plan_of_two_tasks() {
    a_plan_of_two_tasks_is_completed(Program::Opencode);
}

#[test]
fn gemini_completes_a_plan_of_two_tasks() {
    a_plan_of_two_tasks_is_completed(Program::Gemini);
}
