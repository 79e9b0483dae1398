//! What a person can do about what git, or we, refused.

use super::GitError;
use crate::remedy;

impl GitError {
    /// What a person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotYours { path } => Some(format!(
                "if you trust it: `git config --global --add safe.directory {}`",
                word(&path.to_string_lossy())
            )),
            _ => self.said_to_all().map(str::to_owned),
        }
    }

    /// The hints that are the same for each repository.
    fn said_to_all(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { .. } | Self::Git { .. } | Self::Program { .. } => {
                return self.said().and_then(|said| remedy::of_text(&said));
            }
            // How that is to be mended depends on what the hook looks at, on us, or on nobody.
            Self::HookRefused { .. } => {
                "mend what it complains of in the worktree, then run again; `git commit` there shows all it says"
            }
            Self::BrokenOff { .. } | Self::NotYours { .. } => return None,
            Self::Unsupported { .. } => "use a repository with SHA-1 objects and the files ref store",
            Self::Bare { .. } => "run it in a clone that has a checkout",
            Self::NoCommits { .. } => "make a first commit: agents start from a commit",
            Self::BadTemplate { .. } => "try `blueprint/{epic}/{task}`",
            Self::NoStart { .. } => {
                "`blueprint run` fixes it; in a fresh clone of a CI plan, `blueprint run --ci`"
            }
            Self::RefInTheWay { .. } => "rename or delete the branch that is in the way",
            Self::RefTaken { .. } => {
                "it keeps work of an earlier plan: delete it by `git update-ref -d` if nobody needs that, or take another `--epic`"
            }
            Self::RefLocked { .. } => "wait for that git; the lock of one that was killed has to be removed",
            Self::BranchInUse { .. } => {
                "switch that checkout to another branch; if it was moved: `git worktree repair`, or `git worktree prune`"
            }
            Self::BranchHoldsWork { .. } => "keep it under another branch name, or delete the branch",
            Self::TimedOut { .. } => {
                "a filter, hook, login or remote hangs: try it there by hand; `git-timeout` in blueprint.toml gives it more time"
            }
            Self::NoProgram { .. } | Self::NeedsGit { .. } => "install git, or put it on the PATH",
            Self::IndexLocked { .. } => "wait for that git; if none is running there, remove the file",
            Self::PathTaken { .. } => "move it away, or set `worktree-dir` to another folder",
            Self::WorktreeExists { .. } => {
                "`git worktree list` says whose it is; `blueprint clean` removes those of plans that are done"
            }
            Self::WorktreeLocked { .. } => "wait until it is made, or unlock it with `git worktree unlock`",
            Self::NotAWorktree { .. } => {
                "if the folder or the repository was moved: `git worktree repair`; else `git worktree prune` forgets it"
            }
            Self::Dirty { .. } | Self::WouldLose { .. } => "commit the work there, or move it away, first",
            Self::Unfinished { .. } | Self::Unmerged { .. } | Self::Astray { .. } => {
                "finish it in the worktree by hand, or retry the task"
            }
            Self::UnknownRevision { .. } => "name a branch, a tag or a commit that `git rev-parse` knows",
            Self::BadPath { .. } => "name a path relative to the repository's root, without `..`",
            Self::RefMoved { .. } => "run it again",
            Self::HalfDone { .. } => {
                "mend what kept it from the rest; `git status` there shows how far it came"
            }
            Self::TooShallow { .. } => "`git fetch --unshallow` gets the rest of it; then do this again",
        })
    }
}

/// A path in a command that a person copies into a shell.
fn word(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@:".contains(c);
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
