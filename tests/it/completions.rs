//! What shells offer, asked of real shells.

use std::path::Path;
use std::process::Command;

use crate::project::{BLUEPRINT, PlanText, Terminal, TestProject, wait_until};

fn project() -> TestProject {
    let project = TestProject::new(&PlanText::of(&["alpha-one", "beta"]), "");
    project.write(".claude/epics/shop/genesis.xml", &PlanText::of(&["cart"]).epic("shop").to_xml());
    project
}

/// What is offered for the last word.
fn offered(project: &TestProject, words: &[&str]) -> Vec<String> {
    let mut command = project.command(BLUEPRINT);
    command.env("BLUEPRINT_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    let output = command.args(["--", "blueprint"]).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let values = String::from_utf8(output.stdout).unwrap();
    values.lines().filter(|value| !value.starts_with('-')).map(str::to_owned).collect()
}

#[test]
fn tasks_of_the_plan_that_the_line_means_are_offered_and_each_once() {
    let project = project();
    assert_eq!(offered(&project, &["status", "al"]), ["alpha-one"]);
    assert_eq!(offered(&project, &["status", "genesis.xml", ""]), ["alpha-one", "beta"]);
    assert_eq!(offered(&project, &["status", "alpha-one", ""])[0], "beta");
    assert_eq!(offered(&project, &["retry", "shop", ""]), ["cart"]);
    assert_eq!(offered(&project, &["task", "--genesis", "shop", "show", ""]), ["cart"]);
    assert_eq!(offered(&project, &["add", "new", "--after", "b"]), ["beta"]);
}

#[test]
fn plans_verbs_runners_and_codes_are_offered_where_they_belong() {
    let project = project();
    assert_eq!(offered(&project, &["status", "sh"]), ["shop"]);
    assert_eq!(offered(&project, &["validate", "gen"]), ["genesis.xml"]);
    assert_eq!(offered(&project, &["sta"]), ["status"]);
    assert_eq!(offered(&project, &["run", "--runner", "fa"]), ["fake"]);
    assert_eq!(offered(&project, &["run", "--runner", "cl"]), ["claude"]);
    assert_eq!(offered(&project, &["status", "--field", "tokens.i"]), ["tokens.input"]);
    assert_eq!(offered(&project, &["validate", "--explain", "e20"]).first().unwrap(), "E201");
}

#[test]
fn a_task_s_name_that_the_shell_would_run_is_never_put_into_the_line() {
    let project = TestProject::new(&PlanText::of(&["a$(touch pwned)", "a b", "a;b", "a-fine"]), "");
    assert_eq!(offered(&project, &["status", "a"]), ["a-fine"]);
}

#[test]
fn a_broken_plan_or_none_is_no_reason_to_complain_while_somebody_types() {
    let project = project();
    project.write("genesis.xml", "<broken");
    assert_eq!(offered(&project, &["status", "al"]), Vec::<String>::new());
    std::fs::remove_file(project.plan()).unwrap();
    std::fs::remove_dir_all(project.root.join(".claude")).unwrap();
    assert_eq!(offered(&project, &["status", "al"]), Vec::<String>::new());
}

/// Whether there is such a shell; says in a line where not.
fn is_there(shell: &str) -> bool {
    let is_there = Command::new(shell).arg("--version").output().is_ok();
    if !is_there {
        eprintln!("skipped: {shell} is not installed");
    }
    is_there
}

/// Somebody types the beginning of a task's name in that shell, presses TAB, and the whole name arrives in the command.
fn completes(shell: &str, arguments: &[&str], set_up: &[&str]) {
    if !is_there(shell) {
        return;
    }
    let project = project();
    let mut terminal = Terminal::program(&project, shell, arguments);
    let folder = Path::new(BLUEPRINT).parent().unwrap().display().to_string();
    for line in set_up {
        terminal.enter(&line.replace("FOLDER", &folder));
    }
    terminal.enter("echo set-up > ready");
    let ready = project.root.join("ready");
    wait_until("the shell is ready", || ready.exists(), || terminal.so_far());
    terminal.enter("blueprint status al\t --format json > told");
    let told = || std::fs::read_to_string(project.root.join("told")).unwrap_or_default();
    wait_until(
        "the command was run",
        || told().contains("\"id\": \"alpha-one\""),
        || format!("{}\n{}", told(), terminal.so_far()),
    );
}

#[test]
fn bash_completes_a_task() {
    let set_up = ["PATH='FOLDER':$PATH", "source <(blueprint completions bash)"];
    completes("bash", &["--norc", "--noprofile", "-i"], &set_up);
}

#[test]
fn zsh_completes_a_task() {
    let set_up =
        ["PATH='FOLDER':$PATH", "autoload -Uz compinit; compinit -u", "source <(blueprint completions zsh)"];
    completes("zsh", &["-f", "-i"], &set_up);
}

#[test]
fn fish_completes_a_task() {
    let set_up = ["set -x PATH 'FOLDER' $PATH", "blueprint completions fish | source"];
    completes("fish", &["--no-config", "-i"], &set_up);
}
