//! Agents without a sandbox that write where they must not, and people who write there at the same time.

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::project::{BLUEPRINT, INTEGRATION, PlanText, Running, TestProject, wait_until};

/// Runs one task whose agent does that, and looks for all of `told` in what is told of it.
#[track_caller]
fn assert_escapes(does: &str, told: &[&str]) -> TestProject {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.git(&["branch", "spare"]);
    escapes(&project, does, told);
    project
}

#[track_caller]
fn escapes(project: &TestProject, does: &str, told: &[&str]) {
    let root = project.root.to_string_lossy();
    project.script(&format!("== *\nset ROOT {root}\nwrite done.txt x\n{does}"));
    let ended = project.run(&["-j", "1"]);
    ended.assert(1, &["wrote outside its worktree"]);
    let task = project.task("a");
    assert_eq!(task["outcome"], "escaped", "{task}");
    let detail = project.facts("attempt-ended", "a")[0]["detail"].as_str().unwrap().to_owned();
    let evidence = fs::read_to_string(project.state_dir().join("attempts/a/1/escape.json")).unwrap();
    for text in told {
        assert!(detail.contains(text) && project.section_of("a").contains(text), "no {text} in: {detail}");
    }
    let exhibits: Value = serde_json::from_str(&evidence).unwrap();
    assert!(exhibits.as_array().unwrap().iter().any(|one| one["proof"].is_string()), "{evidence}");
    // Its work is kept, and in nobody's way.
    assert_eq!(project.show("refs/blueprint/trial/attempts/a/1", "done.txt"), "x");
    let branches = project.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
    assert!(!branches.contains(INTEGRATION) || !project.files(INTEGRATION).contains(&"done.txt".into()));
    project.assert_journal();
}

#[test]
fn a_file_that_is_written_into_the_checkout_is_an_escape_and_stays_there() {
    let project = assert_escapes("sh echo x > \"$ROOT/new.txt\"", &["new.txt was changed"]);
    assert_eq!(project.read("new.txt"), "x\n");
}

#[test]
fn a_file_of_the_checkout_that_is_changed_or_deleted_is_an_escape() {
    assert_escapes("sh echo x >> \"$ROOT/README.md\"", &["README.md was changed"]);
    assert_escapes("sh rm \"$ROOT/README.md\"", &["README.md was changed"]);
}

#[test]
fn what_the_user_has_not_committed_can_t_be_changed_unseen() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.write("README.md", "being written\n");
    project.write("notes/new.txt", "being written\n");
    escapes(
        &project,
        "sh echo x >> \"$ROOT/README.md\" && echo x >> \"$ROOT/notes/new.txt\"",
        &["README.md was changed", "notes/new.txt was changed"],
    );
}

#[test]
fn another_branch_that_is_checked_out_and_a_commit_there_are_escapes() {
    assert_escapes("sh git -C \"$ROOT\" checkout -q -b elsewhere", &["HEAD of", "from main to elsewhere"]);
    assert_escapes("sh git -C \"$ROOT\" commit -q --allow-empty -m x", &["`refs/heads/main` went from"]);
}

#[test]
fn refs_that_are_moved_made_or_deleted_are_escapes() {
    assert_escapes("commit x\nsh git update-ref refs/heads/spare HEAD", &["`refs/heads/spare` went from"]);
    assert_escapes("sh git branch -q -D spare", &["`refs/heads/spare`, which was at", "was deleted"]);
    assert_escapes("sh git tag x", &["`refs/tags/x` was made at"]);
}

#[test]
fn the_integration_branch_is_nobody_s_but_ours() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.git(&["branch", INTEGRATION]);
    escapes(
        &project,
        "commit x\nsh git update-ref refs/heads/blueprint/trial/integration main~0 && git branch -q -D blueprint/trial/integration",
        &["was deleted"],
    );
}

#[test]
fn a_stash_is_an_escape_wherever_it_was_made() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.write("README.md", "being written\n");
    escapes(&project, "sh git -C \"$ROOT\" stash -q", &["`refs/stash` was made at"]);
    assert_eq!(project.read("README.md"), "what the user has\n", "nothing is put back");
    assert_escapes("sh git stash push -q -u && git stash apply -q", &["`refs/stash` was made at"]);
}

#[test]
fn settings_and_hooks_that_are_changed_are_escapes() {
    assert_escapes("sh git config core.hooksPath /tmp", &[".git/config was changed"]);
    assert_escapes("sh git config alias.st status", &[".git/config was changed"]);
    assert_escapes("sh echo 'exit 1' > \"$ROOT/.git/hooks/pre-commit\"", &["hooks/pre-commit was made"]);
}

#[test]
fn another_task_s_folder_is_none_of_an_agent_s() {
    let project = TestProject::new(&PlanText::chain(&["b", "a"]), "== *\nwrite b.txt x");
    project.run(&["b"]).assert(0, &[]);
    let place = project.worktree("b");
    escapes(
        &project,
        &format!("sh echo x >> '{place}/b.txt' && git -C '{place}' checkout -q --detach"),
        &["b.txt was changed", "HEAD of"],
    );
}

#[test]
fn another_task_s_folder_that_is_deleted_is_missed() {
    let project = TestProject::new(&PlanText::chain(&["b", "a"]), "== *\nwrite b.txt x");
    project.run(&["b"]).assert(0, &[]);
    let place = project.worktree("b");
    escapes(&project, &format!("sh rm -r '{place}'"), &["the checkout", "was deleted"]);
}

#[test]
fn nothing_is_pushed_by_an_agent_even_without_a_sandbox() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let remote = project.base().join("remote.git");
    project.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    project.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let push = "commit x\nsh-refused git push -q origin HEAD:refs/heads/x\nsh-refused git push -q \"$REMOTE\" HEAD:refs/heads/x\nsh git fetch -q origin";
    project.script(&format!("== *\nset REMOTE {}\nwrite a.txt x\n{push}", remote.display()));
    project.complete(&[]);
    assert_eq!(project.git(&["-C", remote.to_str().unwrap(), "for-each-ref"]), "");
    project.configure("allow-push = true");
    project.script("== *\nwrite a.txt y\ncommit x\nsh git push -q origin HEAD:refs/heads/x");
    project.blueprint(&["retry", "a"]).assert(0, &[]);
    project.run(&[]);
    assert!(project.git(&["-C", remote.to_str().unwrap(), "for-each-ref"]).contains("refs/heads/x"));
}

#[test]
fn commits_of_agents_bear_their_attempt_s_address() {
    let project =
        TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt x\nsh git add -A && git commit -qm mine");
    project.complete(&[]);
    let by = project.git(&["log", "-1", "--format=%cn <%ce> %an", "blueprint/trial/a"]);
    assert_eq!(by, "worker (blueprint) <blueprint+trial.a.1@localhost> worker (blueprint)");
}

/// Somebody's shell in the checkout.
struct Shell(Child);

impl Shell {
    fn open(project: &TestProject) -> Self {
        Self(
            Command::new("sleep").arg("600").current_dir(&project.root).stdin(Stdio::null()).spawn().unwrap(),
        )
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run whose agent waits while `does` is done.
fn run_while(project: &TestProject, does: impl FnOnce()) -> crate::project::Ended {
    project.script("== *\nwrite done.txt x\ntouch at-work\nwait-for go");
    let mut command = project.command(BLUEPRINT);
    let running = Running::start(command.args(["run", "-j", "1"]));
    wait_until("the agent", || project.control.join("at-work").exists(), String::new);
    does();
    project.touch("go");
    let ended = running.wait();
    project.assert_journal();
    ended
}

#[test]
fn a_person_who_commits_fetches_and_stashes_meanwhile_is_not_taken_for_the_agent() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let other = project.base().join("other");
    project.git(&["clone", "--quiet", project.root.to_str().unwrap(), other.to_str().unwrap()]);
    project.git(&["remote", "add", "origin", other.to_str().unwrap()]);
    let ended = run_while(&project, || {
        project.write("mine.txt", "x");
        project.git(&["add", "mine.txt"]);
        project.git(&["commit", "--quiet", "--message", "Mine"]);
        project.git(&["fetch", "--quiet", "origin"]);
        project.write("mine.txt", "y");
        project.git(&["stash", "--quiet"]);
        project.write("README.md", "mine, too");
    });
    ended.assert(0, &["warning a", "nothing shows that it was the agent's doing"]);
    assert_eq!(project.read("README.md"), "mine, too");
}

#[test]
fn a_person_at_a_shell_in_the_checkout_is_not_taken_for_the_agent() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    project.git(&["branch", "spare"]);
    let _shell = Shell::open(&project);
    let ended = run_while(&project, || {
        project.write("README.md", "mine");
        project.git(&["branch", "-q", "-D", "spare"]);
        project.git(&["config", "alias.st", "status"]);
    });
    ended.assert(0, &["warning a", "README.md was changed", "nothing shows that it was the agent's doing"]);
}

#[test]
fn a_person_whose_editor_was_started_elsewhere_is_not_taken_for_the_agent() {
    for called_with in ["README.md", ""] {
        let project = TestProject::new(&PlanText::of(&["a"]), "");
        // As editors do: it names or holds open what is edited, and is itself anywhere.
        let mut editor = Command::new("sh");
        editor.args(["-c", "exec 3<\"$1\"; shift; exec sleep 600 \"$@\"", "editor"]).current_dir("/");
        let mut editor = if called_with.is_empty() {
            editor.arg(project.root.join("README.md")).spawn().unwrap()
        } else {
            Command::new("tail")
                .arg("-f")
                .arg(project.root.join(called_with))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        let ended = run_while(&project, || project.write("README.md", "mine"));
        editor.kill().unwrap();
        editor.wait().unwrap();
        ended.assert(
            0,
            &["warning a", "README.md was changed", "nothing shows that it was the agent's doing"],
        );
    }
}

#[test]
fn what_git_has_noted_is_proof_whoever_else_is_there() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let _shell = Shell::open(&project);
    escapes(&project, "sh git -C \"$ROOT\" commit -q --allow-empty -m x", &["`refs/heads/main` went from"]);
}

#[test]
fn of_two_agents_at_once_only_the_one_that_git_names_has_escaped() {
    let project = TestProject::new(&PlanText::of(&["a", "b"]), "");
    let root = project.root.to_string_lossy();
    project.script(&format!(
        "== a\nset ROOT {root}\nwait-started 2\nsh git -C \"$ROOT\" commit -q --allow-empty -m x && echo x > \"$ROOT/x\"\nwrite a.txt x\n\
         == b\nwait-started 2\nwrite b.txt x"
    ));
    project.run(&[]).assert(1, &["wrote outside its worktree"]);
    assert_eq!(project.task("a")["outcome"], "escaped");
    assert_eq!(project.task("b")["status"], "completed");
}

#[test]
fn what_an_agent_did_while_its_run_was_dead_is_found_by_the_next() {
    let project = TestProject::new(&PlanText::of(&["a"]), "");
    let root = project.root.to_string_lossy();
    project.script(&format!(
        "== *\nset ROOT {root}\nwrite a.txt x\ntouch at-work\nwait-for go\nsh git -C \"$ROOT\" commit -q --allow-empty -m x"
    ));
    let running = project.start(&["run"]);
    wait_until("the agent", || project.control.join("at-work").exists(), String::new);
    running.kill();
    project.touch("go");
    project.run(&[]).assert(1, &["wrote outside its worktree"]);
    assert_eq!(project.task("a")["outcome"], "escaped");
}

#[test]
fn what_runs_of_ours_do_is_nobody_s_escape() {
    let project =
        TestProject::new(&PlanText::of(&["a", "b", "c", "d", "e"]), "== *\nwrite {task}.txt x\ncommit x");
    let ended = project.complete(&["-j", "3"]);
    assert!(!ended.stderr.contains("nothing shows"), "{ended}");
}
