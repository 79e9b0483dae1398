//! The one hook that belongs to a checkout: people have it fetch large files, or put in place what is not in the repository.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use git2::{Oid, Repository};

use super::super::{GitError, Program, Worktree};

const NAME: &str = "post-checkout";

/// Runs the hook, if there is one, with what `git worktree add` tells it. If it fails, so has the checkout.
pub(super) fn post_checkout(
    repository: &Repository,
    worktree: &Worktree,
    commit: Oid,
) -> Result<(), GitError> {
    if !is_there(repository, worktree) {
        return Ok(());
    }
    let (nothing, commit) = (Oid::ZERO_SHA1.to_string(), commit.to_string());
    let program = Program::new("run the hook post-checkout", worktree.path());
    program.args(["hook", "run", "--ignore-missing", NAME, "--", &nothing, &commit, "1"]).run().map(drop)
}

fn is_there(repository: &Repository, worktree: &Worktree) -> bool {
    let set = repository.config().and_then(|config| config.get_path("core.hookspath"));
    // git takes a relative one from the root of the worktree.
    let folder: PathBuf =
        set.map_or_else(|_| repository.commondir().join("hooks"), |path| worktree.path().join(path));
    let hook = folder.join(NAME).metadata();
    hook.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
