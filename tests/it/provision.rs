//! What worktrees get before agents begin in them: files of the checkout, setup steps, a shared build cache, ports.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

const WRITE: &str = "== *\nwrite {task}.txt x";

/// A project whose checkout has ignored files: `.env` and `modules/`.
fn with_ignored_files(plan: &PlanText, script: &str, keys: &str) -> TestProject {
    let project = TestProject::new(plan, script);
    project.write(".gitignore", ".env\nmodules/\nset-up\n");
    project.commit_all("Ignore");
    project.write(".env", "KEY=1\n");
    project.write("modules/a/index.js", "a\n");
    project.configure(keys);
    project
}

/// A variable of the agent that recorded itself under that name.
fn variable(project: &TestProject, record: &str, name: &str) -> Option<String> {
    let env = fs::read_to_string(project.control.join(record).join("env")).unwrap();
    let prefix = format!("{name}=");
    env.split('\0').find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
}

#[test]
fn what_is_brought_is_there_for_the_agent_and_never_committed() {
    let script = "== *\ncall test|-f|.env\ncall test|-f|modules/a/index.js\nwrite {task}.txt x";
    let keys = "bring = ['.env', 'modules', 'not there']";
    let project = with_ignored_files(&PlanText::of(&["a", "b"]), script, keys);
    let ended = project.complete(&["-j", "1"]);
    assert_eq!(ended.stderr.matches("bring: `not there` is not in the checkout").count(), 1, "{ended}");
    assert_eq!(codes(&project), ["0"; 4]);
    assert!(!project.files(INTEGRATION).iter().any(|file| file.contains("env") || file.contains("modules")));
    let started = &project.facts("attempt-started", "a")[0];
    assert_eq!(started["brought"], serde_json::json!([".env", "modules"]));
}

#[test]
fn what_is_brought_is_not_committed_where_an_agent_ignores_it_no_more() {
    let script = "== a\nwrite .gitignore none\nwrite a.txt x\n\
                  == b\nwrite b.txt x\ngit add --force .env\ncommit With a secret";
    let project = with_ignored_files(&PlanText::of(&["a", "b"]), script, "bring = ['.env', 'modules']");
    let ended = project.complete(&["-j", "1"]);
    ended.assert(0, &["is not ignored there any more, and was put aside", "it has committed `.env`"]);
    for branch in ["blueprint/trial/a", "blueprint/trial/b", INTEGRATION] {
        let files = project.files(branch);
        assert!(
            !files.iter().any(|file| file.contains("env") || file.contains("modules")),
            "{branch}: {files:?}"
        );
    }
    let history = project.git(&["log", "--all", "--format=%s", "--", "modules"]);
    assert_eq!(history, "", "we never commit it");
}

#[test]
fn a_link_is_made_where_it_is_asked_for_and_one_that_leads_out_is_refused() {
    let keys = "bring = [{ path = 'modules', how = 'symlink' }, '.env']";
    let project = with_ignored_files(&PlanText::of(&["a"]), WRITE, keys);
    project.write(".gitignore", ".env\nmodules\n");
    project.commit_all("Ignore a link, too");
    fs::remove_file(project.root.join(".env")).unwrap();
    symlink(project.control.join("script"), project.root.join(".env")).unwrap();
    project
        .complete(&[])
        .assert(0, &["bring: `.env` is not brought: it is a link that leads out of the checkout"]);
    let worktree = PathBuf::from(project.worktree("a"));
    assert_eq!(fs::read_link(worktree.join("modules")).unwrap(), project.root.join("modules"));
    assert!(worktree.join(".env").symlink_metadata().is_err());
}

#[test]
fn setup_steps_run_in_order_before_the_agent_and_know_their_task_but_not_its_token() {
    let keys = "setup = ['echo one >> set-up; env > \"$FAKE_AGENT_DIR/setup-env\"', ['sh', '-c', 'echo two >> set-up']]";
    let project =
        with_ignored_files(&PlanText::of(&["a"]), "== *\ncall grep|-q|two|set-up\nwrite a.txt x", keys);
    project.complete(&[]);
    let worktree = PathBuf::from(project.worktree("a"));
    assert_eq!(fs::read_to_string(worktree.join("set-up")).unwrap(), "one\ntwo\n");
    assert_eq!(codes(&project), ["0"]);
    let env = fs::read_to_string(project.control.join("setup-env")).unwrap();
    assert!(env.contains("TASK_ID=a\n") && env.contains("BLUEPRINT_PORT_BASE="), "{env}");
    assert!(!env.contains("BLUEPRINT_TASK_TOKEN"), "{env}");
}

#[test]
fn a_setup_step_that_fails_keeps_the_agent_from_starting_and_its_log_says_why() {
    let project = with_ignored_files(
        &PlanText::chain(&["a", "b"]),
        WRITE,
        "setup = ['true', { run = 'echo trying; echo no such package >&2; exit 3', name = 'packages' }]",
    );
    let ended = project.run(&[]);
    ended.assert(
        1,
        &["setup step `packages` ended with exit code 3", "no such package", "all that it printed: "],
    );
    assert!(project.log().starts().is_empty());
    assert_eq!(project.task("a")["outcome"], "could-not-start");
    let logs = project.blueprint(&["logs", "a"]);
    assert_eq!((logs.code, logs.stdout.as_str()), (Some(0), "trying\nno such package\n"), "{logs}");
    project.assert_journal();
    project.configure("setup = ['true']");
    project.complete(&["--rerun-failed"]);
}

#[test]
fn a_setup_step_that_takes_too_long_or_can_not_be_found_is_told_so() {
    for (step, says) in [
        ("{ run = 'sleep 600 & sleep 600', timeout = '300ms' }", "took longer than 300ms"),
        ("['no such program']", "could not be run: can't start `no such program`"),
        ("'kill -9 $$'", "was killed by signal 9"),
    ] {
        let project = TestProject::new(&PlanText::of(&["a"]), WRITE);
        project.configure(&format!("setup = [{step}]"));
        project.run(&[]).assert(1, &[says]);
        project.assert_no_process_left();
    }
}

#[test]
fn a_run_that_is_told_to_end_ends_setup_and_the_next_one_begins_anew() {
    let project = TestProject::new(&PlanText::of(&["a"]), WRITE);
    project.configure("setup = ['touch \"$FAKE_AGENT_DIR/in-setup\"; sleep 600']");
    let run = project.start(&["run"]);
    wait_for(&project.control.join("in-setup"));
    run.signal(Signal::TERM);
    run.wait().assert(143, &["still to do: a"]);
    project.assert_no_process_left();
    project.configure("setup = ['true']");
    project.complete(&[]);
}

#[test]
fn a_run_that_is_killed_while_it_provides_leaves_no_step_behind_and_begins_anew() {
    let keys = "bring = ['modules']\nsetup = ['echo half >> set-up; touch \"$FAKE_AGENT_DIR/in-setup\"; \
                test -e \"$FAKE_AGENT_DIR/go\" || sleep 600']";
    let project = with_ignored_files(&PlanText::of(&["a"]), WRITE, keys);
    let run = project.start(&["run"]);
    wait_for(&project.control.join("in-setup"));
    run.kill();
    assert!(!project.processes().is_empty(), "the step outlives its run");
    project.touch("go");
    project.complete(&[]);
    project.assert_no_process_left();
    let worktree = PathBuf::from(project.worktree("a"));
    assert_eq!(fs::read_to_string(worktree.join("set-up")).unwrap(), "half\n", "in a new worktree, once");
    assert!(worktree.join("modules/a/index.js").exists());
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn builds_share_a_folder_only_where_that_is_asked_for() {
    let script = "== *\nrecord {task}\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    project.configure("build-cache = ['CARGO_TARGET_DIR']");
    project.complete(&[]);
    let folder = project.state_dir().join("build-cache/CARGO_TARGET_DIR");
    assert!(folder.is_dir());
    for task in ["a", "b"] {
        assert_eq!(variable(&project, task, "CARGO_TARGET_DIR").unwrap(), folder.to_str().unwrap());
    }
    let without = TestProject::new(&PlanText::of(&["a"]), script);
    without.complete(&[]);
    assert_eq!(variable(&without, "a", "CARGO_TARGET_DIR"), None);
}

#[test]
fn attempts_at_work_have_ports_of_their_own() {
    let script = "== *\nrecord {task}\nwrite {task}.txt x\nwait-started 3";
    let project = TestProject::new(&PlanText::of(&["a", "b", "c"]), script);
    project.complete(&[]);
    let port = |task| variable(&project, task, "BLUEPRINT_PORT_BASE").unwrap().parse::<u16>().unwrap();
    let mut ports = ["a", "b", "c"].map(port);
    let noted = |task| project.facts("attempt-started", task)[0]["port_base"].clone();
    assert_eq!(noted("a"), ports[0]);
    ports.sort_unstable();
    assert!(ports.windows(2).all(|pair| pair[1] - pair[0] >= 20), "{ports:?}");
}

#[test]
fn an_agent_that_outlives_its_run_keeps_its_ports() {
    let script = "== a\nrecord a\nwrite a.txt x\nwait-for go\n== *\nrecord {task}\nwrite {task}.txt x";
    let project = TestProject::new(&PlanText::of(&["a", "b"]), script);
    let run = project.start(&["run", "-j", "1"]);
    project.wait_for_starts(1);
    run.kill();
    let run = project.start(&["run", "-j", "2"]);
    project.wait_for_starts(2);
    project.touch("go");
    run.wait().assert(0, &[]);
    let port = |task| variable(&project, task, "BLUEPRINT_PORT_BASE").unwrap();
    assert_ne!(port("a"), port("b"));
    assert_eq!(project.log().starts().len(), 2);
}

/// The exit codes of what agents have called.
fn codes(project: &TestProject) -> Vec<String> {
    project.log().all("call").map(|call| call.more[0].clone()).collect()
}

fn wait_for(file: &Path) {
    wait_until("a file", || file.exists(), || file.display().to_string());
}
