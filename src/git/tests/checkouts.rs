//! Files that we write ourselves, and the index that goes with them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use git2::{ObjectType, Oid, Repository};

use super::support::{Sandbox, Tested, branch, write};
use crate::git::GitError;

/// A tree with all that a plain tree can have.
fn all_sorts(sandbox: &Sandbox) -> Oid {
    let long = "l".repeat(200);
    let names = [
        "a/b",
        "a.b",
        "a-b",
        "a0",
        "with space",
        "ünï/cödé 🌳",
        "new\nline",
        "\"quoted\"",
        "-dash",
        "*",
        ".gitignore2",
        ".github/x",
        "deep/er/and/deep/er/file",
    ];
    for name in names {
        sandbox.write(name, name);
    }
    sandbox.write(&format!("{long}/{long}/{long}/{long}"), "long");
    sandbox.write("empty", "");
    let odd = std::ffi::OsStr::from_bytes(b"not \xff utf-8");
    fs::write(sandbox.path().join(odd), b"\0\xff").unwrap();
    sandbox.write("run", "#!/bin/sh\n");
    fs::set_permissions(sandbox.path().join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("deep/er", sandbox.path().join("link")).unwrap();
    symlink("/nowhere/ü", sandbox.path().join("a/dangling")).unwrap();
    sandbox.commit("all sorts")
}

#[test]
fn all_sorts_of_files_are_as_git_would_write_them() -> Tested {
    let sandbox = Sandbox::new();
    let start = all_sorts(&sandbox);
    let (ours, gits) = (sandbox.place("t"), sandbox.root().join("by git"));
    sandbox.repo().add_worktree(&ours, &branch("t"), start)?;
    sandbox.git(&["worktree", "add", "--quiet", "--detach", gits.to_str().unwrap()]);
    let listed = |root: &Path| {
        let found = std::process::Command::new("find")
            .args([".", "-not", "-name", ".git", "-printf", "%p %y %m %l\\n"])
            .current_dir(root)
            .output()
            .unwrap();
        let mut lines: Vec<_> = found.stdout.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    assert_eq!(listed(&ours), listed(&gits));
    assert_eq!(
        sandbox.git_in(&ours, &["ls-files", "-s", "-z"]),
        sandbox.git_in(&gits, &["ls-files", "-s", "-z"])
    );
    assert_eq!(sandbox.git_in(&ours, &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git_in(&ours, &["diff", "HEAD"]), "");
    Ok(())
}

#[test]
fn the_index_knows_the_state_of_each_file_and_the_tree_of_each_folder() -> Tested {
    let sandbox = Sandbox::new();
    for file in 0..700 {
        sandbox.write(&format!("d{}/e{}/f{file}", file % 7, file % 3), &format!("{file}"));
    }
    let start = all_sorts(&sandbox);
    let place = sandbox.place("t");
    sandbox.repo().add_worktree(&place, &branch("t"), start)?;
    let repository = Repository::open(&place)?;
    let index = repository.index()?;
    assert_eq!(index.len(), sandbox.git(&["ls-files"]).lines().count());
    for entry in index.iter() {
        let path = place.join(std::ffi::OsStr::from_bytes(&entry.path));
        let found = path.symlink_metadata()?;
        let low = |number: u64| u32::try_from(number & 0xffff_ffff).unwrap();
        let (mtime, ctime) = (entry.mtime, entry.ctime);
        assert_eq!(i64::from(mtime.seconds()), found.mtime(), "{path:?}");
        assert_eq!(i64::from(mtime.nanoseconds()), found.mtime_nsec(), "{path:?}");
        assert_eq!(
            (i64::from(ctime.seconds()), i64::from(ctime.nanoseconds())),
            (found.ctime(), found.ctime_nsec())
        );
        assert_eq!((entry.ino, entry.dev, entry.uid), (low(found.ino()), low(found.dev()), found.uid()));
        assert_eq!(u64::from(entry.file_size), found.size(), "{path:?}");
    }
    // Where the trees that an index keeps are wrong, so is this.
    let tree = sandbox.git(&["rev-parse", &format!("{start}^{{tree}}")]);
    assert_eq!(sandbox.git_in(&place, &["write-tree"]), tree);
    fs::remove_file(place.join("d1/e1/f1"))?;
    sandbox.git_in(&place, &["add", "-A"]);
    let written = sandbox.git_in(&place, &["write-tree"]);
    sandbox.git(&["rm", "--quiet", "d1/e1/f1"]);
    assert_eq!(written, sandbox.git(&["write-tree"]));
    Ok(())
}

#[test]
fn a_commit_without_files_gives_an_empty_worktree() -> Tested {
    let sandbox = Sandbox::unborn("repo");
    let start = sandbox.commit("nothing");
    sandbox.repo().add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    assert_eq!(fs::read_dir(sandbox.place("t"))?.count(), 1, "only `.git`");
    assert_eq!(sandbox.git_in(&sandbox.place("t"), &["status", "--porcelain"]), "");
    Ok(())
}

#[test]
fn trees_that_would_write_elsewhere_are_refused_and_nothing_is_left() -> Tested {
    let sandbox = Sandbox::new();
    let (repo, store) = (sandbox.repo(), Repository::open(sandbox.path())?);
    let (file, link) = (store.blob(b"text")?, store.blob(b"/tmp")?);
    let below = tree(&store, &[("100644", "f", file)])?;
    let hostile = [
        ("git's own folder", tree(&store, &[("40000", ".git", below)])?),
        ("its other spelling", tree(&store, &[("40000", ".GIT", below)])?),
        ("its short name", tree(&store, &[("100644", "git~1", file)])?),
        ("the folder above", tree(&store, &[("40000", "..", below)])?),
        ("a separator", tree(&store, &[("100644", "a/../../b", file)])?),
        ("a link and a folder of one name", tree(&store, &[("120000", "a", link), ("40000", "a", below)])?),
    ];
    for (what, tree) in hostile {
        let commit = sandbox.git(&["commit-tree", "-m", "x", &tree.to_string()]);
        let made = repo.add_worktree(&sandbox.place("t"), &branch("t"), Oid::from_str(&commit)?);
        // Of two things of one name git writes the first or complains; neither leads out of the worktree.
        if made.is_ok() && what.starts_with("a link") {
            continue;
        }
        assert!(matches!(made, Err(GitError::Program { .. } | GitError::Git { .. })), "{what}: {made:?}");
        assert!(!sandbox.root().join("repo.worktrees").exists(), "{what}");
    }
    assert!(!Path::new("/tmp/f").exists() && !sandbox.root().join("f").exists());
    Ok(())
}

/// A tree that no git would make.
fn tree(store: &Repository, entries: &[(&str, &str, Oid)]) -> Result<Oid, git2::Error> {
    let lines = entries
        .iter()
        .map(|(mode, name, id)| [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat());
    store.odb()?.write(ObjectType::Tree, &lines.collect::<Vec<_>>().concat())
}

#[test]
fn a_worktree_is_made_of_another_worktree_with_its_checkout_dirty_and_head_detached() -> Tested {
    let sandbox = Sandbox::new();
    let start = sandbox.rev("HEAD");
    sandbox.git(&["checkout", "--quiet", "--detach"]);
    let linked = sandbox.root().join("linked");
    sandbox.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    write(&linked.join("README"), "dirty");
    write(&linked.join("new"), "untracked");
    sandbox.write("README", "dirty, too\n");
    let before = sandbox.fingerprint();
    let repo = crate::git::Repo::discover(&linked)?.unwrap();
    repo.add_worktree(&sandbox.place("t"), &branch("t"), start)?;
    assert_eq!(fs::read_to_string(sandbox.place("t").join("README"))?, "first\n");
    assert_eq!(fs::read_to_string(linked.join("README"))?, "dirty");
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}
