//! `blueprint task`: by hand, and from within an attempt.

mod attempt;
mod by_hand;
mod force;
mod sandbox;
mod show;
mod tokens;

use crate::project::{Ended, PlanText, TestProject, toml_text};

const LEARNING: &str = "blueprint task|note|--learning|Rows are wide|--description|4 kB|--category|data";
const DECISION: &str =
    "blueprint task|note|--decision|Postgres|--context|a store|--rationale|it is there|We use it";

fn trial(script: &str) -> TestProject {
    TestProject::new(&PlanText::of(&["a"]), script)
}

/// `blueprint task`, with what it must come to.
#[track_caller]
fn task(project: &TestProject, arguments: &[&str], code: i32, says: &[&str]) -> Ended {
    let ended = project.blueprint(&[&["task"], arguments].concat());
    ended.assert(code, says);
    ended
}

/// The exit codes of the agents' own calls, in order.
fn codes(project: &TestProject) -> Vec<String> {
    project.log().all("blueprint").map(|event| event.more[0].clone()).collect()
}

/// What the agents' own calls said, in order.
fn said(project: &TestProject) -> Vec<String> {
    project.log().all("blueprint").map(|event| event.more[1].clone()).collect()
}

fn times(project: &TestProject, text: &str) -> usize {
    project.read("genesis.xml").matches(text).count()
}

/// Has `agent.sh` of the checkout, outside of the worktree, play everybody.
fn shell_agent(project: &TestProject) {
    let script = toml_text(project.root.join("agent.sh").to_str().unwrap());
    project.configure(&format!(
        "runner = \"sh\"\n[runners.sh]\nkind = \"command\"\ncommand = [\"sh\", {script}]\n"
    ));
}
