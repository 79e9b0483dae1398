use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::support::{Sandbox, Tested, branch, by, message, write};
use crate::git::{Gathered, GitError, Notice, Worktree};

fn started(sandbox: &Sandbox) -> Worktree {
    sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), sandbox.rev("HEAD")).unwrap()
}

fn gather(worktree: &Worktree) -> Result<Gathered, GitError> {
    worktree.commit_leftovers(&branch("t"), &by(), &message())
}

#[test]
fn a_clean_worktree_needs_no_commit() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    let gathered = gather(&worktree)?;
    assert_eq!((gathered.head, gathered.committed, gathered.notices), (sandbox.rev("HEAD"), None, vec![]));
    Ok(())
}

#[test]
fn everything_that_git_would_add_is_committed() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "ignored\n*.log\n");
    for file in
        ["gone", "mode", "to-dir", "from-dir/x", "moved", "staged-then-changed", "ignored-but-tracked.log"]
    {
        sandbox.write(file, &format!("{file}\n"));
    }
    sandbox.git(&["add", "-f", "ignored-but-tracked.log"]);
    sandbox.commit("files");
    let worktree = started(&sandbox);
    let at = |file: &str| worktree.path().join(file);
    fs::remove_file(at("gone"))?;
    fs::set_permissions(at("mode"), fs::Permissions::from_mode(0o755))?;
    fs::remove_file(at("to-dir"))?;
    write(&at("to-dir/x"), "x");
    fs::remove_dir_all(at("from-dir"))?;
    write(&at("from-dir"), "x");
    fs::rename(at("moved"), at("moved – to 🦀"))?;
    write(&at("staged-then-changed"), "staged");
    write(&at("staged-then-gone"), "staged");
    sandbox.git_in(worktree.path(), &["add", "-A"]);
    write(&at("staged-then-changed"), "changed");
    fs::remove_file(at("staged-then-gone"))?;
    write(&at("ignored-but-tracked.log"), "changed");
    write(&at("ignored"), "x");
    write(&at("deep/er/new"), "new");
    write(&at("-rf"), "x");
    write(&at("[a]*"), "x");
    write(&at("intended"), "x");
    sandbox.git_in(worktree.path(), &["add", "--intent-to-add", "intended"]);
    write(&worktree.path().join(OsStr::from_bytes(b"not \xff utf-8")), "x");
    symlink("nowhere", at("link"))?;
    symlink(".", at("loop"))?;

    let gathered = gather(&worktree)?;
    assert_eq!(gathered.committed, Some(gathered.head));
    assert_eq!(gathered.notices, []);
    assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "");
    // The oracle: git adds the same to an index of its own and finds the same tree.
    sandbox.git_in(worktree.path(), &["read-tree", "--reset", &sandbox.rev("main").to_string()]);
    sandbox.git_in(worktree.path(), &["add", "-A"]);
    let tree = sandbox.git_in(worktree.path(), &["write-tree"]);
    assert_eq!(sandbox.rev("blueprint/e/t^{tree}").to_string(), tree);
    Ok(())
}

#[test]
fn the_commit_says_whose_it_is_and_takes_its_dates_from_its_parent() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    write(&worktree.path().join("new"), "x");
    let head = gather(&worktree)?.head.to_string();
    let shown = sandbox.git(&["log", "-1", "--format=%an <%ae>|%cn|%at %ct|%B", &head]);
    let expected = "rust-dev (blueprint) <blueprint@localhost>|rust-dev (blueprint)|1700000000 1700000000|\
                    Leftovers of a task\n\nBlueprint-Task: t-1\nBlueprint-Attempt: 2";
    assert_eq!(shown, expected);
    assert_eq!(
        sandbox.git(&["log", "-1", "--format=%(trailers:key=Blueprint-Attempt,valueonly)", &head]).trim(),
        "2"
    );
    Ok(())
}

#[test]
fn the_same_work_on_the_same_base_gives_the_same_id() {
    let sandbox = Sandbox::new();
    let heads = ["t", "u"].map(|task| {
        let worktree =
            sandbox.repo().add_worktree(&sandbox.place(task), &branch(task), sandbox.rev("HEAD")).unwrap();
        write(&worktree.path().join("new"), "x");
        worktree.commit_leftovers(&branch(task), &by(), &message()).unwrap().head
    });
    assert_eq!(heads[0], heads[1]);
}

#[test]
fn line_endings_are_stored_as_the_attributes_say() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write(".gitattributes", "*.txt text eol=crlf\n");
    sandbox.commit("attributes");
    let worktree = started(&sandbox);
    assert_eq!(fs::read(worktree.path().join("src/lib.txt"))?, b"one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n");
    assert_eq!(gather(&worktree)?.committed, None);
    write(&worktree.path().join("new.txt"), "a\r\nb\r\n");
    gather(&worktree)?;
    let stored = sandbox.try_git(&sandbox.path(), &["show", "blueprint/e/t:new.txt"]).stdout;
    assert_eq!(stored, b"a\nb\n");
    assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "");
    Ok(())
}

#[test]
fn our_own_folder_is_never_committed() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    write(&worktree.path().join(".blueprint/report.json"), "{}");
    assert_eq!(gather(&worktree)?.committed, None);
    assert!(!worktree.is_dirty()?);
    sandbox.git_in(worktree.path(), &["add", "-A"]);
    write(&worktree.path().join("work"), "x");
    gather(&worktree)?;
    assert_eq!(sandbox.git(&["ls-tree", "--name-only", "blueprint/e/t"]), "README\nsrc\nwork");
    assert!(worktree.path().join(".blueprint/report.json").exists());
    Ok(())
}

#[test]
fn a_nested_repository_is_left_where_it_is_and_told() -> Tested {
    let sandbox = Sandbox::new();
    for commit in [false, true] {
        for staged in [false, true] {
            let place = sandbox.place(&format!("{commit}-{staged}"));
            let task = branch(&format!("{commit}-{staged}"));
            let worktree = sandbox.repo().add_worktree(&place, &task, sandbox.rev("main"))?;
            write(&place.join("deep/nested/inner"), "x");
            write(&place.join("work"), "x");
            let nested = place.join("deep/nested");
            sandbox.git_in(&nested, &["init", "--quiet"]);
            if commit {
                sandbox.git_in(&nested, &["add", "-A"]);
                sandbox.git_in(&nested, &["commit", "--quiet", "-m", "inner"]);
            }
            if staged {
                sandbox.try_git(&place, &["add", "-A"]);
            }
            let gathered = worktree.commit_leftovers(&task, &by(), &message())?;
            assert_eq!(
                gathered.notices,
                [Notice::NestedRepository("deep/nested".into())],
                "{commit} {staged}"
            );
            let files = sandbox.git(&["ls-tree", "-r", "--name-only", task.as_str()]);
            assert_eq!(files, "README\nsrc/lib.txt\nwork", "{commit} {staged}");
            assert!(worktree.is_dirty()?, "{commit} {staged}");
            assert!(sandbox.repo().remove_worktree(&place).is_err());
            assert!(nested.join("inner").exists());
        }
    }
    Ok(())
}

#[test]
fn a_submodule_that_is_not_checked_out_is_not_a_change() -> Tested {
    let sandbox = Sandbox::new();
    let other = Sandbox::new();
    sandbox.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "--quiet",
        other.path().to_str().unwrap(),
        "lib/other",
    ]);
    sandbox.commit("submodule");
    let worktree = started(&sandbox);
    assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "");
    let gathered = gather(&worktree)?;
    assert_eq!((gathered.committed, gathered.notices), (None, vec![]));
    write(&worktree.path().join("work"), "x");
    gather(&worktree)?;
    assert_eq!(sandbox.rev("blueprint/e/t:lib/other"), other.rev("HEAD"));
    Ok(())
}

#[test]
fn a_socket_or_pipe_in_the_worktree_is_passed_over() -> Tested {
    let sandbox = Sandbox::new();
    let worktree = started(&sandbox);
    let _socket = std::os::unix::net::UnixListener::bind(worktree.path().join("socket"))?;
    rustix::fs::mkfifoat(rustix::fs::CWD, worktree.path().join("pipe"), 0o600.into())?;
    write(&worktree.path().join("work"), "x");
    gather(&worktree)?;
    assert_eq!(sandbox.git(&["ls-tree", "--name-only", "blueprint/e/t"]), "README\nsrc\nwork");
    Ok(())
}

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
