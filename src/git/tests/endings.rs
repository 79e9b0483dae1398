use std::fs;
use std::path::Path;

use super::support::{Sandbox, Tested, branch, by, gather, message, started, write};
use crate::git::{GitError, Notice, Worktree};

#[test]
fn locks_of_a_killed_agent_are_removed_and_told() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    let admin = sandbox.git_in(worktree.path(), &["rev-parse", "--absolute-git-dir"]);
    let index = Path::new(&admin).join("index.lock");
    let tip = sandbox.path().join(".git/refs/heads/blueprint/e/t.lock");
    write(&index, "");
    write(&tip, "");
    write(&worktree.path().join("work"), "x");
    let gathered = gather(&worktree)?;
    assert!(gathered.committed.is_some());
    assert_eq!(gathered.notices, [Notice::LockRemoved(index), Notice::LockRemoved(tip)]);
    Ok(())
}

#[test]
fn the_branch_follows_a_worktree_that_left_it() -> Tested {
    for (how, from) in [(vec!["--detach"], None), (vec!["-b", "mine"], Some("mine".to_owned()))] {
        let sandbox = Sandbox::new();
        let worktree = started(&sandbox);
        sandbox.git_in(worktree.path(), &[vec!["checkout", "--quiet"], how].concat());
        write(&worktree.path().join("done"), "x");
        sandbox.git_in(worktree.path(), &["add", "-A"]);
        sandbox.git_in(worktree.path(), &["commit", "--quiet", "-m", "work"]);
        write(&worktree.path().join("left"), "x");
        let gathered = gather(&worktree)?;
        assert_eq!(gathered.notices, [Notice::Reattached { from }]);
        assert_eq!(sandbox.rev("blueprint/e/t"), gathered.head);
        assert_eq!(worktree.branch()?, Some(branch("t")));
        assert_eq!(sandbox.git(&["ls-tree", "--name-only", "blueprint/e/t"]), "README\ndone\nleft\nsrc");
    }
    Ok(())
}

#[test]
fn a_renamed_branch_is_made_again() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    sandbox.git_in(worktree.path(), &["branch", "-m", "mine"]);
    sandbox.git_in(worktree.path(), &["commit", "--quiet", "--allow-empty", "-m", "work"]);
    let gathered = gather(&worktree)?;
    assert_eq!(sandbox.rev("blueprint/e/t"), gathered.head);
    assert_eq!(worktree.branch()?, Some(branch("t")));
    Ok(())
}

#[test]
fn a_worktree_that_lacks_what_its_branch_holds_is_refused_and_a_snapshot_keeps_both() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    let start = worktree.head()?;
    sandbox.git_in(worktree.path(), &["commit", "--quiet", "--allow-empty", "-m", "work"]);
    let tip = worktree.head()?;
    sandbox.git_in(worktree.path(), &["checkout", "--quiet", "--detach", "HEAD~"]);
    write(&worktree.path().join("left"), "x");
    let refused = gather(&worktree);
    assert!(
        matches!(refused, Err(GitError::Astray { head, tip: at, .. }) if (head, at) == (start, tip)),
        "{refused:?}"
    );
    let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
    let parents = sandbox.git(&["log", "-1", "--format=%P", &snapshot.commit.to_string()]);
    assert_eq!(parents, format!("{start} {tip}"));
    assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "?? left");
    Ok(())
}

/// A worktree in which two branches change the same file, `work` and what it is to be put together with.
fn with_rival(sandbox: &Sandbox, text: &str) -> Worktree {
    let worktree = started(sandbox);
    let rival = sandbox.commit_on(sandbox.rev("main"), "README", text);
    sandbox.git(&["branch", "rival", &rival.to_string()]);
    write(&worktree.path().join("src/lib.txt"), "work\n");
    if text == "conflict\n" {
        write(&worktree.path().join("README"), "work\n");
    }
    sandbox.git_in(worktree.path(), &["commit", "--quiet", "-a", "-m", "work"]);
    worktree
}

#[test]
fn a_merge_that_was_left_open_is_concluded_with_both_parents() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = with_rival(&sandbox, "rival\n");
    let before = worktree.head()?;
    sandbox.git_in(worktree.path(), &["merge", "--quiet", "--no-commit", "rival"]);
    let gathered = gather(&worktree)?;
    let parents = sandbox.git(&["log", "-1", "--format=%P", "blueprint/e/t"]);
    assert_eq!(parents, format!("{before} {}", sandbox.rev("rival")));
    assert_eq!(gathered.notices, [Notice::Concluded("merge")]);
    assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "");
    assert!(!sandbox.git_in(worktree.path(), &["status"]).contains("merg"));
    Ok(())
}

#[test]
fn unresolved_conflicts_are_refused_and_a_snapshot_takes_them() -> Tested {
    for operation in ["merge", "cherry-pick", "rebase"] {
        let sandbox = Sandbox::new();
        let worktree = with_rival(&sandbox, "conflict\n");
        let before = sandbox.rev("blueprint/e/t");
        assert!(!sandbox.try_git(worktree.path(), &[operation, "rival"]).status.success());
        let refused = gather(&worktree);
        match operation {
            "rebase" => assert!(
                matches!(refused, Err(GitError::Unfinished { operation: "rebase", .. })),
                "{refused:?}"
            ),
            _ => assert!(
                matches!(&refused, Err(GitError::Unmerged { files, .. }) if files[0].ends_with("README")),
                "{refused:?}"
            ),
        }
        assert_eq!(sandbox.rev("blueprint/e/t"), before);
        let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
        let text = sandbox.git(&["show", &format!("{}:README", snapshot.commit)]);
        assert!(text.contains("<<<<<<<"), "{operation}: {text}");
        sandbox.git(&["merge-base", "--is-ancestor", &before.to_string(), &snapshot.commit.to_string()]);
        assert!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]).contains("README"));
    }
    Ok(())
}

#[test]
fn a_snapshot_of_a_clean_worktree_is_its_head() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
    assert_eq!((snapshot.commit, snapshot.notices), (sandbox.rev("HEAD"), vec![]));
    Ok(())
}

#[test]
fn a_snapshot_changes_nothing_in_the_worktree() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    write(&worktree.path().join("staged"), "x");
    sandbox.git_in(worktree.path(), &["add", "-A"]);
    write(&worktree.path().join("new"), "x");
    let admin = sandbox.git_in(worktree.path(), &["rev-parse", "--absolute-git-dir"]);
    let index = fs::read(Path::new(&admin).join("index"))?;
    let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
    assert_eq!(fs::read(Path::new(&admin).join("index"))?, index);
    assert_eq!(sandbox.rev("blueprint/e/t"), sandbox.rev("main"));
    let files = sandbox.git(&["ls-tree", "--name-only", &snapshot.commit.to_string()]);
    assert_eq!(files, "README\nnew\nsrc\nstaged");
    Ok(())
}
