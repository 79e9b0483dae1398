//! What an agent has learnt, by its structured answer, stands in the plan, and in the prompt of a task that it bears on; and what the
//! program printed is shown in words.

use serde_json::json;

use crate::program::Program;
use crate::project::{PlanText, TestProject};
use crate::service::Service;

const LEARNT: &str = "The scheduler is flaky. Run it twice.";

fn what_is_learnt_is_told_to_the_next(program: Program) {
    let Some(file) = program.installed() else { return };
    let plan = PlanText::chain(&["first", "second"]).to_xml();
    let plan = plan.replace("What is to be done for second", "Mend the scheduler");
    let project = TestProject::of_text(&plan, "");
    let answer = json!({"status": "done", "summary": "Did it.", "deliverables": [], "question": null, "learnings": [LEARNT]});
    let first = vec![program.writes("first.txt", "x"), program.answers(&answer, "")];
    // Only a prompt with what the first one learnt matches.
    let second = vec![program.writes("second.txt", "x"), program.is_done("Did it, too.")];
    let routes = [
        ("# Task `first`".to_owned(), first),
        (r"# Task `second`(?s:.*)- \(general\) The scheduler is flaky".to_owned(), second),
    ];
    let service = Service::start(&project.control, &routes);
    let runner = program.runner("real", &file, &service.url(), project.base(), &[]);
    project.write("blueprint.toml", &format!("runner = \"real\"\n{runner}"));
    project.commit_all("Who plays the agents");

    let ended = project.run(&["--retries", "0"]);
    assert_eq!(ended.code, Some(0), "{ended}\n{}", service.requests());
    let plan = project.read("genesis.xml");
    assert!(plan.contains("<title>The scheduler is flaky</title>"), "{plan}");
    let shown = project.blueprint(&["logs", "first"]).stdout;
    assert!(shown.contains("first.txt") && shown.contains("Did it.") && !shown.contains("{\""), "{shown}");
    let raw = project.blueprint(&["logs", "first", "--raw"]).stdout;
    assert!(raw.lines().all(|line| line.starts_with('{')), "{raw}");
}

#[test]
fn what_claude_learns_is_told_to_the_next() {
    what_is_learnt_is_told_to_the_next(Program::Claude);
}

#[test]
fn what_codex_learns_is_told_to_the_next() {
    what_is_learnt_is_told_to_the_next(Program::Codex);
}
