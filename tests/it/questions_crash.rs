//! kill -9 between a question, its answer, and the attempt that goes on with it: nothing is lost, and nothing is done twice.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::project::{INTEGRATION, PlanText, TestProject, toml_text};

/// It asks until its prompt has the answer, and does one half of the work before and one after that.
const AGENT: &str = "cat > prompt.tmp; if grep -q '^> SQLite' prompt.tmp; then echo x > whole.txt; rm prompt.tmp; echo done; \
                     else rm prompt.tmp; echo x > half.txt; echo 'CLARIFICATION: Postgres or SQLite?'; fi";

fn asking() -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let agent = toml_text(AGENT);
    project.configure(&format!(
        "runner = \"shell\"\n[runners.shell]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", {agent}]"
    ));
    project
}

/// A program that is killed at any moment of its life; some come to their end before.
fn killed_somewhere(project: &TestProject, arguments: &[&str]) {
    let running = project.start(arguments);
    sleep(Duration::from_millis(fastrand::u64(0..400)));
    running.kill();
}

#[track_caller]
fn assert_done_once(project: &TestProject) {
    let files = project.files(INTEGRATION);
    assert!(["half.txt", "whole.txt"].iter().all(|file| files.contains(&(*file).into())), "{files:?}");
    assert_eq!(project.merges()["a"], 1);
    assert_eq!(project.facts("answered", "a").len(), 1);
    assert_eq!(project.transitions("a", "completed"), 1);
    assert_eq!(project.events_in_plan("a", "completed"), 1);
    project.assert_journal();
}

#[test]
fn killed_at_any_moment_the_question_and_its_answer_are_still_there() {
    for _ in 0..8 {
        let project = asking();
        killed_somewhere(&project, &["run"]);
        project.run(&[]).assert(4, &["Postgres or SQLite?"]);
        killed_somewhere(&project, &["answer", "a", "SQLite"]);
        let answer = project.blueprint(&["answer", "a", "SQLite"]);
        assert_eq!(answer.code, Some(0), "{answer}");
        killed_somewhere(&project, &["run"]);
        project.complete(&[]);
        assert_done_once(&project);
    }
}

/// As a run leaves it that is killed when it has journaled how the attempt ended, and nothing after.
fn killed_right_after_the_question() -> TestProject {
    let script = "== a #1\nwrite half.txt x\nwait-for go\nprint CLARIFICATION: Postgres or SQLite?\n\
                  == *\nrecord two\nwrite whole.txt x";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let run = project.start(&["run"]);
    run.wait_for("start   a");
    let plan = project.read("genesis.xml");
    project.touch("go");
    assert_eq!(run.wait().code, Some(4));
    let journal = project.state_dir().join("journal.jsonl");
    let lines = fs::read_to_string(&journal).unwrap();
    let ended = lines.split_inclusive('\n').position(|line| line.contains("\"attempt-ended\"")).unwrap();
    fs::write(&journal, lines.split_inclusive('\n').take(ended + 1).collect::<String>()).unwrap();
    project.write("genesis.xml", &plan);
    project.assert_statuses(&[("a", "in-progress")]);
    project
}

#[test]
fn a_question_whose_run_was_killed_before_it_could_block_the_task_is_found_and_answered() {
    let project = killed_right_after_the_question();
    assert_eq!(project.task("a")["question"], "Postgres or SQLite?");
    assert_eq!(project.blueprint(&["answer", "a", "SQLite"]).code, Some(0));
    project.complete(&[]);
    assert_done_once(&project);
    assert!(fs::read_to_string(project.control.join("two/stdin")).unwrap().contains("> SQLite"));
}

#[test]
fn the_next_run_blocks_a_task_whose_question_the_one_before_had_no_time_to_tell() {
    let project = killed_right_after_the_question();
    project.run(&[]).assert(4, &["Postgres or SQLite?"]);
    assert_eq!(project.log().starts_of("a"), 1, "the same question is not asked anew");
    project.assert_statuses(&[("a", "blocked")]);
}

#[test]
fn an_attempt_that_is_killed_before_it_could_heed_the_answer_is_told_it_again() {
    let script = "== a #1\nwrite half.txt x\nclaude starts\nclaude asks Postgres or SQLite?\n\
                  == a #2\nclaude starts\nkill-self\n\
                  == *\nrecord three\nwrite whole.txt x\nclaude starts\nclaude says done";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    let agent = toml_text(crate::project::FAKE_AGENT);
    project.configure(&format!("runner = \"claude\"\n[runners.claude]\ncommand = [{agent}]"));
    assert_eq!(project.run(&[]).code, Some(4));
    assert_eq!(project.blueprint(&["answer", "a", "SQLite"]).code, Some(0));
    project.complete(&[]);
    assert_done_once(&project);
    let prompt = fs::read_to_string(project.control.join("three/stdin")).unwrap();
    assert!(prompt.contains("> SQLite") && prompt.contains("was killed by a signal"), "{prompt}");
    assert!(fs::read_to_string(project.control.join("three/args")).unwrap().contains("--resume=s"));
}
