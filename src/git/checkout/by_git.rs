//! A checkout by git itself.

use std::fs;
use std::path::Path;

use git2::Repository;

use super::super::{GitError, Program, Repo, Worktree};

/// Has git write the files of the commit that the worktree is at. `what` is the reason, for people without git.
pub(super) fn check_out(worktree: &Worktree, repository: &Repository, what: String) -> Result<(), GitError> {
    if !Program::is_there() {
        return Err(GitError::NeedsGit { path: worktree.path().to_owned(), what });
    }
    let mut program = Program::new("check out files", worktree.path());
    if !has_workers(repository) {
        program = program.setting("checkout.workers=0");
    }
    // What `git worktree add` does with `reset`, which would move refs, too.
    program.args(["read-tree", "--reset", "-u", "--no-recurse-submodules", "HEAD"]).run().map(drop)
}

fn has_workers(repository: &Repository) -> bool {
    repository.config().is_ok_and(|config| config.get_entry("checkout.workers").is_ok())
}

/// Gives the new worktree what `git worktree add` takes over from the checkout it is called in: which files it is to have, and settings of
/// its own.
pub(super) fn take_over(from: &Repo, admin: &Path) -> Result<(), GitError> {
    let (patterns, settings) = ("info/sparse-checkout", "config.worktree");
    for name in [patterns, settings] {
        let (old, new) = (from.git_dir().join(name), admin.join(name));
        if old.is_file() {
            new.parent().map_or(Ok(()), fs::create_dir_all).map_err(GitError::io("create", &new))?;
            fs::copy(&old, &new).map_err(GitError::io("copy", old))?;
        }
    }
    // These two are about that one checkout.
    let copy = admin.join(settings);
    for key in ["core.bare", "core.worktree"].into_iter().filter(|_| copy.exists()) {
        let program = Program::new("read the settings of the worktree", admin);
        program.args(["config", "--file", settings, "--unset-all", key]).end()?;
    }
    Ok(())
}
