use std::fs;

use super::support::{Sandbox, Tested, branch, by, message, refs, write};
use crate::git::{GitError, Worktree, finish_removals};

fn started(sandbox: &Sandbox) -> Result<Worktree, GitError> {
    let start = sandbox.rev("HEAD");
    sandbox.repo().fix_start(&refs(), start)?;
    sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), start)
}

#[test]
fn a_clean_worktree_goes_with_its_entry_and_leaves_its_branch() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "target\n");
    sandbox.commit("ignore");
    let worktree = started(&sandbox)?;
    write(&worktree.path().join("target/x"), "built");
    write(&worktree.path().join(".blueprint/report"), "done");
    sandbox.repo().remove_worktree(worktree.path())?;
    assert!(!worktree.path().exists());
    finish_removals();
    assert_eq!(fs::read_dir(worktree.path().parent().unwrap())?.count(), 0, "no trash is left");
    assert!(!sandbox.worktree_list().contains("repo.worktrees"));
    assert_eq!(sandbox.rev("blueprint/e/t"), sandbox.rev("HEAD"));
    Ok(())
}

#[test]
fn a_worktree_with_work_in_it_stays() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox)?;
    let path = worktree.path().to_owned();
    let changes: [&dyn Fn(); 4] = [
        &|| write(&path.join("new"), "x"),
        &|| write(&path.join("README"), "changed"),
        &|| fs::remove_file(path.join("README")).unwrap(),
        &|| {
            sandbox.git_in(&path, &["init", "--quiet", "nested"]);
            write(&path.join("nested/x"), "x");
        },
    ];
    for change in changes {
        change();
        let refused = sandbox.repo().remove_worktree(&path);
        assert!(matches!(refused, Err(GitError::Dirty { .. })), "{refused:?}");
        sandbox.git_in(&path, &["reset", "--quiet", "--hard"]);
        sandbox.git_in(&path, &["clean", "--quiet", "-ffd"]);
    }
    sandbox.repo().remove_worktree(&path)?;
    Ok(())
}

#[test]
fn a_commit_that_only_the_worktree_holds_keeps_it() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox)?;
    sandbox.git_in(worktree.path(), &["checkout", "--quiet", "--detach"]);
    sandbox.git_in(worktree.path(), &["commit", "--quiet", "--allow-empty", "-m", "astray"]);
    let refused = sandbox.repo().remove_worktree(worktree.path());
    assert!(matches!(refused, Err(GitError::WouldLose { .. })), "{refused:?}");
    sandbox.repo().keep_attempt(&refs(), "t", 1, worktree.head()?)?;
    sandbox.repo().remove_worktree(worktree.path())?;
    Ok(())
}

#[test]
fn a_worktree_in_the_middle_of_something_stays() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox)?;
    let admin = sandbox.git_in(worktree.path(), &["rev-parse", "--absolute-git-dir"]);
    write(&std::path::Path::new(&admin).join("MERGE_HEAD"), &format!("{}\n", sandbox.rev("HEAD")));
    let refused = sandbox.repo().remove_worktree(worktree.path());
    assert!(matches!(refused, Err(GitError::Unfinished { operation: "merge", .. })), "{refused:?}");
    Ok(())
}

#[test]
fn neither_the_main_checkout_nor_a_foreign_folder_is_ever_removed() {
    let sandbox = Sandbox::new();
    write(&sandbox.root().join("foreign/x"), "x");
    for path in
        [sandbox.path(), sandbox.root().join("foreign"), sandbox.root(), sandbox.root().join("missing")]
    {
        let refused = sandbox.repo().remove_worktree(&path);
        assert!(matches!(refused, Err(GitError::NotAWorktree { .. })), "{path:?} {refused:?}");
    }
    assert!(sandbox.root().join("foreign/x").exists() && sandbox.path().join("README").exists());
}

#[test]
fn a_new_attempt_starts_clean_and_the_old_ones_work_is_kept() -> Tested {
    let sandbox = Sandbox::new();
    let (worktree, start) = (started(&sandbox)?, sandbox.rev("HEAD"));
    let repo = sandbox.repo();
    sandbox.git_in(worktree.path(), &["commit", "--quiet", "--allow-empty", "-m", "of the agent"]);
    write(&worktree.path().join("half"), "done");
    let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
    repo.keep_attempt(&refs(), "t", 1, snapshot.commit)?;
    let again = repo.reset_worktree(worktree.path(), &branch("t"), start, snapshot.commit)?;
    assert_eq!(again.head()?, start);
    assert!(!again.is_dirty()? && !again.path().join("half").exists());
    assert_eq!(sandbox.git(&["show", "refs/blueprint/e/attempts/t/1:half"]), "done");
    Ok(())
}

#[test]
fn a_reset_that_would_lose_anything_is_refused() -> Tested {
    let sandbox = Sandbox::new();
    let (worktree, start) = (started(&sandbox)?, sandbox.rev("HEAD"));
    let repo = sandbox.repo();
    write(&worktree.path().join("half"), "done");
    let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
    let reset = || repo.reset_worktree(worktree.path(), &branch("t"), start, snapshot.commit);
    let refused = |what: &str| match reset() {
        Err(GitError::WouldLose { what: found, .. }) => assert!(found.contains(what), "{found}"),
        other => panic!("{what} {other:?}"),
    };
    refused("commit"); // not kept yet
    repo.keep_attempt(&refs(), "t", 1, snapshot.commit)?;
    write(&worktree.path().join("more"), "work");
    refused("uncommitted");
    sandbox.git_in(worktree.path(), &["add", "more"]);
    sandbox.git_in(worktree.path(), &["commit", "--quiet", "-m", "later"]);
    refused("commit");
    sandbox.git_in(worktree.path(), &["reset", "--quiet", "--hard", "HEAD~"]);
    write(&worktree.path().join("half"), "done");
    sandbox.git_in(worktree.path(), &["init", "--quiet", "nested"]);
    write(&worktree.path().join("nested/x"), "x");
    refused("repository");
    fs::remove_dir_all(worktree.path().join("nested"))?;
    reset()?;
    Ok(())
}
