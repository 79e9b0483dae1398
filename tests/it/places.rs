//! Where plans can lie, and where not.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::project::{INTEGRATION, PlanText, TestProject};

const WORK: &str = "== *\nwrite {task}.txt x";

#[test]
fn outside_git_a_run_is_refused_with_what_to_do() {
    let project = TestProject::without_git();
    project.write("genesis.xml", &PlanText::of(&["a"]).to_xml());
    project.configure("");
    project.run(&[]).assert(2, &["is in no git repository", "git init", "--scratch"]);
    project.assert_statuses(&[("a", "pending")]);
}

#[test]
fn in_a_bare_repository_a_run_is_refused() {
    let project = TestProject::without_git();
    project.git(&["init", "--quiet", "--bare"]);
    project.write("genesis.xml", &PlanText::of(&["a"]).to_xml());
    project.configure("");
    let before = project.read("genesis.xml");
    let ended = project.run(&[]);
    assert!([Some(2), Some(74)].contains(&ended.code), "{ended}");
    ended.assert(ended.code.unwrap(), &["bare", "help"]);
    assert_eq!(project.read("genesis.xml"), before);
}

#[test]
fn before_the_first_commit_a_run_is_refused_with_what_to_do() {
    let project = TestProject::without_git();
    project.git(&["init", "--quiet"]);
    project.write("genesis.xml", &PlanText::of(&["a"]).to_xml());
    project.configure("");
    let before = project.read("genesis.xml");
    let ended = project.run(&[]);
    assert!([Some(2), Some(74)].contains(&ended.code), "{ended}");
    ended.assert(ended.code.unwrap(), &["commit", "help"]);
    assert_eq!(project.read("genesis.xml"), before);
}

#[test]
fn a_detached_head_is_a_base_like_any_other() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.git(&["checkout", "--quiet", "--detach"]);
    let head = project.git(&["rev-parse", "HEAD"]);
    project.complete(&[]);
    assert_eq!(fs::read_to_string(project.root.join(".git/HEAD")).unwrap().trim(), head);
    assert!(project.files(INTEGRATION).contains(&"a.txt".into()));
}

#[test]
fn a_linked_plan_is_changed_where_it_lies_and_the_link_stays() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    fs::create_dir(project.root.join("plans")).unwrap();
    fs::rename(project.plan(), project.root.join("plans/real.xml")).unwrap();
    std::os::unix::fs::symlink("plans/real.xml", project.plan()).unwrap();
    project.complete(&["genesis.xml"]);
    assert!(fs::symlink_metadata(project.plan()).unwrap().is_symlink());
    assert!(project.read("plans/real.xml").contains("<status>completed</status>"));
    project.assert_statuses(&[("a", "completed")]);
}

#[test]
fn a_plan_in_a_folder_of_the_repository_runs_from_anywhere_in_it() {
    let project = TestProject::new(&PlanText::of(&["unused"]), WORK);
    fs::remove_file(project.plan()).unwrap();
    project.write(".claude/epics/shop/genesis.xml", &PlanText::of(&["a"]).epic("shop").to_xml());
    let ended = project.run(&["shop", "a"]);
    ended.assert(0, &["completed: 1 of 1"]);
    let mut command = project.command(crate::project::BLUEPRINT);
    let folder = project.root.join(".claude");
    let status = command.args(["status", "--format", "json"]).current_dir(folder).output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["tasks"][0]["branch"], "blueprint/shop/a");
}

#[test]
fn a_plan_in_a_linked_worktree_of_the_users_runs_there() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let linked = project.base().join("linked");
    project.git(&["worktree", "add", "--quiet", "-b", "side", linked.to_str().unwrap()]);
    let mut command = project.command(crate::project::BLUEPRINT);
    let ended = crate::project::Running::start(command.arg("run").current_dir(&linked)).wait();
    ended.assert(0, &["completed: 1 of 1"]);
    assert!(fs::read_to_string(linked.join("genesis.xml")).unwrap().contains("<status>completed</status>"));
    assert!(
        !project.read("genesis.xml").contains("<status>completed</status>"),
        "the other checkout's plan is another one"
    );
}

#[test]
fn a_plan_that_cannot_be_saved_ends_the_run_with_74_and_is_as_it_was() {
    let project = TestProject::new(&PlanText::of(&["unused"]), WORK);
    project.write("locked/genesis.xml", &PlanText::of(&["a"]).epic("locked").to_xml());
    let folder = project.root.join("locked");
    let before = project.read("locked/genesis.xml");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.join("probe"), "").is_ok() {
        fs::remove_file(folder.join("probe")).unwrap();
        eprintln!("skipped: for root no folder is read-only");
        return;
    }
    let ended = project.run(&["locked"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    ended.assert(74, &["locked"]);
    assert_eq!(project.read("locked/genesis.xml"), before);
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_run_with_74_before_anything_starts() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), WORK);
    project.complete(&["a"]);
    let journal = project.state_dir().join("journal.jsonl");
    fs::rename(&journal, journal.with_extension("away")).unwrap();
    fs::create_dir(&journal).unwrap();
    let before = project.read("genesis.xml");
    project.run(&[]).assert(74, &["journal.jsonl"]);
    assert_eq!(project.read("genesis.xml"), before);
    assert_eq!(project.log().starts(), ["a"]);
}

#[test]
fn a_foreign_folder_where_a_worktree_should_go_is_left_alone() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let place = project.base().join("мой проект.worktrees/trial/a");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("precious.txt"), "mine").unwrap();
    let ended = project.run(&[]);
    ended.assert(1, &["could not be started", "мой проект.worktrees/trial/a"]);
    assert_eq!(fs::read_to_string(place.join("precious.txt")).unwrap(), "mine");
}

#[test]
fn an_invalid_plan_is_refused_and_nothing_is_made() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]).edge("a", "b").edge("b", "a"), WORK);
    let (before, refs) = (project.read("genesis.xml"), project.refs());
    project.run(&[]).assert(3, &["a -> b -> a", "nothing was changed"]);
    assert_eq!((project.read("genesis.xml"), project.refs()), (before, refs));
    assert!(!project.root.join(".git/blueprint").exists());
}

#[test]
fn worktrees_and_branches_that_cannot_be_are_refused_and_nothing_is_made() {
    let settings = [
        ("worktree-dir = \"../w/{epic}\"", "{task}"),
        ("worktree-dir = \"w/{task}\"", "checkout"),
        ("worktree-dir = \"~/w/{task}\"", "~"),
        ("worktree-dir = \".git/w/{task}\"", ".git"),
        ("branch = \"all-the-same\"", "all-the-same"),
        ("branch = \"a..b/{task}\"", "a..b"),
        ("base = \"no-such-revision\"", "no-such-revision"),
    ];
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    let folders = || {
        let list = |folder: &std::path::Path| {
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<BTreeSet<_>>()
        };
        [project.base(), &project.root, &project.base().join("home")].map(list)
    };
    let before = (project.read("genesis.xml"), project.refs(), folders());
    for (setting, says) in settings {
        project.configure(setting);
        let ended = project.run(&[]);
        assert_eq!(ended.code, Some(2), "{setting}: {ended}");
        assert!(ended.stderr.contains(says), "{setting}: {ended}");
        assert_eq!((project.read("genesis.xml"), project.refs(), folders()), before, "{setting}");
    }
    assert_eq!(project.log().starts(), [""; 0]);
}

#[test]
fn what_a_killed_save_left_is_swept_away_and_other_plans_files_stay() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    project.write(".genesis.xml-a1B2c3.tmp", "half a plan");
    project.write(".other.xml-a1B2c3.tmp", "somebody else's");
    project.write(".genesis.xml-notes", "mine");
    project.complete(&[]);
    assert!(!project.root.join(".genesis.xml-a1B2c3.tmp").exists());
    assert_eq!(project.read(".other.xml-a1B2c3.tmp"), "somebody else's");
    assert_eq!(project.read(".genesis.xml-notes"), "mine");
}

#[test]
fn a_file_that_is_called_like_a_task_is_no_plan() {
    let project = TestProject::new(&PlanText::of(&["build", "other"]), WORK);
    project.write("build", "#!/bin/sh\n");
    project.complete(&["build"]);
    project.assert_statuses(&[("build", "completed"), ("other", "pending")]);
}
