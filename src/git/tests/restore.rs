use std::fs;
use std::path::Path;

use super::support::{Sandbox, Tested, branch, by, message, write};
use crate::git::{GitError, Oid, Worktree};

type Change<'a> = &'a dyn Fn(&Path);

/// A worktree in which an agent has done something to the plan and to other files, all committed.
fn after(sandbox: &Sandbox, change: impl Fn(&Path)) -> Result<(Worktree, Oid), GitError> {
    sandbox.write("plan/genesis.xml", "<the plan/>\n");
    sandbox.write("plan/other", "x\n");
    let base = sandbox.commit("plan");
    let worktree = sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), base)?;
    write(&worktree.path().join("work"), "done");
    change(worktree.path());
    worktree.commit_leftovers(&branch("t"), &by(), &message())?;
    Ok((worktree, base))
}

fn drop_change(worktree: &Worktree, base: Oid, path: &str) -> Result<Option<Oid>, GitError> {
    worktree.drop_path_change(&branch("t"), base, Path::new(path), &by(), &message())
}

#[test]
fn whatever_was_done_to_the_path_just_that_is_undone() -> Tested {
    let done: [(&str, Change<'_>); 5] = [
        ("changed", &|at| write(&at.join("plan/genesis.xml"), "mine")),
        ("removed", &|at| {
            fs::remove_file(at.join("plan/genesis.xml")).unwrap();
        }),
        ("a folder now", &|at| {
            fs::remove_file(at.join("plan/genesis.xml")).unwrap();
            write(&at.join("plan/genesis.xml/x"), "mine");
        }),
        ("a link now", &|at| {
            fs::remove_file(at.join("plan/genesis.xml")).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", at.join("plan/genesis.xml")).unwrap();
        }),
        ("its folder a file now", &|at| {
            fs::remove_dir_all(at.join("plan")).unwrap();
            write(&at.join("plan"), "mine");
        }),
    ];
    for (name, change) in done {
        let sandbox = Sandbox::new();
        let (worktree, base) = after(&sandbox, change)?;
        let head = drop_change(&worktree, base, "plan/genesis.xml")?.ok_or(name)?;
        assert_eq!(worktree.head()?, head, "{name}");
        assert_eq!(sandbox.rev("blueprint/e/t"), head, "{name}");
        let changed = sandbox.repo().changed_paths(base, head)?;
        assert!(!changed.iter().any(|path| path.ends_with("genesis.xml")), "{name} {changed:?}");
        assert!(changed.contains(&"work".into()), "{name}");
        assert_eq!(fs::read_to_string(worktree.path().join("plan/genesis.xml"))?, "<the plan/>\n", "{name}");
        assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "", "{name}");
        assert_eq!(drop_change(&worktree, base, "plan/genesis.xml")?, None, "{name}: once is enough");
    }
    Ok(())
}

#[test]
fn a_path_that_the_base_does_not_have_is_removed_with_its_empty_folder() -> Tested {
    let sandbox = Sandbox::new();
    let (worktree, base) = after(&sandbox, |at| write(&at.join("new/genesis.xml"), "mine"))?;
    drop_change(&worktree, base, "new/genesis.xml")?.ok_or("nothing done")?;
    assert!(!worktree.path().join("new").exists());
    assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(&["ls-tree", "-r", "--name-only", "blueprint/e/t", "new"]), "");
    sandbox.git(&["fsck", "--strict"]);
    Ok(())
}

#[test]
fn an_unchanged_path_makes_no_commit() -> Tested {
    let sandbox = Sandbox::new();
    let (worktree, base) = after(&sandbox, |_| {})?;
    let head = worktree.head()?;
    assert_eq!(drop_change(&worktree, base, "plan/genesis.xml")?, None);
    assert_eq!(drop_change(&worktree, base, "never/was")?, None);
    assert_eq!(worktree.head()?, head);
    Ok(())
}

#[test]
fn a_pattern_is_a_name_and_a_path_outside_is_refused() -> Tested {
    let sandbox = Sandbox::new();
    let (worktree, base) = after(&sandbox, |at| write(&at.join("plan/*"), "mine"))?;
    drop_change(&worktree, base, "plan/*")?.ok_or("nothing done")?;
    assert!(worktree.path().join("plan/genesis.xml").exists());
    assert!(!worktree.path().join("plan/*").exists());
    for path in ["", "/etc/passwd", "../x", "a/../../x"] {
        let refused = drop_change(&worktree, base, path);
        assert!(matches!(refused, Err(GitError::BadPath { .. })), "{path:?} {refused:?}");
    }
    Ok(())
}
