use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::support::{Sandbox, Tested, branch, by, gather, message, started, write};
use crate::git::Notice;

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
