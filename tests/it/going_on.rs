//! Attempts that go on with an earlier one: what they find, what they are told, and what follows where that can't be.

use crate::project::{FAKE_AGENT, INTEGRATION, PlanText, TestProject, toml_text};

/// The fake agent as a program that can take a session up again.
fn with_sessions(script: &str) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let agent = toml_text(FAKE_AGENT);
    project.configure(&format!("runner = \"claude\"\n[runners.claude]\ncommand = [{agent}]"));
    project
}

/// What an attempt was given: its arguments, and its prompt.
fn given(project: &TestProject, name: &str) -> (String, String) {
    let read = |file: &str| std::fs::read_to_string(project.control.join(name).join(file)).unwrap();
    (read("args"), read("stdin"))
}

#[test]
fn after_an_end_that_was_no_fault_of_its_own_an_attempt_goes_on_in_its_session_and_tree() {
    let script = "== a #1\nwrite half.txt x\nclaude starts\nclaude error 500 boom\n\
                  == a #2\nrecord two\ndelete half.txt\nwrite whole.txt x\nclaude starts\nclaude says done";
    let project = with_sessions(script);
    project.complete(&[]).assert(0, &["retry   a"]);
    let files = project.files(INTEGRATION);
    assert!(files.contains(&"whole.txt".into()) && !files.contains(&"half.txt".into()), "{files:?}");
    let (arguments, prompt) = given(&project, "two");
    assert!(arguments.contains("--resume=s") && !arguments.contains("--session-id"), "{arguments}");
    assert!(prompt.contains("going on") && prompt.contains("could not reach its model"), "{prompt}");
    let started = &project.facts("attempt-started", "a")[1];
    assert_eq!(
        started["continues"],
        serde_json::json!({"attempt": 1, "session": "s", "because": "retry"}),
        "{started}"
    );
}

#[test]
fn without_its_session_an_attempt_begins_a_new_one_once_and_that_uses_up_no_retry() {
    let script = "== a #1\nwrite half.txt x\nclaude starts\nclaude error 500 boom\n\
                  == a #2\nclaude lost\nexit 1\n\
                  == a #3\nrecord three\nwrite whole.txt x\nclaude starts\nclaude says done";
    let project = with_sessions(script);
    project.complete(&["--retries", "1"]).assert(0, &["lost its session", "in attempt 3"]);
    let files = project.files(INTEGRATION);
    assert!(["half.txt", "whole.txt"].iter().all(|file| files.contains(&(*file).into())), "{files:?}");
    let (arguments, prompt) = given(&project, "three");
    assert!(!arguments.contains("--resume"), "{arguments}");
    assert!(
        prompt.contains("## The plan") && prompt.contains("What attempt 1 made of this task"),
        "{prompt}"
    );
    assert_eq!(project.facts("attempt-ended", "a")[1]["lost_session"], true);
}

#[test]
fn what_a_run_would_start_is_explained_with_the_agent_s_definition_and_the_session_that_it_goes_on_in() {
    let project = with_sessions("== a #1\nwrite half.txt x\nclaude starts\nclaude asks Which one?\n");
    let definition = "---\nname: worker\ndescription: w\ntools: Read, Bash(git log:*)\n---\nYou work.\n";
    project.write(".claude/agents/worker.md", definition);
    let would_run = || {
        let json = project.blueprint(&["explain", "a", "--format", "json"]).stdout;
        serde_json::from_str::<serde_json::Value>(&json).unwrap()["would_run"].clone()
    };
    let fresh = would_run();
    assert_eq!(fresh["continues"], serde_json::Value::Null);
    assert!(fresh["command"].as_str().unwrap().contains("Bash(git log:*)"), "{fresh}");
    project.run(&[]).assert(4, &["Which one?"]);
    project.blueprint(&["answer", "a", "the left one"]).assert(0, &[]);
    let next = would_run();
    assert_eq!(next["continues"], serde_json::json!({"attempt": 1, "session": "s"}));
    assert!(next["command"].as_str().unwrap().contains("--resume=s"), "{next}");
    assert_eq!(next["base"], project.facts("attempt-started", "a")[0]["base"]);
    project.run(&["--dry-run"]).assert(0, &[]);
    let told = project.blueprint(&["run", "--dry-run"]).stdout;
    assert!(told.contains("what attempt 1 has made, in its session"), "{told}");
}
