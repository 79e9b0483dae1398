use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested};
use crate::git::DiffStat;

#[test]
fn the_size_of_a_change_agrees_with_git() -> Tested {
    let sandbox = Sandbox::new();
    let base = sandbox.rev("HEAD");
    sandbox.write("src/lib.txt", "one\n2\nthree\nfour\nfive\nsix\n");
    sandbox.write("ü new", "a\nb\n");
    std::fs::remove_file(sandbox.path().join("README"))?;
    let head = sandbox.commit("change");
    let repo = sandbox.repo();
    let stat = repo.changed(base, head)?;
    assert_eq!(stat, DiffStat { files: 3, insertions: 4, deletions: 2 });
    assert!(
        sandbox
            .git(&["diff", "--shortstat", "HEAD~"])
            .contains("3 files changed, 4 insertions(+), 2 deletions(-)")
    );
    assert_eq!(repo.changed_paths(base, head)?, ["README", "src/lib.txt", "ü new"].map(PathBuf::from));
    assert_eq!(repo.changed(head, head)?, DiffStat::default());
    Ok(())
}

#[test]
fn tracked_means_in_the_commit() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write("new", "x");
    let (repo, head) = (sandbox.repo(), sandbox.rev("HEAD"));
    assert!(repo.is_tracked(head, Path::new("src/lib.txt"))?);
    assert!(repo.is_tracked(head, Path::new("src"))?);
    for path in ["new", "src/none", "/README", "../x", ""] {
        assert!(!repo.is_tracked(head, Path::new(path))?, "{path:?}");
    }
    Ok(())
}
