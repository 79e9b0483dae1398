//! `take` and `give`: a person's work goes the way of an agent's.

use std::fs;
use std::path::{Path, PathBuf};

use crate::landing::identify;
use crate::project::{INTEGRATION, PlanText, TestProject};

const WORK: &str = "== *\nwrite {task}.txt of {task}";

/// The folder that the person gets.
fn take(project: &TestProject, task: &str) -> PathBuf {
    let ended = project.blueprint(&["take", task]);
    assert_eq!(ended.code, Some(0), "{ended}");
    PathBuf::from(ended.stdout.trim_end())
}

fn project(plan: &PlanText, script: &str) -> TestProject {
    let project = TestProject::new(plan, script);
    identify(&project);
    project
}

#[track_caller]
fn ok(project: &TestProject, arguments: &[&str]) -> String {
    let ended = project.blueprint(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stderr
}

#[test]
fn a_task_that_was_taken_before_any_run_is_done_by_hand_and_what_needs_it_builds_on_that() {
    let project = project(&PlanText::chain(&["a", "b"]), WORK);
    let folder = take(&project, "a");
    project.assert_statuses(&[("a", "in-progress"), ("b", "pending")]);
    project.run(&[]).assert(4, &["a is in progress by", "`blueprint give a` ends that"]);
    assert!(project.log().starts().is_empty());
    let explained = project.blueprint(&["explain", "a"]).stdout;
    assert!(explained.contains("Attempt 1, by a person") && !explained.contains("command"), "{explained}");
    assert_eq!(take(&project, "a"), folder);
    fs::write(folder.join("a.txt"), "by hand").unwrap();
    let said = ok(&project, &["give", "a", "--summary", "done with care"]);
    assert!(said.contains("task a is completed: your work is merged"), "{said}");
    let task = project.task("a");
    assert_eq!((task["status"].as_str(), task["outcome"].as_str()), (Some("completed"), Some("completed")));
    assert_eq!(task["summary"], "done with care");
    let commit = task["commit"].as_str().unwrap();
    assert_eq!(project.git(&["log", "-1", "--format=%an <%ae>", commit]), "Jane <jane@example.invalid>");
    project.complete(&[]);
    assert_eq!(project.log().starts(), ["b"]);
    assert_eq!(project.show(project.task("b")["base"].as_str().unwrap(), "a.txt"), "by hand");
    assert_eq!(project.merges().get("a"), Some(&1));
}

#[test]
fn a_run_says_who_has_taken_a_task_and_without_a_login_git_knows_the_name() {
    let project = project(&PlanText::of(&["a", "b"]), "== a\nhang\n== b\nwait-for go\nwrite b.txt x");
    let run = project.start(&["run", "-j", "2"]);
    project.wait_for_starts(2);
    // Nothing in the environment of these tests says who is logged in.
    take(&project, "a");
    assert_eq!(project.task("a")["owner"], "Jane");
    project.touch("go");
    let ended = run.wait();
    assert!(ended.stderr.contains("was taken by Jane; what its agent did stays on its branch"), "{ended}");
    assert!(!ended.stderr.contains("was cancelled"), "{ended}");
}

#[test]
fn in_a_repository_without_a_commit_nothing_is_taken_and_nothing_said_of_it() {
    let project = project(&PlanText::of(&["a"]), WORK);
    project.git(&["update-ref", "-d", "HEAD"]);
    let plan = project.read("genesis.xml");
    let ended = project.blueprint(&["take", "a"]);
    assert_ne!(ended.code, Some(0), "{ended}");
    assert!(!ended.stderr.contains("is yours"), "{ended}");
    assert_eq!(project.read("genesis.xml"), plan);
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn an_agent_at_work_is_ended_and_its_work_is_the_persons_while_the_run_goes_on() {
    let plan = PlanText::of(&["a", "b", "c"]).edge("a", "c");
    let script = "== a\nwrite half.txt half\nhang\n== b\nwait-for go\nwrite b.txt x\n== c\nwrite c.txt x";
    let project = project(&plan, script);
    let run = project.start(&["run", "-j", "2"]);
    project.wait_for_starts(2);
    let folder = take(&project, "a");
    assert_eq!(fs::read_to_string(folder.join("half.txt")).unwrap(), "half\n");
    fs::write(folder.join("half.txt"), "whole").unwrap();
    assert_eq!(project.log().starts_of("a"), 1);
    ok(&project, &["give", "a"]);
    project.wait_for_log("c", |log| log.starts_of("c") == 1);
    project.touch("go");
    run.wait().assert(0, &[]);
    project.assert_statuses(&[("a", "completed"), ("b", "completed"), ("c", "completed")]);
    assert_eq!(project.show(INTEGRATION, "half.txt"), "whole");
    project.assert_journal();
    project.assert_no_process_left();
}

#[test]
fn a_task_that_is_given_back_is_done_by_an_agent_that_is_told_what_there_is() {
    let project = project(&PlanText::of(&["a"]), "== a\nrecord seen\nwrite a.txt of an agent");
    let folder = take(&project, "a");
    fs::write(folder.join("begun.txt"), "begun").unwrap();
    let said = ok(&project, &["give", "--back", "a", "--note", "mind the gap"]);
    assert!(said.contains("is the agents' again") && said.contains("is kept as"), "{said}");
    assert!(project.refs().contains("refs/blueprint/trial/attempts/a/1"));
    project.complete(&[]);
    let prompt = fs::read_to_string(project.control.join("seen/stdin")).unwrap();
    assert!(prompt.contains("mind the gap") && prompt.contains("git diff"), "{prompt}");
    assert!(!project.files(INTEGRATION).contains(&"begun.txt".to_owned()));
    assert_eq!(project.git(&["show", "refs/blueprint/trial/attempts/a/1:begun.txt"]), "begun");
}

#[test]
fn a_task_that_was_given_back_and_taken_again_is_an_attempt_of_its_own_whose_work_counts() {
    let project = project(&PlanText::chain(&["a", "b"]), WORK);
    fs::write(take(&project, "a").join("begun.txt"), "begun").unwrap();
    ok(&project, &["give", "--back", "a"]);
    let folder = take(&project, "a");
    assert!(!folder.join("begun.txt").exists(), "what was given back is not in the next attempt's base");
    fs::write(folder.join("a.txt"), "the second time").unwrap();
    ok(&project, &["give", "a"]);
    let ended = project.complete(&[]);
    assert!(!ended.stderr.contains("does not count"), "{ended}");
    let task = project.task("a");
    let attempts: Vec<_> = task["each_attempt"].as_array().unwrap().iter().collect();
    let ends: Vec<_> = attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
    assert_eq!(ends, ["cancelled", "completed"], "{task}");
    assert_eq!(project.show(project.task("b")["base"].as_str().unwrap(), "a.txt"), "the second time");
    assert_eq!(project.git(&["show", "refs/blueprint/trial/attempts/a/1:begun.txt"]), "begun");
    project.assert_journal();
}

#[test]
fn work_that_conflicts_stays_the_persons_until_it_is_resolved() {
    let project = project(&PlanText::of(&["a", "b"]), "== b\nwrite same.txt of b");
    let folder = take(&project, "a");
    project.run(&["b"]).assert(0, &[]);
    fs::write(folder.join("same.txt"), "of a").unwrap();
    project.blueprint(&["give", "a"]).assert(
        2,
        &["conflicts with work that is merged already, in same.txt", "the task stays yours", "git merge"],
    );
    project.assert_statuses(&[("a", "in-progress"), ("b", "completed")]);
    let at = folder.to_str().unwrap();
    let merge = project
        .command("git")
        .args(["-C", at, "-c", "user.name=J", "-c", "user.email=j@x", "merge", INTEGRATION])
        .output()
        .unwrap();
    assert!(!merge.status.success());
    project.commit_in(at, "same.txt", "of both", &[]);
    project.blueprint(&["give", "a"]).assert(2, &["same.txt: `of b` (of b)", "--dropped same.txt"]);
    ok(&project, &["give", "a", "--dropped", "same.txt"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "of both");
}

#[test]
fn what_nobody_has_taken_can_not_be_given_and_what_is_not_ready_not_taken() {
    let project = project(&PlanText::chain(&["a", "b"]), WORK);
    project.blueprint(&["give", "a"]).assert(2, &["nobody has taken task `a`", "`blueprint take a`"]);
    project.blueprint(&["take", "b"]).assert(2, &["task `b` needs `a`, which is pending"]);
    project.complete(&[]);
    project.blueprint(&["take", "a"]).assert(2, &["task `a` is completed", "`blueprint retry a`"]);
}

#[test]
fn what_was_taken_and_then_decided_otherwise_does_not_keep_the_plan_from_running() {
    for verb in ["retry", "skip", "cancel"] {
        let project = project(&PlanText::of(&["a", "b"]), WORK);
        take(&project, "a");
        ok(&project, &[verb, "a"]);
        project.run(&[]).assert(i32::from(verb == "cancel"), &[]);
        assert_eq!(project.log().starts_of("a"), usize::from(verb == "retry"), "{verb}");
        assert_eq!(project.log().starts_of("b"), 1, "{verb}");
    }
}

#[test]
fn a_worktree_that_has_vanished_is_made_anew_by_taking_the_task_again() {
    let project = project(&PlanText::of(&["a"]), WORK);
    let folder = take(&project, "a");
    project.commit_in(folder.to_str().unwrap(), "kept.txt", "kept", &[]);
    fs::remove_dir_all(&folder).unwrap();
    project.blueprint(&["give", "a"]).assert(74, &["is no worktree", "`blueprint take a` makes it anew"]);
    assert_eq!(take(&project, "a"), folder);
    assert_eq!(fs::read_to_string(folder.join("kept.txt")).unwrap(), "kept");
    fs::remove_file(folder.join(".git")).unwrap();
    fs::write(folder.join("loose.txt"), "loose").unwrap();
    project.blueprint(&["take", "a"]).assert(0, &["was no worktree any more", "a.aside-1"]);
    assert_eq!(fs::read_to_string(folder.with_file_name("a.aside-1").join("loose.txt")).unwrap(), "loose");
    ok(&project, &["give", "a"]);
    assert_eq!(project.show(INTEGRATION, "kept.txt"), "kept");
}

#[test]
fn a_task_whose_worktree_has_vanished_can_be_given_back() {
    let project = project(&PlanText::of(&["a"]), WORK);
    let folder = take(&project, "a");
    project.commit_in(folder.to_str().unwrap(), "begun.txt", "begun", &[]);
    fs::remove_dir_all(&folder).unwrap();
    ok(&project, &["give", "--back", "a"]);
    assert_eq!(project.git(&["show", "refs/blueprint/trial/attempts/a/1:begun.txt"]), "begun");
    project.complete(&[]);
}

#[test]
fn a_worktree_that_an_agent_has_broken_is_moved_aside_and_made_anew() {
    let project = project(&PlanText::of(&["a"]), "== a\nwrite a.txt first\ncall rm|.git");
    assert_ne!(project.run(&[]).code, Some(0));
    let folder = PathBuf::from(project.worktree("a"));
    project.script(WORK);
    ok(&project, &["retry", "a"]);
    project.complete(&[]).assert(0, &["was no worktree any more", "a.aside-1"]);
    assert!(folder.with_file_name("a.aside-1").join("a.txt").exists());
    assert_eq!(project.show(INTEGRATION, "a.txt"), "of a");
}

#[test]
fn markers_that_a_merge_by_hand_has_left_are_not_merged() {
    let project = project(&PlanText::of(&["a", "b"]), "== b\nwrite same.txt of b");
    let folder = take(&project, "a");
    project.run(&["b"]).assert(0, &[]);
    let at = folder.to_str().unwrap();
    project.commit_in(at, "same.txt", "of a", &[]);
    project.commit_in(at, "sample.txt", "<<<<<<< a sample\n", &[]);
    let merge = project.command("git").args(["-C", at, "merge", INTEGRATION]).output().unwrap();
    assert!(!merge.status.success());
    project.git(&["-C", at, "add", "--all"]);
    project.git(&["-C", at, "commit", "--quiet", "--message", "Merged"]);
    let before = project.git(&["rev-parse", INTEGRATION]);
    project
        .blueprint(&["give", "a"])
        .assert(2, &["conflict markers in same.txt;", "the task stays yours", "then give again"]);
    assert_eq!(project.git(&["rev-parse", INTEGRATION]), before);
    project.assert_statuses(&[("a", "in-progress"), ("b", "completed")]);
    project.commit_in(at, "same.txt", "of a\nof b", &[]);
    ok(&project, &["give", "a"]);
    assert_eq!(project.show(INTEGRATION, "same.txt"), "of a\nof b");
}

#[test]
fn work_that_a_merge_by_hand_holds_is_not_said_to_have_left() {
    let project = project(&PlanText::of(&["a", "b"]), WORK);
    let folder = take(&project, "b");
    project.run(&["a"]).assert(0, &[]);
    let at = folder.to_str().unwrap();
    project.git(&["-C", at, "merge", "--quiet", "--no-ff", "--message", "Merged", INTEGRATION]);
    project.commit_in(at, "b.txt", "of b", &[]);
    ok(&project, &["give", "b"]);
    let before = (project.read("genesis.xml"), project.refs());
    project
        .blueprint(&["retry", "a"])
        .assert(2, &["what b brought there contains it", "retry b, too", "`--only`"]);
    assert_eq!((project.read("genesis.xml"), project.refs()), before);
    let said = ok(&project, &["retry", "a", "--only"]);
    assert!(said.contains("is still in") && !said.contains("has left"), "{said}");
    assert!(project.files(INTEGRATION).contains(&"a.txt".to_owned()));
    project.complete(&[]);
    let said = ok(&project, &["retry", "a", "b"]);
    assert!(said.contains("has left"), "{said}");
    assert!(!project.files(INTEGRATION).contains(&"a.txt".to_owned()));
}

#[test]
fn a_shell_is_opened_in_the_worktree() {
    let project = project(&PlanText::of(&["a"]), WORK);
    let shell = project.base().join("shell.sh");
    fs::write(&shell, "#!/bin/sh\npwd > where\n").unwrap();
    fs::set_permissions(&shell, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ended = project
        .command(crate::project::BLUEPRINT)
        .args(["take", "a", "--shell"])
        .env("SHELL", &shell)
        .output()
        .unwrap();
    assert!(ended.status.success());
    let folder = project.worktree("a");
    assert_eq!(fs::read_to_string(Path::new(&folder).join("where")).unwrap().trim_end(), folder);
}

#[test]
fn a_plan_on_a_newer_start_builds_new_tasks_on_it_and_keeps_what_is_done() {
    let project = project(&PlanText::chain(&["a", "b"]), WORK);
    project.run(&["a"]).assert(0, &[]);
    let (old, base) =
        (project.git(&["rev-parse", "HEAD"]), project.task("a")["base"].as_str().unwrap().to_owned());
    project.write("later.txt", "later");
    project.git(&["add", "later.txt"]);
    project.git(&["commit", "--quiet", "--message", "Later"]);
    let said = ok(&project, &["rebase-plan"]);
    assert!(said.contains("the plan starts from main at"), "{said}");
    assert!(ok(&project, &["rebase-plan"]).contains("already"));
    assert_eq!(project.status()["plan"]["start"], project.git(&["rev-parse", "main"]));
    project.complete(&[]);
    assert_eq!(project.task("a")["base"].as_str(), Some(base.as_str()));
    let base = project.task("b")["base"].as_str().unwrap().to_owned();
    assert!(
        project.files(&base).contains(&"later.txt".to_owned())
            && project.files(&base).contains(&"a.txt".to_owned())
    );
    assert_ne!(project.git(&["rev-parse", "refs/blueprint/trial/start"]), old);
    // What was done before can still be taken out again.
    ok(&project, &["retry", "a"]);
    assert!(!project.files(INTEGRATION).contains(&"a.txt".to_owned()));
    assert!(project.files(INTEGRATION).contains(&"later.txt".to_owned()));
    project.complete(&[]);
    ok(&project, &["land"]);
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    project.assert_journal();
}

#[test]
fn a_newer_start_that_conflicts_changes_nothing_and_names_the_files() {
    let project = project(&PlanText::of(&["a", "b"]), "== *\nwrite same.txt of {task}");
    project.run(&["a"]).assert(0, &[]);
    project.write("same.txt", "mine");
    project.git(&["add", "same.txt"]);
    project.git(&["commit", "--quiet", "--message", "Mine"]);
    let refs = project.refs();
    project.blueprint(&["rebase-plan"]).assert(2, &["conflicts with main, in same.txt; nothing was changed"]);
    assert_eq!(project.refs(), refs);
    project.git(&["checkout", "--quiet", "--orphan", "apart"]);
    project.git(&["commit", "--quiet", "--message", "Apart", "--allow-empty"]);
    project.blueprint(&["rebase-plan", "--onto", "apart"]).assert(2, &["is no newer start"]);
}

#[test]
fn a_plan_that_runs_is_not_moved() {
    let project = project(&PlanText::of(&["a"]), "== a\nwait-for go");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    assert_eq!(project.blueprint(&["rebase-plan"]).code, Some(5));
    project.touch("go");
    assert_eq!(run.wait().code, Some(0));
}

#[test]
fn agents_neither_take_nor_give_nor_land() {
    let script =
        "== *\nblueprint take|a\nblueprint give|a\nblueprint land\nblueprint rebase-plan\nwrite a.txt x";
    let project = project(&PlanText::of(&["a"]), script);
    project.complete(&[]);
    let codes: Vec<_> = project.log().all("blueprint").map(|event| event.more[0].clone()).collect();
    assert_eq!(codes, ["77"; 4]);
}

/// Ignored files in the checkout, and a setup step that notes what it knows.
fn provided(keys: &str) -> TestProject {
    let project = project(&PlanText::of(&["a"]), WORK);
    project.write(".gitignore", ".env\nsetup.log\n");
    project.commit_all("Ignore");
    project.write(".env", "SECRET=1");
    project.configure(&format!("bring = [\".env\"]\n{keys}"));
    project
}

#[test]
fn the_worktree_of_a_person_is_made_ready_as_those_of_agents_are() {
    let project = provided(
        "build-cache = [\"CACHE\"]\nsetup = ['echo \"$TASK_ID|$BLUEPRINT_AGENT|$BLUEPRINT_PORT_BASE|$CACHE\" >> setup.log']",
    );
    let folder = take(&project, "a");
    assert_eq!(fs::read_to_string(folder.join(".env")).unwrap(), "SECRET=1");
    let log = fs::read_to_string(folder.join("setup.log")).unwrap();
    let words: Vec<_> = log.trim_end().split('|').collect();
    assert_eq!(words[..2], ["a", "person"], "{log}");
    let started = &project.facts("attempt-started", "a")[0];
    assert_eq!(
        (&started["port_base"].to_string(), &started["brought"]),
        (&words[2].to_owned(), &vec![".env"].into())
    );
    assert!(fs::metadata(words[3]).unwrap().is_dir(), "{log}");
    // What is the person's already is not made ready again; a shell in it knows the same.
    let shell = project.base().join("shell");
    fs::write(&shell, "#!/bin/sh\necho \"$BLUEPRINT_PORT_BASE|$CACHE\" > seen\n").unwrap();
    fs::set_permissions(&shell, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = project.command(crate::project::BLUEPRINT);
    let ended = command.args(["take", "a", "--shell"]).env("SHELL", &shell).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(fs::read_to_string(folder.join("seen")).unwrap().trim_end(), words[2..].join("|"));
    assert_eq!(fs::read_to_string(folder.join("setup.log")).unwrap(), log);
    ok(&project, &["give", "a"]);
    assert_eq!(project.files(INTEGRATION).iter().filter(|file| file.as_str() == ".env").count(), 0);
    assert!(project.files(INTEGRATION).contains(&"seen".to_owned()));
}

#[test]
fn setup_that_fails_is_told_and_the_worktree_is_the_persons_all_the_same() {
    let project = provided("setup = [\"echo no such package; exit 3\"]");
    let ended = project.blueprint(&["take", "a"]);
    ended.assert(0, &["warning setup step", "ended with exit code 3: no such package"]);
    assert!(PathBuf::from(ended.stdout.trim_end()).join(".env").exists());
    ok(&project, &["give", "a"]);
}

#[test]
fn ctrl_c_breaks_setup_off_and_taking_the_task_again_does_it_all() {
    let project = provided(
        "setup = ['touch setup.log \"$FAKE_AGENT_DIR/in-setup\"; test -e \"$FAKE_AGENT_DIR/go\" || sleep 600']",
    );
    let taking = project.start(&["take", "a"]);
    project.wait_until_there("in-setup");
    taking.signal(rustix::process::Signal::INT);
    taking.wait().assert(
        130,
        &["setting its worktree up", "broken off: the task is yours, but its worktree is not ready"],
    );
    project.assert_no_process_left();
    project.touch("go");
    let folder = take(&project, "a");
    assert!(folder.join(".env").exists() && folder.join("setup.log").exists());
    ok(&project, &["give", "a"]);
}

#[test]
fn the_last_task_that_is_given_completes_a_plan_that_had_failed_and_landing_is_next() {
    let project = project(&PlanText::of(&["a", "b"]), "== a\nexit 3\n== b\nwrite b.txt of b");
    project.run(&[]).assert(1, &[]);
    assert_eq!(project.status()["plan"]["status"], "failed");
    let folder = take(&project, "a");
    fs::write(folder.join("a.txt"), "by hand").unwrap();
    let said = ok(&project, &["give", "a"]);
    assert!(said.contains("next    blueprint land"), "{said}");
    assert_eq!(project.status()["plan"]["status"], "completed");
}

#[test]
fn a_merge_that_is_not_resolved_is_the_persons_to_finish() {
    let project = project(&PlanText::of(&["a", "b"]), "== b\nwrite same.txt of b");
    let folder = take(&project, "a");
    project.run(&["b"]).assert(0, &[]);
    let at = folder.to_str().unwrap();
    project.commit_in(at, "same.txt", "of a", &[]);
    let merge = project.command("git").args(["-C", at, "merge", INTEGRATION]).output().unwrap();
    assert!(!merge.status.success());
    project.blueprint(&["give", "a"]).assert(2, &["finish that in", "then give again"]);
    project.assert_statuses(&[("a", "in-progress"), ("b", "completed")]);
}

#[test]
fn a_task_that_is_the_agents_again_says_nothing_of_how_it_was_before() {
    let project = project(&PlanText::of(&["a"]), WORK);
    take(&project, "a");
    ok(&project, &["give", "--back", "a"]);
    let table = project.blueprint(&["status"]).stdout;
    assert!(table.contains("pending") && !table.contains("was cancelled"), "{table}");
    project.complete(&[]);
    ok(&project, &["retry", "a"]);
    assert!(project.task("a")["summary"].is_null());
}
