use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested, branch, write};
use crate::git::{Change, Fingerprint, Repo, Scope, What};

fn look(repo: &Repo, busy: &[PathBuf]) -> Fingerprint {
    repo.fingerprint(Scope { busy, only_here: false, is_ours: &|_: &Path| false }).unwrap()
}

/// What changes when `does` is done.
fn changes(sandbox: &Sandbox, does: impl FnOnce()) -> Vec<Change> {
    let before = look(&sandbox.repo(), &[]);
    does();
    before.changes(&look(&sandbox.repo(), &[]))
}

fn names(changes: &[Change]) -> Vec<(What, &str)> {
    changes.iter().map(|change| (change.what, change.name.as_str())).collect()
}

#[test]
fn to_look_changes_nothing_and_what_only_reads_is_no_change() {
    let sandbox = Sandbox::new();
    let index = fs::read(sandbox.path().join(".git/index")).unwrap();
    let found = changes(&sandbox, || ());
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(fs::read(sandbox.path().join(".git/index")).unwrap(), index);
    let found = changes(&sandbox, || {
        // Its content is the same, and git writes down the new stat data.
        write(&sandbox.path().join("README"), "first\n");
        sandbox.git(&["status"]);
    });
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_file_that_was_not_committed_before_is_seen_to_change_again() {
    let sandbox = Sandbox::new();
    sandbox.write("README", "changed\n");
    sandbox.write("new/deep", "x\n");
    let found = changes(&sandbox, || {
        sandbox.write("README", "changed again\n");
        sandbox.write("new/deep", "y\n");
    });
    assert_eq!(names(&found), [(What::File, "README"), (What::File, "new/deep")]);
}

#[test]
fn what_is_ignored_or_ours_does_not_count() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "target\n");
    sandbox.commit("ignore");
    let ours = sandbox.path().join("plan.xml");
    let is_ours = |file: &Path| file == ours;
    let look =
        || sandbox.repo().fingerprint(Scope { busy: &[], only_here: false, is_ours: &is_ours }).unwrap();
    let before = look();
    sandbox.write("target/x", "x");
    sandbox.write("plan.xml", "x");
    assert!(before.changes(&look()).is_empty());
}

#[test]
fn a_worktree_that_somebody_works_in_is_passed_over_and_any_other_is_not() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, head) = (sandbox.repo(), sandbox.rev("HEAD"));
    let places = ["a", "b"].map(|task| sandbox.place(task));
    for (task, place) in ["a", "b"].iter().zip(&places) {
        repo.add_worktree(place, &branch(task), head)?;
    }
    let busy = [places[0].clone()];
    let before = look(&repo, &busy);
    write(&places[0].join("x"), "x");
    write(&places[1].join("y"), "y");
    assert_eq!(names(&before.changes(&look(&repo, &busy))), [(What::File, "y")]);
    let before = look(&repo, &busy);
    fs::remove_dir_all(&places[1])?;
    let found = before.changes(&look(&repo, &busy));
    assert_eq!(found.iter().map(|change| change.what).collect::<Vec<_>>(), [What::Folder]);
    Ok(())
}

#[test]
fn git_says_who_moved_a_ref_and_who_moved_a_head_even_back() {
    let sandbox = Sandbox::new();
    let by_agent = |arguments: &[&str]| {
        let by = ["-c", "user.name=x", "-c", "user.email=agent@x", "-c", "core.logAllRefUpdates=true"];
        sandbox.git(&[&by, arguments].concat());
    };
    let found = changes(&sandbox, || by_agent(&["branch", "moved"]));
    assert_eq!(names(&found), [(What::Ref, "refs/heads/moved")]);
    let noted = sandbox.git(&["log", "--walk-reflogs", "--format=%ge", "moved"]);
    assert_eq!(sandbox.repo().hands(&found[0]), [noted.trim()]);
    let found = changes(&sandbox, || {
        by_agent(&["checkout", "--quiet", "moved"]);
        by_agent(&["checkout", "--quiet", "main"]);
    });
    let [head] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((head.what, head.before == head.after), (What::Head, true));
    assert_eq!(sandbox.repo().hands(head).len(), 2);
}

#[test]
fn settings_and_hooks_count_wherever_they_are() {
    let sandbox = Sandbox::new();
    let config = sandbox.path().join(".git/config").display().to_string();
    let found = changes(&sandbox, || drop(sandbox.git(&["config", "alias.x", "status"])));
    assert_eq!(names(&found), [(What::Setting, config.as_str())]);
    sandbox.git(&["config", "core.hooksPath", "../hooks"]);
    let hook = sandbox.path().join("../hooks/pre-commit");
    let found = changes(&sandbox, || {
        write(&hook, "exit 1");
        write(&hook.with_file_name("README"), "no hook");
    });
    assert_eq!(names(&found), [(What::Setting, &*hook.display().to_string())]);
}
