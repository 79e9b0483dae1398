use std::fs;

use super::support::{Sandbox, Tested, write};
use crate::git::{GitError, Repo};

#[test]
fn a_repository_is_found_from_any_place_inside() -> Tested {
    let sandbox = Sandbox::named("my repo – ü🦀");
    for place in ["", "src", "README", "src/lib.txt"] {
        let repo = Repo::discover(&sandbox.path().join(place))?.ok_or("not found")?;
        assert_eq!(repo.workdir(), Some(sandbox.path().as_path()));
        assert_eq!(repo.common_dir(), sandbox.path().join(".git"));
        assert_eq!(repo.head_commit()?, sandbox.rev("HEAD"));
    }
    Ok(())
}

#[test]
fn outside_of_a_repository_there_is_none() -> Tested {
    let folder = tempfile::tempdir()?;
    assert_eq!(Repo::discover(folder.path())?, None);
    assert_eq!(Repo::discover(&folder.path().join("missing"))?, None);
    Ok(())
}

#[test]
fn a_linked_worktree_shares_the_common_folder_and_has_its_own_head() -> Tested {
    let sandbox = Sandbox::new();
    let first = sandbox.rev("HEAD");
    let linked = sandbox.root().join("linked");
    sandbox.git(&["worktree", "add", "--quiet", "-b", "side", linked.to_str().unwrap()]);
    sandbox.write("README", "second\n");
    let second = sandbox.commit("second");
    let repo = Repo::discover(&linked.join("src"))?.ok_or("not found")?;
    assert_eq!(repo.workdir(), Some(linked.as_path()));
    assert_eq!(repo.common_dir(), sandbox.path().join(".git"));
    assert_eq!(repo.head_commit()?, first);
    assert_eq!(repo.resolve("main")?, second);
    Ok(())
}

#[test]
fn a_bare_repository_says_that_it_has_no_checkout() -> Tested {
    let sandbox = Sandbox::new();
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let repo = Repo::discover(&bare)?.ok_or("not found")?;
    assert_eq!(repo.workdir(), None);
    assert_eq!(repo.head_commit()?, sandbox.rev("HEAD"));
    assert!(matches!(repo.require_workdir(), Err(GitError::Bare { .. })));
    assert!(matches!(repo.uncommitted(9), Err(GitError::Bare { .. })));
    Ok(())
}

#[test]
fn head_is_read_detached_and_refused_unborn() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(sandbox.repo().head_commit()?, sandbox.rev("main"));

    let unborn = Sandbox::unborn("empty");
    let error = unborn.repo().head_commit().unwrap_err();
    assert!(matches!(error, GitError::NoCommits { .. }));
    assert!(error.to_string().ends_with("has no commit yet; commit first"), "{error}");
    Ok(())
}

#[test]
fn revisions_resolve_to_commits_or_are_refused_by_name() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.git(&["tag", "-a", "-m", "v", "v1"]);
    let (repo, head) = (sandbox.repo(), sandbox.rev("HEAD"));
    for spec in ["HEAD", "main", "v1", &head.to_string()[..9]] {
        assert_eq!(repo.resolve(spec)?, head, "{spec}");
    }
    for spec in ["", "nope", "HEAD~5", "a\0b", "HEAD:README", "@{-1}", "--help", ":/", "^"] {
        assert!(matches!(repo.resolve(spec), Err(GitError::UnknownRevision { .. })), "{spec:?}");
    }
    Ok(())
}

#[test]
fn a_format_that_libgit2_does_not_know_is_named_as_the_reason() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "core.repositoryFormatVersion", "1"]);
    sandbox.git(&["config", "extensions.refStorage", "reftable"]);
    let error = Repo::discover(&sandbox.path()).unwrap_err();
    assert!(matches!(error, GitError::Unsupported { .. }), "{error:?}");
    assert!(error.hint().is_some());
}

#[test]
fn sha256_repositories_are_refused_as_unsupported() -> Tested {
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::new();
    sandbox.git_in(folder.path(), &["init", "--quiet", "--object-format=sha256"]);
    let error = Repo::discover(folder.path()).unwrap_err();
    assert!(matches!(error, GitError::Unsupported { .. }), "{error:?}");
    Ok(())
}

#[test]
fn paths_are_made_relative_to_the_checkout_also_through_links() -> Tested {
    let sandbox = Sandbox::new();
    let repo = sandbox.repo();
    let link = sandbox.root().join("link");
    std::os::unix::fs::symlink(sandbox.path(), &link)?;
    assert_eq!(repo.relative(&link.join("src/lib.txt")), Some("src/lib.txt".into()));
    assert_eq!(repo.relative(&sandbox.path().join("new.xml")), Some("new.xml".into()));
    assert_eq!(repo.relative(&sandbox.root().join("elsewhere/x")), None);
    Ok(())
}

#[test]
fn what_is_not_committed_is_listed_up_to_a_limit_without_touching_the_index() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "ignored\n");
    sandbox.commit("ignore");
    for file in ["ignored", "new/a", "new/b", "z", "README"] {
        write(&sandbox.path().join(file), "x");
    }
    fs::remove_file(sandbox.path().join("src/lib.txt"))?;
    let before = sandbox.fingerprint();
    let all = sandbox.repo().uncommitted(10)?;
    assert_eq!(all.paths, ["README", "new/", "src/lib.txt", "z"].map(std::path::PathBuf::from));
    let some = sandbox.repo().uncommitted(1)?;
    assert_eq!((some.paths.len(), some.more), (1, 3));
    assert_eq!(sandbox.fingerprint(), before);
    Ok(())
}
