//! `land`: finished work in the user's branch, and nothing of the user's lost by it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::project::{INTEGRATION, PlanText, TestProject};

pub(crate) const WORK: &str = "== *\nwrite {task}.txt of {task}\n";

/// A project whose plan is done, with somebody to commit as.
pub(crate) fn done(plan: &PlanText, script: &str) -> TestProject {
    let project = TestProject::new(plan, script);
    identify(&project);
    project.complete(&[]);
    project
}

pub(crate) fn identify(project: &TestProject) {
    project.git(&["config", "user.name", "Jane"]);
    project.git(&["config", "user.email", "jane@example.invalid"]);
}

#[track_caller]
pub(crate) fn ok(project: &TestProject, arguments: &[&str]) -> String {
    let ended = project.blueprint(arguments);
    assert_eq!(ended.code, Some(0), "{ended}");
    ended.stderr
}

/// Installs a hook of the user's.
fn hook(project: &TestProject, name: &str, script: &str) {
    let path = project.root.join(".git/hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn finished_work_lands_by_fast_forward_with_the_plans_state_as_a_commit_of_its_own() {
    let project = done(&PlanText::chain(&["a", "b"]), WORK);
    let said = ok(&project, &["land"]);
    assert!(said.contains("2 tasks (a, b) in main, by fast-forward"), "{said}");
    assert!(said.contains("the plan's state in main"), "{said}");
    assert_eq!(project.read("b.txt"), "of b\n");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    assert_eq!(project.git(&["rev-parse", "main~1"]), project.git(&["rev-parse", INTEGRATION]));
    assert_eq!(project.git(&["show", "--format=", "--name-only", "main"]), "genesis.xml");
    assert_eq!(
        project.git(&["log", "-1", "--format=%an %s", "main"]),
        "Jane State of the plan trial: 2 of 2 tasks completed"
    );
    assert!(ok(&project, &["land"]).contains("all that is finished has landed in main"));
}

#[test]
fn a_branch_that_has_gone_on_gets_a_merge_and_uncommitted_work_elsewhere_stays() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.write("mine.txt", "committed");
    project.git(&["add", "mine.txt"]);
    project.git(&["commit", "--quiet", "--message", "Mine"]);
    project.write("README.md", "unstaged");
    project.write("staged.txt", "staged");
    project.git(&["add", "staged.txt"]);
    project.write("new.txt", "untracked");
    let before = project.git(&["status", "--porcelain", "--", ":!genesis.xml"]);
    let said = ok(&project, &["land"]);
    assert!(said.contains("task a in main, by merge"), "{said}");
    assert_eq!(project.git(&["status", "--porcelain"]), before);
    assert_eq!(project.git(&["rev-list", "--count", "--merges", "HEAD~1", "^HEAD~2"]), "2");
    assert_eq!((project.read("a.txt"), project.read("README.md")), ("of a\n".into(), "unstaged".into()));
    assert_eq!(project.git(&["diff", "--cached", "--name-only"]), "staged.txt");
}

#[test]
fn uncommitted_work_in_the_way_refuses_it_all_and_is_named() {
    let project = done(&PlanText::of(&["a", "b"]), "== a\nwrite README.md changed\n== b\nwrite out/b.txt x");
    project.write(".gitignore", "out\n");
    project.commit_all("Ignore");
    project.write("README.md", "mine");
    project.write("out/b.txt", "ignored, and mine");
    let (refs, status) = (project.refs(), project.git(&["status", "--porcelain"]));
    project
        .blueprint(&["land"])
        .assert(2, &["uncommitted work is in the way, in README.md, out/b.txt; nothing was changed"]);
    assert_eq!((project.refs(), project.git(&["status", "--porcelain"])), (refs, status));
    assert_eq!(
        (project.read("README.md"), project.read("out/b.txt")),
        ("mine".into(), "ignored, and mine".into())
    );
    assert!(!project.root.join(".git/blueprint").join("landing.json").exists());
    project.git(&["checkout", "--quiet", "README.md"]);
    fs::remove_dir_all(project.root.join("out")).unwrap();
    ok(&project, &["land"]);
    assert_eq!(project.read("README.md"), "changed\n");
}

#[test]
fn a_branch_that_no_checkout_has_is_moved_alone() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.git(&["checkout", "--quiet", "-b", "elsewhere"]);
    hook(&project, "pre-merge-commit", "exit 1");
    let plan = project.read("genesis.xml");
    ok(&project, &["land"]);
    assert!(project.files("main").contains(&"a.txt".to_owned()));
    assert!(!project.root.join("a.txt").exists());
    assert_eq!(project.read("genesis.xml"), plan);
    assert_eq!(project.show("main", "genesis.xml"), plan.trim_end());
}

#[test]
fn a_squashed_landing_is_one_commit_and_known_as_landed() {
    let project = done(&PlanText::chain(&["a", "b"]), "== a\nwrite f.txt one\n== b\nwrite f.txt two");
    let said = ok(&project, &["land", "--squash"]);
    assert!(said.contains("2 tasks (a, b) in main, squashed"), "{said}");
    assert_eq!(project.git(&["rev-list", "--count", "main"]), "3");
    assert!(ok(&project, &["land"]).contains("has landed"));
    // What comes later lands on top of it without a conflict with itself.
    project.script("== c\nwrite f.txt three");
    ok(&project, &["add", "c", "--name", "More", "--after", "b"]);
    project.complete(&[]);
    let said = ok(&project, &["land"]);
    assert!(said.contains("task c in main, by merge"), "{said}");
    assert_eq!(project.read("f.txt"), "three\n");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
}

#[test]
fn single_tasks_land_only_with_what_they_need() {
    let project = done(&PlanText::chain(&["a", "b"]).edge("a", "b"), WORK);
    project
        .blueprint(&["land", "b"])
        .assert(2, &["builds on work that has not landed: a", "`blueprint land a b`"]);
    assert!(ok(&project, &["land", "a"]).contains("task a in main"));
    assert!(!project.root.join("b.txt").exists());
    assert!(ok(&project, &["land", "b"]).contains("task b in main"));
    assert_eq!(project.read("b.txt"), "of b\n");
    project.blueprint(&["land", "x"]).assert(2, &["there is no task `x`"]);
}

#[test]
fn a_conflict_is_refused_with_its_files_and_nothing_is_changed() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.write("a.txt", "mine");
    project.git(&["add", "a.txt"]);
    project.git(&["commit", "--quiet", "--message", "Mine"]);
    let before = (project.git(&["rev-parse", "main"]), project.git(&["status", "--porcelain"]));
    project
        .blueprint(&["land"])
        .assert(2, &["conflicts with what main has by now, in a.txt; nothing was changed", "git merge"]);
    assert_eq!((project.git(&["rev-parse", "main"]), project.git(&["status", "--porcelain"])), before);
}

#[test]
fn the_users_hooks_have_a_say_and_one_that_refuses_takes_all_of_it_back() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.write("mine.txt", "x");
    project.git(&["add", "mine.txt"]);
    project.git(&["commit", "--quiet", "--message", "Mine"]);
    hook(&project, "pre-merge-commit", "test -e a.txt && echo no such file please && exit 1");
    let (plan, head, status) = (
        project.read("genesis.xml"),
        project.git(&["rev-parse", "HEAD"]),
        project.git(&["status", "--porcelain"]),
    );
    project.blueprint(&["land"]).assert(2, &["your hook `pre-merge-commit` refused: no such file please"]);
    assert_eq!(project.read("genesis.xml"), plan);
    assert_eq!(
        (project.git(&["rev-parse", "HEAD"]), project.git(&["status", "--porcelain"])),
        (head, status)
    );
    hook(&project, "pre-merge-commit", "exit 0");
    hook(&project, "commit-msg", "echo 'Reviewed-by: hook' >> \"$1\"");
    hook(&project, "post-merge", "touch merged-with-$1");
    ok(&project, &["land"]);
    assert!(project.git(&["log", "-1", "--format=%B", "HEAD~1"]).contains("Reviewed-by: hook"));
    assert!(project.root.join("merged-with-0").exists());
}

#[test]
fn a_landing_that_is_killed_after_the_files_is_ended_by_the_next() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.write("mine.txt", "x");
    project.git(&["add", "mine.txt"]);
    project.git(&["commit", "--quiet", "--message", "Mine"]);
    // The hook's parent is git, and its parent is blueprint.
    hook(&project, "pre-merge-commit", "kill -9 $(awk '{print $4}' /proc/$PPID/stat)");
    let head = project.git(&["rev-parse", "HEAD"]);
    assert_eq!(project.blueprint(&["land"]).code, None);
    assert_eq!(project.git(&["rev-parse", "HEAD"]), head);
    fs::remove_file(project.root.join(".git/hooks/pre-merge-commit")).unwrap();
    let said = ok(&project, &["land"]);
    assert!(said.contains("a landing in main that had broken off is done now"), "{said}");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    assert_eq!(project.read("a.txt"), "of a\n");
    assert!(ok(&project, &["land"]).contains("has landed"));
}

#[test]
fn a_landing_that_is_killed_among_the_files_is_named_and_then_ended_by_the_next() {
    let script = "== *\nwrite a1.txt one\nwrite b2.slow two\nwrite c3.txt three";
    let project = TestProject::new(&PlanText::of(&["a"]), script);
    identify(&project);
    project.complete(&[]);
    // From here on writing `b2.slow` ends git and blueprint.
    project.write(".git/info/attributes", "*.slow filter=deadly\n");
    let kill = "kill -9 $(awk '{print $4}' /proc/$PPID/stat) $PPID";
    project.git(&["config", "filter.deadly.smudge", kill]);
    assert_eq!(project.blueprint(&["land"]).code, None);
    assert!(project.root.join("a1.txt").exists() && !project.root.join("c3.txt").exists());
    project.git(&["config", "--unset", "filter.deadly.smudge"]);
    project.blueprint(&["land"]).assert(74, &["index.lock", "if none is running there, remove the file"]);
    fs::remove_file(project.root.join(".git/index.lock")).unwrap();
    ok(&project, &["land"]);
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    assert_eq!((project.read("b2.slow"), project.read("c3.txt")), ("two\n".into(), "three\n".into()));
}

#[test]
fn a_plan_that_is_not_to_be_committed_stays_as_it_is() {
    let project = TestProject::new(&PlanText::of(&["a"]), WORK);
    identify(&project);
    project.configure("commit-plan = false\n");
    project.commit_all("Configure");
    project.complete(&[]);
    ok(&project, &["land"]);
    assert_eq!(project.git(&["status", "--porcelain"]), " M genesis.xml");
    assert_eq!(project.git(&["rev-parse", "main"]), project.git(&["rev-parse", INTEGRATION]));
}

#[test]
fn staged_work_is_never_committed_with_the_plan() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.write("staged.txt", "mine");
    project.git(&["add", "staged.txt"]);
    ok(&project, &["land"]);
    assert!(!project.files("main").contains(&"staged.txt".to_owned()));
    assert_eq!(project.git(&["status", "--porcelain"]), "A  staged.txt");
}

#[test]
fn pull_requests_are_stacked_in_the_order_of_the_edges() {
    let project = done(&PlanText::chain(&["a", "b"]), WORK);
    let to_nowhere = project.blueprint(&["land", "--pr"]);
    to_nowhere.assert(2, &["origin", "git remote add"]);
    assert_eq!(to_nowhere.stdout, "", "commands that can't work are not printed");
    project.git(&["remote", "add", "origin", "../remote.git"]);
    let commands = project.blueprint(&["land", "--pr"]);
    assert_eq!(commands.code, Some(0), "{commands}");
    let request =
        |head: &str, base: &str| format!("gh pr create --head blueprint/trial/{head} --base {base} ");
    let place = |text: &str| commands.stdout.find(text).unwrap_or_else(|| panic!("no {text}: {commands}"));
    assert!(place(&request("a", "main")) < place(&request("b", "blueprint/trial/a")));
    assert_eq!(commands.stdout.matches("git push -- origin ").count(), 2);
    assert!(!project.root.join("a.txt").exists());
}

#[test]
fn what_has_landed_is_pushed_if_that_is_wished() {
    let project = done(&PlanText::of(&["a"]), WORK);
    let remote = project.base().join("remote.git");
    project.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    project.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let said = ok(&project, &["land", "--push", "origin"]);
    assert!(said.contains("pushed  main to origin"), "{said}");
    assert_eq!(
        project.git(&["ls-remote", "origin", "main"]).split('\t').next().unwrap(),
        project.git(&["rev-parse", "main"])
    );
    project.blueprint(&["land", "--push", "nowhere"]).assert(74, &["it has landed here all the same"]);
}

#[test]
fn a_branch_to_land_in_is_refused_where_there_is_none_or_it_is_our_own() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.blueprint(&["land", "--into", "none"]).assert(2, &["there is no branch `none`"]);
    project.blueprint(&["land", "--into", INTEGRATION]).assert(2, &["is blueprint's own"]);
    project.git(&["branch", "other"]);
    ok(&project, &["land", "--into", "other"]);
    assert!(project.files("other").contains(&"a.txt".to_owned()));
    assert!(!project.files("main").contains(&"a.txt".to_owned()));
}

#[test]
fn with_dry_run_it_says_what_would_land_and_what_is_in_the_way_and_changes_nothing() {
    let project = done(&PlanText::chain(&["a", "b"]), WORK);
    hook(&project, "commit-msg", "exit 1");
    let everything = || (project.refs(), project.git(&["status", "--porcelain"]), project.read(".git/HEAD"));
    let before = everything();
    let said = ok(&project, &["land", "--dry-run"]);
    for text in [
        "would land  2 tasks (a, b) in main, by fast-forward",
        "would land  the plan's state",
        "nothing was changed",
    ] {
        assert!(said.contains(text), "{text} in {said}");
    }
    let said = ok(&project, &["land", "a", "--dry-run", "--squash", "--push", "origin"]);
    assert!(
        said.contains("would land  task a in main, squashed") && said.contains("would push  main to origin"),
        "{said}"
    );
    assert_eq!(everything(), before);
    project.write("b.txt", "mine");
    project
        .blueprint(&["land", "--dry-run"])
        .assert(2, &["uncommitted work is in the way, in b.txt; nothing was changed"]);
    fs::remove_file(project.root.join("b.txt")).unwrap();
    fs::remove_file(project.root.join(".git/hooks/commit-msg")).unwrap();
    project.write("a.txt", "another's\n");
    project.commit_all("In conflict");
    project.blueprint(&["land", "--dry-run"]).assert(2, &["conflicts with what main has by now, in a.txt"]);
    assert!(!project.state_dir().join("landing.lock").exists());
}

#[test]
fn ctrl_c_while_a_hook_runs_ends_it_and_takes_the_landing_back() {
    let project = done(&PlanText::of(&["a"]), WORK);
    project.write("mine.txt", "mine");
    project.git(&["add", "mine.txt"]);
    project.git(&["commit", "--quiet", "--message", "Mine"]);
    hook(&project, "pre-merge-commit", "touch \"$FAKE_AGENT_DIR/in-hook\"; sleep 600");
    let before = (project.refs(), project.git(&["status", "--porcelain"]));
    let landing = project.start(&["land"]);
    project.wait_until_there("in-hook");
    landing.signal(rustix::process::Signal::INT);
    landing
        .wait()
        .assert(130, &["broken off while your hook ran; nothing was changed", "main is where it was"]);
    project.assert_no_process_left();
    assert_eq!((project.refs(), project.git(&["status", "--porcelain"])), before);
    hook(&project, "pre-merge-commit", "true");
    let said = ok(&project, &["land"]);
    assert!(said.contains("landed  task a in main, by merge") && !said.contains("broken off"), "{said}");
}
