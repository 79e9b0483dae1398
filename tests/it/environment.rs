//! What an agent finds when it starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::project::{BLUEPRINT, PlanText, Running, TestProject};

#[test]
fn an_attempt_gets_the_documented_variables_and_no_others() {
    let project =
        recorded(&[("SECRET", "s"), ("AWS_ACCESS_KEY_ID", "k"), ("EDITOR", "e"), ("GIT_TRACE", "1")]);
    let env = env(&project);
    // What git is told has tests of its own.
    let is_for_git = |name: &&str| name.starts_with("GIT_") || *name == "SSH_ASKPASS";
    let names: Vec<_> = env.keys().map(String::as_str).filter(|name| !is_for_git(name)).collect();
    assert!(!env.contains_key("GIT_TRACE"));
    let expected = [
        "BLUEPRINT_AGENT",
        "BLUEPRINT_ATTEMPT",
        "BLUEPRINT_DEFINITION_FILE",
        "BLUEPRINT_PORT_BASE",
        "BLUEPRINT_PROMPT_FILE",
        "BLUEPRINT_TASK_TOKEN",
        "FAKE_AGENT_BLUEPRINT",
        "FAKE_AGENT_DIR",
        "GENESIS_FILE_PATH",
        "HOME",
        "LC_ALL",
        "PATH",
        "TASK_ID",
        "TMPDIR",
        "WORKTREE_PATH",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_variables_of_an_attempt_say_what_they_should() {
    let project = recorded(&[]);
    let env = env(&project);
    assert_eq!(env["TASK_ID"], "a");
    assert_eq!(env["BLUEPRINT_AGENT"], "worker");
    assert_eq!(env["BLUEPRINT_ATTEMPT"], "1");
    assert_eq!(env["GENESIS_FILE_PATH"], project.plan().to_str().unwrap());
    assert_eq!(env["WORKTREE_PATH"], project.task("a")["worktree"].as_str().unwrap());
    for name in ["GENESIS_FILE_PATH", "WORKTREE_PATH", "BLUEPRINT_DEFINITION_FILE", "BLUEPRINT_PROMPT_FILE"] {
        let path = Path::new(&env[name]);
        assert!(path.is_absolute() && path.exists(), "{name} is {}", path.display());
    }
}

#[test]
fn an_agent_works_in_its_worktree_on_its_branch() {
    let project = recorded(&[]);
    let cwd = fs::read_to_string(project.control.join("seen/cwd")).unwrap();
    assert_eq!(cwd, env(&project)["WORKTREE_PATH"]);
    let branch = project.git(&["-C", &cwd, "symbolic-ref", "--short", "HEAD"]);
    assert_eq!(branch, "blueprint/trial/a");
}

#[test]
fn a_git_folder_of_the_callers_environment_does_not_lead_git_astray() {
    let elsewhere = [("GIT_DIR", "/nowhere"), ("GIT_WORK_TREE", "/"), ("GIT_INDEX_FILE", "/nowhere/index")];
    let project = recorded_with("write a.txt x\ncommit By the agent itself\nrecord seen", &elsewhere);
    assert!(
        env(&project)
            .keys()
            .all(|name| !["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"].contains(&name.as_str()))
    );
    assert_eq!(project.git(&["log", "-1", "--format=%s", "blueprint/trial/a"]), "By the agent itself");
}

#[test]
fn standard_input_is_the_definition_and_then_the_prompt() {
    let project = recorded(&[]);
    let env = env(&project);
    let [definition, prompt] = ["BLUEPRINT_DEFINITION_FILE", "BLUEPRINT_PROMPT_FILE"]
        .map(|name| fs::read_to_string(&env[name]).unwrap());
    let stdin = fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    assert_eq!(stdin.trim_end(), format!("{}\n\n{}", definition.trim_end(), prompt.trim_end()));
    for part in ["What is to be done for a", "Something is to be shown", "blueprint/trial/a"] {
        assert!(prompt.contains(part), "{part} in {prompt}");
    }
}

#[test]
fn the_prompt_tells_what_came_of_the_prerequisites() {
    let project = TestProject::new(
        &PlanText::chain(&["a", "b"]),
        "== a\nwrite a.txt x\nprint the parser stands\n== b\nrecord seen",
    );
    project.complete(&[]);
    let prompt = fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    let commit = project.task("a")["commit"].as_str().unwrap().to_owned();
    for part in ["the parser stands", "blueprint/trial/a", &commit[..7]] {
        assert!(prompt.contains(part), "{part} in {prompt}");
    }
}

#[test]
fn arguments_reach_the_program_as_they_are_and_no_shell_sees_them() {
    let project = TestProject::new(&PlanText::of(&["a;touch$IFS`pwned`"]), "== *\nrecord seen");
    let fake = crate::project::toml_text(env!("CARGO_BIN_EXE_fake-agent"));
    let arguments = r#""{task}", "in {worktree}", "$(touch pwned)", "{unknown}", "", "*""#;
    project.configure(&format!("[runners.told]\ncommand = [{fake}, {arguments}]"));
    project.complete(&["--runner", "told"]);
    let seen = fs::read_to_string(project.control.join("seen/args")).unwrap();
    let worktree = fs::read_to_string(project.control.join("seen/cwd")).unwrap();
    let seen: Vec<_> = seen.split('\0').collect();
    assert_eq!(
        seen,
        ["a;touch$IFS`pwned`", &format!("in {worktree}"), "$(touch pwned)", "{unknown}", "", "*"]
    );
}

#[test]
fn the_token_stands_in_no_file_of_the_state() {
    let project = recorded(&[]);
    let token = env(&project)["BLUEPRINT_TASK_TOKEN"].clone();
    assert!(token.len() >= 16, "{token}");
    for (path, bytes) in crate::project::files_below(&project.root.join(".git/blueprint")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(&token), "{}", path.display());
    }
}

fn recorded(outer: &[(&str, &str)]) -> TestProject {
    recorded_with("record seen", outer)
}

/// A run of one task, with more in the caller's environment.
fn recorded_with(steps: &str, outer: &[(&str, &str)]) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), &format!("== *\n{steps}"));
    let mut command = project.command(BLUEPRINT);
    let ended = Running::start(command.arg("run").envs(outer.iter().copied())).wait();
    assert_eq!(ended.code, Some(0), "{ended}");
    project
}

fn env(project: &TestProject) -> BTreeMap<String, String> {
    let env = fs::read_to_string(project.control.join("seen/env")).unwrap();
    let pair =
        |variable: &str| variable.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    env.split('\0').filter_map(pair).collect()
}
