//! What a plan stands on: its repository, and the disks that it fills.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::Check;
use crate::cli::config::{Loaded, WORKTREE_DIR};
use crate::cli::context::Context;
use crate::git::{Repo, epic_slug};
use crate::run::worktree_path;

/// Less than this is soon gone when several agents build, in bytes.
const LITTLE: u64 = 2_000_000_000;

pub(super) fn check(context: &Context, loaded: Option<&Loaded>, checks: &mut Vec<Check>) {
    let Some(repo) = &context.repo else {
        let text = format!("the plan's folder {} is in no git repository", context.folder().display());
        checks.push(Check::wrong(
            "git",
            text,
            "make one (`git init`, and a first commit), or try the plan with `run --scratch`",
        ));
        return;
    };
    checks.push(match repo.require_workdir().and_then(|_| repo.head_commit()) {
        Ok(head) => Check::fine("git", format!("the repository is at {:.10}", head.to_string())),
        Err(error) => {
            let hint = error.hint().unwrap_or_else(|| "see `git status` there".to_owned());
            Check::wrong("git", error.to_string(), hint)
        }
    });
    if repo.identity().is_err() {
        let hint = "`git config user.name` and `user.email`: `land` and `give` commit in your name";
        checks.push(Check::note("git", "git does not know who you are", hint));
    }
    for (what, folder) in folders(context, repo, loaded) {
        disk(what, &folder, checks);
    }
}

fn folders(context: &Context, repo: &Repo, loaded: Option<&Loaded>) -> Vec<(&'static str, PathBuf)> {
    let mut folders = vec![("state", context.state.path().to_owned())];
    if let Some(checkout) = repo.workdir() {
        let template =
            loaded.and_then(|loaded| loaded.config.worktree_dir.as_deref()).unwrap_or(WORKTREE_DIR);
        let sample = worktree_path(template, checkout, &epic_slug(&context.epic), "task");
        folders.push(("worktrees", sample.parent().unwrap_or(&sample).to_owned()));
    }
    folders
}

fn disk(what: &'static str, folder: &Path, checks: &mut Vec<Check>) {
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return };
    let place = folder.display();
    if access(there, Access::WRITE_OK).is_err() {
        let hint = format!("make it writable: that is where the plan's {what} is kept");
        checks.push(Check::wrong("disk", format!("{} is not writable, for {place}", there.display()), hint));
        return;
    }
    let Ok(disk) = statvfs(there) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{place}: {} MB free, for {what}", free / 1_000_000);
    checks.push(if free < LITTLE {
        Check::note("disk", text, "`min-free-disk` keeps a run from filling it; `blueprint clean` makes room")
    } else {
        Check::fine("disk", text)
    });
}
