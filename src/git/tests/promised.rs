//! Repositories that do not hold everything: partial and shallow clones.

use std::path::{Path, PathBuf};

use super::support::{Sandbox, Tested, branch, integrate, message, refs, write};
use crate::git::{Integrated, Repo};

fn clone(sandbox: &Sandbox, how: &[&str]) -> Result<(PathBuf, Repo), Box<dyn std::error::Error>> {
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    sandbox.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let place = sandbox.root().join("clone");
    let url = format!("file://{}", sandbox.path().display());
    let arguments = [&["clone", "--quiet", "--no-checkout"], how, &[&url, place.to_str().unwrap()]].concat();
    sandbox.git(&arguments);
    let repo = Repo::discover(&place)?.ok_or("not found")?;
    Ok((place, repo))
}

#[test]
fn what_a_partial_clone_lacks_is_fetched_for_checkout_and_merge() -> Tested {
    let sandbox = Sandbox::new();
    for n in 0..5 {
        sandbox.write(&format!("f{n}"), &format!("{n}\n"));
    }
    sandbox.commit("files");
    let (clone, repo) = clone(&sandbox, &["--filter=blob:none"])?;
    a_tasks_life(&sandbox, &clone, &repo)
}

#[test]
fn a_shallow_clone_is_as_good_as_any() -> Tested {
    let sandbox = Sandbox::new();
    sandbox.write("README", "second\n");
    sandbox.commit("second");
    let (clone, repo) = clone(&sandbox, &["--depth=1"])?;
    a_tasks_life(&sandbox, &clone, &repo)
}

/// Made, worked in, merged with other work, removed.
fn a_tasks_life(sandbox: &Sandbox, clone: &Path, repo: &Repo) -> Tested {
    let start = repo.head_commit()?;
    repo.fix_start(&refs(), start)?;
    for (task, text) in [("t", "one"), ("u", "two")] {
        let worktree = repo.add_worktree(&sandbox.place(task), &branch(task), start)?;
        assert_eq!(sandbox.git_in(worktree.path(), &["status", "--porcelain"]), "");
        write(&worktree.path().join("src").join(task), text);
        write(&worktree.path().join("src/lib.txt"), "one\ntwo\nthree\nfour\nfive\nsix\n");
        let head = worktree.commit_leftovers(&branch(task), &super::support::by(), &message())?.head;
        assert_eq!(repo.changed(start, head)?.files, 2);
        assert!(matches!(integrate(repo, head, &message())?, Integrated::Merged { .. }));
        repo.remove_worktree(worktree.path())?;
    }
    let merged = sandbox.git_in(clone, &["ls-tree", "-r", "--name-only", "blueprint/e/integration", "src"]);
    assert_eq!(merged, "src/lib.txt\nsrc/t\nsrc/u");
    Ok(())
}
