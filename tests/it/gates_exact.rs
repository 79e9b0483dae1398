//! Gates judge exactly what is merged, whatever they, reviewers or people do to the worktree meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

use crate::gates::{ends, merged, project};
use crate::landing::identify;
use crate::project::{INTEGRATION, PlanText, TestProject, wait_until};

fn gate(name: &str, run: &str) -> String {
    format!("[[gates]]\nname = \"{name}\"\nrun = {}\n", crate::project::toml_text(run))
}

fn once(gates: &str) -> String {
    format!("gate-iterations = 0\n{gates}")
}

/// A file that a gate, or somebody else, has made and that is not in the worktree any more.
fn kept(project: &TestProject, file: &str) -> Option<String> {
    let all = crate::project::files_below(&project.state_dir());
    let is_it = |path: &&PathBuf| path.ends_with(Path::new("left-by-gates").join(file));
    let path = all.keys().find(is_it)?;
    Some(String::from_utf8_lossy(&all[path]).into_owned())
}

#[test]
fn what_one_gate_changes_the_next_does_not_see() {
    let gates = [gate("fix", "echo fixed > a.txt; echo junk > junk.txt"), gate("tests", "grep fixed a.txt")];
    let project = project(&["a"], "== *\nwrite a.txt broken", &once(&gates.concat()));
    project.run(&[]).assert(
        1,
        &[
            "the gate `fix` has changed `a.txt` and left `junk.txt`: a gate only checks",
            "`tests` did not pass",
        ],
    );
    assert_eq!(ends(&project, "a"), [("fix".into(), true), ("tests".into(), false)]);
    assert_eq!(kept(&project, "junk.txt").as_deref(), Some("junk\n"));
    assert_eq!(kept(&project, "a.txt").as_deref(), Some("fixed\n"));
}

#[test]
fn a_gate_that_rewrites_the_work_passes_is_told_of_and_changes_nothing_that_is_merged() {
    let gates = [gate("fmt", "echo formatted > a.txt"), gate("tests", "grep plain a.txt && ! test -e b.txt")];
    let project = project(&["a"], "== *\nwrite a.txt plain", &gates.concat());
    project.complete(&[]).assert(0, &["the gate `fmt` has changed `a.txt`: a gate only checks"]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "plain");
}

#[test]
fn what_a_gate_commits_is_not_merged_and_not_seen_by_the_next_but_kept() {
    let commit =
        "echo x > more.txt; git add more.txt; git -c user.name=g -c user.email=g@g commit -qm 'by a gate'";
    let gates = [gate("commits", commit), gate("tests", "! test -e more.txt")];
    let project = project(&["a"], "== *\nwrite a.txt x", &format!("sandbox = \"off\"\n{}", gates.concat()));
    let ended = project.complete(&[]);
    ended.assert(0, &["the gate `commits` has left `more.txt` and committed "]);
    assert_eq!(merged(&project), ["a.txt"]);
    let all = project.git(&["for-each-ref", "--format=%(contents:subject)", "refs/blueprint"]);
    assert!(all.lines().any(|subject| subject == "by a gate"), "{all}");
}

#[test]
fn a_gate_that_goes_to_another_commit_or_hides_its_changes_is_put_back_too() {
    let gates = [
        gate("away", "git checkout -q --detach HEAD~1"),
        gate("hide", "git update-index --assume-unchanged a.txt; echo other > a.txt"),
        gate("ignore", "echo '*.log' > .gitignore; echo x > seen.log"),
        gate("tests", "grep plain a.txt && ! test -e seen.log && git symbolic-ref HEAD"),
    ];
    let project =
        project(&["a"], "== *\nwrite a.txt plain", &format!("sandbox = \"off\"\n{}", gates.concat()));
    project.complete(&[]).assert(
        0,
        &[
            "the gate `away` has",
            "the gate `hide` has changed `a.txt`",
            "the gate `ignore` has left `.gitignore`, `seen.log`",
        ],
    );
    assert_eq!(project.show(INTEGRATION, "a.txt"), "plain");
}

#[test]
fn gates_beside_each_other_are_run_again_alone_where_one_has_changed_the_work() {
    let gates = [
        gate("fix", "echo fixed > a.txt; sleep 0.3") + "parallel = true\n",
        gate(
            "tests",
            "for i in 1 2 3 4 5 6 7 8 9; do grep -q fixed a.txt && exit 0; sleep 0.1; done; exit 1",
        ) + "parallel = true\n",
    ];
    let project = project(&["a"], "== *\nwrite a.txt broken", &once(&gates.concat()));
    project
        .run(&[])
        .assert(1, &["one of the gates `fix`, `tests` has changed `a.txt`", "`tests` did not pass"]);
    assert_eq!(ends(&project, "a"), [("fix".into(), true), ("tests".into(), false)]);
}

const APPROVED: &str = "[[gates]]\nname = \"release\"\nkind = \"approve\"\n";

#[test]
fn what_a_person_does_in_the_worktree_while_an_approval_waits_is_kept_and_said_not_to_be_merged() {
    let gates = format!("{APPROVED}{}", gate("last", "! test -e theirs.txt && grep plain a.txt"));
    let project = project(&["a"], "== *\nwrite a.txt plain", &gates);
    identify(&project);
    project.run(&[]).assert(4, &["is its work approved?"]);
    let worktree = project.worktree("a");
    project.commit_in(&worktree, "theirs.txt", "by hand", &[]);
    fs::write(Path::new(&worktree).join("a.txt"), "edited").unwrap();
    project.blueprint(&["answer", "a", "approve"]).assert(0, &[]);
    project.complete(&[]).assert(
        0,
        &[
            "since its work was done, somebody has changed `a.txt` and left `theirs.txt` and committed ",
            "is not merged",
        ],
    );
    assert_eq!(merged(&project), ["a.txt"]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "plain");
    assert_eq!(kept(&project, "a.txt").as_deref(), Some("edited"));
    let all = project.git(&["log", "--all", "--glob=refs/blueprint/*", "--name-only", "--format="]);
    assert!(all.contains("theirs.txt"), "{all}");
}

#[test]
fn what_a_reviewer_changes_or_commits_is_put_back_and_the_reviewer_is_named() {
    let critic = "cat > /dev/null; echo reviewed >> a.txt; echo x > notes.txt; git add notes.txt\n\
                  git -c user.name=c -c user.email=c@c commit -qm reviewed; echo y > dirt.txt; echo APPROVE\n";
    let project = TestProject::new(&PlanText::of(&["a"]), "== *\nwrite a.txt plain");
    project.write("critic.sh", critic);
    project.configure(&format!(
        "sandbox = \"off\"\n[[gates]]\nname = \"review\"\nkind = \"review\"\nagent = \"critic\"\n{}[agents.critic]\nrunner = \"critic\"\n\
         [runners.critic]\nkind = \"command\"\ncommand = [\"sh\", \"{{config_dir}}/critic.sh\"]\n",
        gate("tests", "! test -e notes.txt && ! test -e dirt.txt && ! grep reviewed a.txt")
    ));
    let says = "the reviewer `critic` (gate `review`) has changed `a.txt` and left `dirt.txt`, `notes.txt` and committed ";
    project.complete(&[]).assert(0, &[says]);
    assert_eq!(merged(&project), ["a.txt"]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "plain");
}

fn taken(gates: &str) -> (TestProject, PathBuf) {
    let project = project(&["a"], "== *\nwrite a.txt x", gates);
    identify(&project);
    let ended = project.blueprint(&["take", "a"]);
    assert_eq!(ended.code, Some(0), "{ended}");
    let folder = PathBuf::from(ended.stdout.trim_end());
    fs::write(folder.join("a.txt"), "by hand").unwrap();
    (project, folder)
}

#[test]
fn what_a_gate_writes_is_put_aside_and_the_person_s_work_is_merged_without_it() {
    let gates =
        [gate("report", "date +%N > report-$$.txt; echo fixed > a.txt"), gate("tests", "! grep fixed a.txt")];
    let (project, folder) = taken(&gates.concat());
    let given = project.blueprint(&["give", "a"]);
    given.assert(0, &["the gate `report` has changed `a.txt` and left `report-", "your work is merged"]);
    assert_eq!(merged(&project), ["a.txt"]);
    assert_eq!(project.show(INTEGRATION, "a.txt"), "by hand");
    if folder.exists() {
        assert_eq!(project.git(&["-C", &folder.to_string_lossy(), "status", "--porcelain"]), "");
    }
}

#[test]
fn what_the_person_changes_while_the_gates_run_is_left_there_and_to_be_given_again() {
    let slow = "touch ../began; until test -e ../go; do sleep 0.01; done";
    for commits in [false, true] {
        let (project, folder) = taken(&gate("slow", slow));
        let give = project.start(&["give", "a"]);
        let began = folder.with_file_name("began");
        wait_until("the gate", || began.exists(), String::new);
        fs::write(folder.join("a.txt"), "better").unwrap();
        if commits {
            project.commit_in(&folder.to_string_lossy(), "a.txt", "better", &[]);
        }
        fs::write(folder.join("b.txt"), "new").unwrap();
        fs::write(folder.with_file_name("go"), "").unwrap();
        give.wait().assert(2, &["has changed while its gates ran", "give it again"]);
        assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "better");
        project.blueprint(&["give", "a"]).assert(0, &["your work is merged"]);
        assert_eq!(project.show(INTEGRATION, "a.txt"), "better");
        assert_eq!(project.show(INTEGRATION, "b.txt"), "new");
    }
}

#[test]
fn a_gate_that_removes_the_worktree_is_named_and_not_passed_and_the_worktree_is_made_anew() {
    let gates = [
        gate("wipe", "test -e b.txt || rm -rf \"$WORKTREE_PATH\"/* \"$WORKTREE_PATH\"/.git"),
        gate("tests", "test -e a.txt"),
    ];
    let script = "== a #1\nwrite a.txt one\n== a #2\nwrite b.txt two";
    let project = project(&["a"], script, &format!("sandbox = \"off\"\n{}", gates.concat()));
    project.complete(&[]).assert(0, &["the gate `wipe` has removed its worktree", "attempt 2"]);
    let expected = [("wipe".to_owned(), false), ("wipe".to_owned(), true), ("tests".to_owned(), true)];
    assert_eq!(ends(&project, "a"), expected);
    let detail = project.facts("gate-ended", "a")[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("the gate `wipe` removed the worktree"), "{detail}");
    assert_eq!(merged(&project), ["a.txt", "b.txt"]);
}

#[test]
fn a_worktree_that_a_gate_removes_as_a_whole_gets_what_it_had_got_when_it_is_made_anew() {
    let gates = gate("wipe", "test -e b.txt || rm -rf \"$WORKTREE_PATH\"");
    let script = "== a #1\nwrite a.txt one\nwrite .gitignore made\n== a #2\ncall cp|made|b.txt";
    let more = "sandbox = \"off\"\nsetup = [\"echo ready > made\"]\n";
    let project = project(&["a"], script, &format!("{more}{gates}"));
    project.write(".gitignore", "made\n");
    project.commit_all("ignore");
    project.complete(&[]).assert(0, &["the gate `wipe` has removed its worktree"]);
    assert_eq!(project.show(INTEGRATION, "b.txt"), "ready");
}

#[test]
fn a_gate_that_removes_a_person_s_worktree_is_not_passed_either() {
    let (project, folder) = taken(&gate("wipe", "test -e keep.txt || rm -rf \"$WORKTREE_PATH\""));
    project.blueprint(&["give", "a"]).assert(1, &["the gate `wipe` removed the worktree"]);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).unwrap(), "by hand");
    project.assert_statuses(&[("a", "in-progress")]);
    fs::write(folder.join("keep.txt"), "x").unwrap();
    project.blueprint(&["give", "a"]).assert(0, &["your work is merged"]);
}

#[test]
fn a_gate_that_can_t_be_run_is_no_fault_of_given_work() {
    let (project, _) = taken("[[gates]]\nname = \"lint\"\nrun = [\"no-such-program\"]\n");
    project.blueprint(&["give", "a"]).assert(74, &["the gate `lint` could not be run"]);
}
