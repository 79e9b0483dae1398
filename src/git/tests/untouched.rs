use std::fs;

use super::support::{Sandbox, Tested, branch, by, integrate, message, refs, write};

/// A checkout with everything that a person may have lying around.
fn dirty() -> Sandbox {
    let sandbox = Sandbox::named("repo");
    sandbox.write(".gitignore", "ignored\n");
    sandbox.write("both", "committed\n");
    sandbox.commit("second");
    sandbox.write("README", "stashed\n");
    sandbox.git(&["stash", "--quiet"]);
    sandbox.write("staged", "staged\n");
    sandbox.write("both", "staged\n");
    sandbox.git(&["add", "staged", "both"]);
    sandbox.git(&["rm", "--quiet", "--cached", "README"]);
    sandbox.write("both", "modified\n");
    sandbox.write("untracked/x", "untracked\n");
    sandbox.write("ignored", "ignored\n");
    fs::remove_file(sandbox.path().join("src/lib.txt")).unwrap();
    sandbox
}

#[test]
fn a_dirty_checkout_is_byte_for_byte_the_same_after_everything() -> Tested {
    let sandbox = dirty();
    let (repo, start) = (sandbox.repo(), sandbox.rev("HEAD"));
    let before = sandbox.fingerprint();
    let same = |what: &str| assert!(sandbox.fingerprint() == before, "{what}");

    repo.fix_start(&refs(), start)?;
    same("start");
    let results = ["a", "both"].map(|file| sandbox.commit_on(start, file, "x"));
    let base = repo.build_base(start, &results)?;
    same("base");
    repo.keep_base(&refs(), "t", 1, base.commit)?;
    let worktree = repo.add_worktree(&sandbox.place("t"), &branch("t"), base.commit)?;
    same("worktree");
    write(&worktree.path().join("both"), "by the agent");
    let snapshot = worktree.snapshot(&branch("t"), &by(), &message())?;
    repo.keep_attempt(&refs(), "t", 1, snapshot.commit)?;
    same("snapshot");
    repo.reset_worktree(worktree.path(), &branch("t"), base.commit, snapshot.commit)?;
    same("reset");
    write(&worktree.path().join("both"), "by the agent");
    let gathered = worktree.commit_leftovers(&branch("t"), &by(), &message())?;
    same("leftovers");
    worktree.drop_path_change(&branch("t"), start, "both".as_ref(), &by(), &message())?;
    same("restored path");
    integrate(&repo, gathered.head, &message())?;
    same("merge");
    repo.uncommitted(100)?;
    repo.changed(start, gathered.head)?;
    repo.remove_worktree(worktree.path())?;
    same("removal");
    Ok(())
}
