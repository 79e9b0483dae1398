//! `clean` and `doctor`: what is over goes, what is not stays, and what was left behind is found.

use std::fs;
use std::path::PathBuf;

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::landing::identify;
use crate::project::{INTEGRATION, PlanText, TestProject};

const WORK: &str = "== *\nwrite {task}.txt of {task}";

fn project(plan: &PlanText, script: &str) -> TestProject {
    let project = TestProject::new(plan, script);
    identify(&project);
    project
}

#[track_caller]
fn ok(project: &TestProject, arguments: &[&str]) -> (String, String) {
    let ended = project.blueprint(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    (ended.stdout, ended.stderr)
}

#[track_caller]
pub(crate) fn assert_schema(document: &Value, schema: &str) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let text = fs::read_to_string(format!("schemas/{schema}.schema.json")).unwrap();
    compiler.add_resource("schema.json", serde_json::from_str(&text).unwrap()).unwrap();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();
    let found = schemas.validate(document, schema);
    assert!(found.is_ok(), "{:#}\n{document:#}", found.unwrap_err());
}

/// All that is ours in the repository.
fn ours(project: &TestProject) -> String {
    project.git(&["for-each-ref", "--format=%(refname)", "refs/blueprint", "refs/heads/blueprint"])
}

#[test]
fn what_was_cleaned_away_is_not_denied() {
    let project = project(&PlanText::of(&["a", "b"]), WORK);
    project.complete(&[]);
    project.blueprint(&["land"]).assert(0, &["landed"]);
    let (_, said) = ok(&project, &["clean"]);
    let (story, next) = (said.find("report").expect("names report"), said.find("--yes").unwrap());
    assert!(story < next, "{said}");
    ok(&project, &["clean", "--yes"]);
    for arguments in [&["report"][..], &["report", "--format", "html"], &["explain", "a"]] {
        let (shown, _) = ok(&project, arguments);
        assert!(shown.contains("blueprint clean") && shown.contains("removed it"), "{arguments:?}: {shown}");
        assert!(!shown.contains("has been tried") && !shown.contains("by hand"), "{arguments:?}: {shown}");
    }
    project.blueprint(&["logs", "a"]).assert(2, &["nothing that task `a` printed is here", "removed it"]);
    project.blueprint(&["rebase-plan"]).assert(2, &["`blueprint clean` removed that"]);
    // What nobody has run is told as before.
    ok(&project, &["add", "c", "--name", "C"]);
    project.blueprint(&["logs", "c"]).assert(2, &["has had no attempt yet"]);
}

#[test]
fn nothing_goes_before_it_has_landed_and_everything_does_after() {
    let project = project(&PlanText::chain(&["a", "b"]), WORK);
    project.complete(&[]);
    let before = (project.refs(), project.git(&["worktree", "list"]));
    let (shown, said) = ok(&project, &["clean", "--yes"]);
    assert!(shown.contains("stays   worktree") && shown.contains("has not landed in main"), "{shown}");
    assert!(said.contains("nothing to clean") && said.contains("`--into BRANCH` names it"), "{shown}{said}");
    assert_eq!((project.refs(), project.git(&["worktree", "list"])), before);
    ok(&project, &["land"]);
    let (shown, said) = ok(&project, &["clean"]);
    assert!(shown.contains("goes    worktree") && said.contains("nothing was removed"), "{shown}{said}");
    let json: Value = serde_json::from_str(&ok(&project, &["clean", "--format", "json"]).0).unwrap();
    assert_schema(&json, "clean");
    assert_eq!(json["removed"], false);
    assert!(!ours(&project).is_empty());
    ok(&project, &["clean", "--yes"]);
    assert_eq!(ours(&project), "");
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
    assert!(!project.base().join("мой проект.worktrees").exists());
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    project.assert_statuses(&[("a", "completed"), ("b", "completed")]);
}

#[test]
fn what_was_never_merged_or_committed_stays_until_it_is_forced() {
    let project =
        project(&PlanText::of(&["a", "b", "c"]), "== a\nwrite a.txt half\nexit 1\n== *\nwrite {task}.txt x");
    assert_eq!(project.run(&[]).code, Some(1));
    project.script("== a\nwrite a.txt whole");
    project.complete(&["--rerun-failed"]);
    ok(&project, &["land"]);
    let dirty = project.worktree("b");
    fs::write(std::path::Path::new(&dirty).join("mine.txt"), "mine").unwrap();
    let (shown, said) = ok(&project, &["clean", "--yes"]);
    assert!(shown.contains("not committed there: mine.txt") && shown.contains("has never landed"), "{shown}");
    assert!(said.contains("--force"), "{said}");
    assert!(std::path::Path::new(&dirty).join("mine.txt").exists());
    assert!(ours(&project).contains("refs/blueprint/trial/attempts/a/1"));
    assert!(!ours(&project).contains("refs/heads/blueprint/trial/c"));
    assert!(project.files(INTEGRATION).contains(&"a.txt".to_owned()));
    ok(&project, &["clean", "--yes", "--force"]);
    assert_eq!(ours(&project), "");
    assert!(!std::path::Path::new(&dirty).exists());
}

#[test]
fn squashed_work_has_landed_and_a_cancelled_task_is_over() {
    let project = project(&PlanText::of(&["a", "b"]), WORK);
    project.run(&["a"]).assert(0, &[]);
    ok(&project, &["cancel", "b"]);
    ok(&project, &["land", "--squash"]);
    ok(&project, &["clean", "--yes"]);
    assert_eq!(ours(&project), "");
}

#[test]
fn work_that_others_began_on_is_no_less_the_work_of_its_task() {
    let project = project(&PlanText::chain(&["a", "b"]), WORK);
    project.run(&["a"]).assert(0, &[]);
    let work = project.git(&["rev-parse", "blueprint/trial/a"]);
    ok(&project, &["take", "b"]);
    assert_eq!(project.git(&["rev-parse", "blueprint/trial/b"]), work);
    ok(&project, &["give", "--back", "b"]);
    ok(&project, &["cancel", "b"]);
    ok(&project, &["retry", "a", "--only"]);
    ok(&project, &["cancel", "a"]);
    ok(&project, &["clean", "--yes"]);
    assert!(ours(&project).contains("refs/blueprint/trial/attempts/a/1"), "{}", ours(&project));
    assert!(!ours(&project).contains("refs/heads/blueprint/trial/b"), "{}", ours(&project));
}

#[test]
fn a_worktree_that_tasks_share_stays_while_one_of_them_is_not_over() {
    let project =
        project(&PlanText::of(&["a", "b"]), "== a\nwrite a.txt x\n== b\nwrite half.txt half\nexit 1");
    project.configure("isolation = 'shared'");
    assert_eq!(project.run(&["-j", "1"]).code, Some(1));
    ok(&project, &["land"]);
    let shared = std::path::PathBuf::from(project.worktree("b"));
    fs::write(shared.join("more.txt"), "more").unwrap();
    for arguments in [&["clean", "--yes"][..], &["clean", "--yes", "--force"]] {
        let (shown, _) = ok(&project, arguments);
        assert!(shown.contains("stays   worktree") && !shown.contains("goes    worktree"), "{shown}");
        assert!(shown.contains("the task is failed"), "{shown}");
        assert!(shared.join("more.txt").exists(), "{shown}");
    }
}

#[test]
fn what_tasks_shared_goes_once_with_its_branch() {
    let project = project(&PlanText::of(&["a", "b"]), WORK);
    project.configure("isolation = 'shared'");
    project.complete(&["-j", "1"]);
    ok(&project, &["land"]);
    ok(&project, &["clean", "--yes"]);
    assert_eq!(ours(&project), "");
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn work_that_has_landed_and_is_done_again_is_said_to_be_in_the_branch_still() {
    let project = project(&PlanText::of(&["a", "b"]), WORK);
    project.run(&["a"]).assert(0, &[]);
    ok(&project, &["land"]);
    project.run(&["b"]).assert(0, &[]);
    let (_, said) = ok(&project, &["retry", "a", "b"]);
    let revert = said.split("the old work of a has landed in main and stays there; `").nth(1).unwrap();
    let revert = revert.split('`').next().unwrap();
    assert!(!said.contains("old work of b"), "{said}");
    assert!(project.root.join("a.txt").exists());
    project.git(&revert.split(' ').skip(1).chain(["--no-edit"]).collect::<Vec<_>>());
    assert!(!project.root.join("a.txt").exists(), "{revert}");
}

#[test]
fn a_live_run_is_not_cleaned_under_its_feet() {
    let project = project(&PlanText::of(&["a"]), "== a\nwait-for go");
    let run = project.start(&["run"]);
    project.wait_for_starts(1);
    assert_eq!(project.blueprint(&["clean", "--yes"]).code, Some(5));
    project.touch("go");
    assert_eq!(run.wait().code, Some(0));
}

#[test]
fn a_sound_plan_has_nothing_wrong_with_it() {
    let project = project(&PlanText::of(&["a"]), WORK);
    project.complete(&[]);
    let (shown, _) = ok(&project, &["doctor"]);
    assert!(shown.contains("git version") && shown.contains("nothing was left behind"), "{shown}");
    let json: Value = serde_json::from_str(&ok(&project, &["doctor", "--format", "json"]).0).unwrap();
    assert_schema(&json, "doctor");
    assert_eq!(json["ok"], true);
}

#[test]
fn what_is_wrong_or_was_left_behind_is_named_with_what_to_do() {
    let project = project(&PlanText::of(&["a", "b"]), "== a\nwrite a.txt x\n== b\nhang");
    let run = project.start(&["run"]);
    project.wait_for_log("b", |log| log.starts_of("b") == 1);
    run.wait_for("done    a");
    run.kill();
    project.write(".git/index.lock", "");
    fs::write(project.base().join("мой проект.worktrees/trial/.a.trash-1"), "").unwrap();
    project.write(
        ".git/blueprint/gone-0123456789/plan.json",
        "{\"plan\":\"/nowhere/genesis.xml\",\"epic\":\"gone\"}",
    );
    project.git(&["update-ref", "refs/blueprint/elder/start", "HEAD"]);
    let config = project.read("blueprint.toml");
    project.write("blueprint.toml", &config.replace("command = [", "command = [\"/nowhere/agent\", "));
    let ended = project.blueprint(&["doctor"]);
    ended.assert(1, &[]);
    for found in [
        "in progress by a run that is gone: b",
        "an agent is at work on b, and no run is live",
        "a lock of git's",
        "a removed worktree that is not yet deleted",
        "the state of a plan that is gone",
        "refs of a plan that is gone: refs/blueprint/elder",
        "/nowhere",
    ] {
        assert!(ended.stdout.contains(found), "no {found:?}: {ended}");
    }
    let (refs, status) = (project.refs(), project.read("genesis.xml"));
    project.blueprint(&["doctor"]).assert(1, &[]);
    assert_eq!((project.refs(), project.read("genesis.xml")), (refs, status));
}

#[test]
fn the_worktree_of_the_verification_goes_when_the_plan_is_over_or_nothing_is_tried_any_more() {
    let project = project(&PlanText::of(&["a"]), WORK);
    project.configure("verify-integration = \"echo x > left-behind\"");
    project.complete(&[]);
    let place = PathBuf::from(project.worktree("a")).with_file_name("integration");
    assert!(place.join("left-behind").exists());
    let (shown, _) = ok(&project, &["clean", "--yes"]);
    assert!(shown.contains("what is merged is tried here until the plan is over"), "{shown}");
    assert!(place.exists());
    project.configure("");
    let (doctor, _) = ok(&project, &["doctor"]);
    assert!(doctor.contains("which is not configured any more"), "{doctor}");
    fs::rename(&place, place.with_file_name("gone")).unwrap();
    let (doctor, _) = ok(&project, &["doctor"]);
    assert!(
        doctor.contains("a worktree is registered whose folder is gone") && doctor.contains("integration"),
        "{doctor}"
    );
    fs::rename(place.with_file_name("gone"), &place).unwrap();
    ok(&project, &["land"]);
    ok(&project, &["clean", "--yes"]);
    assert!(!place.exists());
    assert_eq!((ours(&project).as_str(), project.git(&["worktree", "list"]).lines().count()), ("", 1));
}

#[test]
fn what_a_forge_has_squashed_or_rebased_has_landed() {
    // Lines of a file that later work changes again, and a whole file.
    let script =
        "== a\nwrite a.txt of a\nsh printf '1\\n2\\n3\\n4\\n5\\nof a\\n' > list\n== b\nwrite b.txt of b";
    for how in ["squash-all", "squash-each", "rebase"] {
        let project = project(&PlanText::of(&["a", "b"]), script);
        project.write("list", "1\n2\n3\n4\n5\n");
        project.commit_all("List");
        project.complete(&["-j", "1"]);
        match how {
            "squash-all" => {
                project.git(&["merge", "--quiet", "--squash", INTEGRATION]);
                project.git(&["commit", "--quiet", "--message", "All of it (#1)"]);
            }
            "squash-each" => {
                for task in ["a", "b"] {
                    project.git(&["merge", "--quiet", "--squash", &format!("blueprint/trial/{task}")]);
                    project.git(&["commit", "--quiet", "--message", "Some of it"]);
                }
                // What has landed is changed again.
                project.write("list", "1\n2\n3\n4\n5\nof a and b\n");
                project.commit_all("Later");
            }
            _ => {
                project.write("list", "one\n2\n3\n4\n5\n");
                project.commit_all("Meanwhile");
                project.git(&["cherry-pick", "blueprint/trial/a", "blueprint/trial/b"]);
            }
        }
        let tip = project.git(&["rev-parse", "main"]);
        project.git(&["stash", "--quiet"]);
        let (_, said) = ok(&project, &["land"]);
        assert!(said.contains("all that is finished has landed in main"), "{how}: {said}");
        assert_eq!(
            project.git(&["diff", "--name-only", &tip, "main"]).replace("genesis.xml", ""),
            "",
            "{how}"
        );
        ok(&project, &["clean", "--yes"]);
        // What was brought together nowhere else is nobody's to throw away unasked.
        let left = if how == "squash-each" { format!("refs/heads/{INTEGRATION}") } else { String::new() };
        assert_eq!(ours(&project), left, "{how}");
    }
}

#[test]
fn work_of_which_a_branch_has_only_a_part_has_not_landed() {
    let project = project(&PlanText::of(&["a"]), "== a\nwrite a.txt of a\nwrite more.txt of a");
    project.complete(&[]);
    project.write("a.txt", "of a\n");
    project.commit_all("Part of it");
    let (shown, _) = ok(&project, &["clean", "--yes"]);
    assert!(shown.contains("has not landed in main"), "{shown}");
    let (_, said) = ok(&project, &["land"]);
    assert!(said.contains("landed  task a in main"), "{said}");
}
