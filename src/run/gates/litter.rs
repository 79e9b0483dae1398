//! What gates leave in a task's own worktree: it is none of the task's work, and must not get into the agent's next commit.

use std::path::PathBuf;

use crate::git::{GitError, Oid};
use crate::run::Isolation;
use crate::run::job::Job;
use crate::run::provision::move_away;

/// So many files are named; the number of the others is.
const SHOWN: usize = 5;

/// What is not committed in the worktree before the gates run. In a place that is not the task's own nobody could tell whose it is.
pub(super) fn before(job: &Job) -> Result<Option<Vec<PathBuf>>, GitError> {
    match job.cast.isolation {
        Isolation::Worktree => job.common.repo.worktree(&job.worktree).uncommitted().map(Some),
        Isolation::Shared | Isolation::None => Ok(None),
    }
}

/// Moves what is there besides out of the worktree, beside the attempt's log, so that it is again as its agent has left it: files of the
/// work at `head` that a gate has changed are put back. Gives what a person should know of it.
pub(super) fn put_aside(job: &Job, head: Oid, before: &[PathBuf]) -> Result<Option<String>, GitError> {
    let repo = &job.common.repo;
    let mut left = repo.worktree(&job.worktree).uncommitted()?;
    left.retain(|path| !before.contains(path));
    if left.is_empty() {
        return Ok(None);
    }
    let aside = job.dir.path().join("left-by-gates");
    let mut is_of_the_work = false;
    for path in &left {
        is_of_the_work |= repo.is_tracked(head, path)?;
        let place = job.worktree.join(path);
        if place.symlink_metadata().is_ok() {
            let moved = move_away(&place, &aside.join(path));
            moved.map_err(|source| GitError::Io { action: "move away", path: place, source })?;
        }
    }
    if is_of_the_work {
        repo.put_back_files(&job.worktree, head)?;
    }
    Ok(Some(format!(
        "its gates have left or changed {}, which is none of its work: moved to {} (a `.gitignore` keeps such files out)",
        named(&left),
        aside.display()
    )))
}

fn named(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().take(SHOWN).map(|path| format!("`{}`", path.display())).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_files_a_few_are_named_and_the_others_counted() {
        let paths: Vec<_> = (1..=7).map(|number| PathBuf::from(number.to_string())).collect();
        assert_eq!(named(&paths[..2]), "`1`, `2`");
        assert_eq!(named(&paths), "`1`, `2`, `3`, `4`, `5` and 2 more");
    }
}
