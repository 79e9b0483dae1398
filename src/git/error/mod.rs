//! What can go wrong between us and a repository, each with the path or ref it is about.

mod hint;

use std::path::PathBuf;
use std::time::Duration;

use git2::Oid;

use crate::remedy;

/// Why git could not do what it was asked. Every refusal leaves things as they were.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// libgit2 can't open it: SHA-256 objects, reftable, or another extension that it does not know.
    #[error("repository {} uses a format that is not supported: {reason}", path.display())]
    Unsupported {
        /// The repository's git folder.
        path: PathBuf,
        /// What libgit2 said.
        reason: String,
    },
    /// It belongs to another user, and git does not accept it either.
    #[error("the repository at {} belongs to another user, and git does not accept it", path.display())]
    NotYours {
        /// Its checkout or git folder, as git names it.
        path: PathBuf,
    },
    /// Only git itself can do what its configuration, attributes or files ask for, and there is none.
    #[error("{} needs the git program, and there is none: {what}", path.display())]
    NeedsGit {
        /// The checkout, worktree or git folder.
        path: PathBuf,
        /// What it is needed for.
        what: String,
    },
    /// A checkout is needed and the repository has none.
    #[error("repository {} is bare and has no checkout", path.display())]
    Bare {
        /// The repository's git folder.
        path: PathBuf,
    },
    /// `HEAD` names a branch without a commit.
    #[error("repository {} has no commit yet; commit first", path.display())]
    NoCommits {
        /// The checkout or git folder.
        path: PathBuf,
    },
    /// A revision that names no commit.
    #[error("`{spec}` names no commit of {}", path.display())]
    UnknownRevision {
        /// What was asked for.
        spec: String,
        /// The repository's git folder.
        path: PathBuf,
    },
    /// The configured branch template can't name one branch per task.
    #[error("branch template `{template}` is not usable: {reason}")]
    BadTemplate {
        /// As configured.
        template: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The epic's start commit has not been fixed yet.
    #[error("ref `{name}` does not exist: the plan's start commit has not been fixed")]
    NoStart {
        /// The ref that would hold it.
        name: String,
    },
    /// Another ref has the name that a folder of ours would have, or the other way round.
    #[error("ref `{existing}` is in the way of `{name}`")]
    RefInTheWay {
        /// The ref that was to be made.
        name: String,
        /// The one that is there.
        existing: String,
    },
    /// A ref that keeps work already keeps other work.
    #[error("ref `{name}` already keeps commit {holds}")]
    RefTaken {
        /// The ref.
        name: String,
        /// What it points to.
        holds: Oid,
    },
    /// Somebody else holds the ref's lock for too long, or left it behind.
    #[error("ref `{name}` stays locked; if no git program is running, remove {}", lock.display())]
    RefLocked {
        /// The ref.
        name: String,
        /// The lock file.
        lock: PathBuf,
    },
    /// The ref changed while it was to be moved.
    #[error("ref `{name}` was moved by somebody else meanwhile")]
    RefMoved {
        /// The ref.
        name: String,
    },
    /// A branch that is to be moved is checked out in another place.
    #[error("branch `{branch}` is checked out at {}", path.display())]
    BranchInUse {
        /// Its short name.
        branch: String,
        /// The checkout that has it.
        path: PathBuf,
    },
    /// A branch that is to be moved holds commits that no other ref keeps.
    #[error("branch `{branch}` holds commit {head} that nothing else keeps")]
    BranchHoldsWork {
        /// Its short name.
        branch: String,
        /// Its tip.
        head: Oid,
    },
    /// The place of a worktree is taken by something that is not ours.
    #[error("{} exists and is no worktree of this repository", path.display())]
    PathTaken {
        /// The place.
        path: PathBuf,
    },
    /// There is a worktree already.
    #[error("{} is a worktree already", path.display())]
    WorktreeExists {
        /// The place.
        path: PathBuf,
    },
    /// The worktree is being made by another process, or a person has locked it (`git worktree lock`).
    #[error("worktree {} is locked: {reason}", path.display())]
    WorktreeLocked {
        /// The place.
        path: PathBuf,
        /// What the lock says.
        reason: String,
    },
    /// Not a worktree of this repository (any more).
    #[error("{} is no worktree of this repository: {reason}", path.display())]
    NotAWorktree {
        /// The place.
        path: PathBuf,
        /// What does not fit.
        reason: &'static str,
    },
    /// A worktree with changes that are not committed is not removed.
    #[error("worktree {} has uncommitted changes: {}", path.display(), list(files))]
    Dirty {
        /// The place.
        path: PathBuf,
        /// Some of them, relative to the worktree.
        files: Vec<PathBuf>,
    },
    /// A worktree whose content or commits are kept by nothing else is not removed or reset.
    #[error("worktree {} holds {what} that nothing else keeps", path.display())]
    WouldLose {
        /// The place.
        path: PathBuf,
        /// What would be lost.
        what: String,
    },
    /// The agent left an operation in the middle that we can't finish for it.
    #[error("worktree {} is in the middle of a {operation}", path.display())]
    Unfinished {
        /// The place.
        path: PathBuf,
        /// `rebase`, `bisect` …
        operation: &'static str,
    },
    /// The agent left files with unresolved conflicts.
    #[error("worktree {} has unresolved conflicts: {}", path.display(), list(files))]
    Unmerged {
        /// The place.
        path: PathBuf,
        /// The files, relative to the worktree.
        files: Vec<PathBuf>,
    },
    /// The worktree is on a commit that does not contain what its branch holds.
    #[error("worktree {} is at {head}, which does not contain {tip} of its branch `{branch}`", path.display())]
    Astray {
        /// The place.
        path: PathBuf,
        /// The task branch's short name.
        branch: String,
        /// Where the worktree is.
        head: Oid,
        /// Where the branch is.
        tip: Oid,
    },
    /// A path that is absolute, leaves the repository, or is empty.
    #[error("{} is no path inside the repository", path.display())]
    BadPath {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("can't {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The git program is needed and can't be started.
    #[error("can't {action} in {}: the git program can't be started: {source}", path.display())]
    NoProgram {
        /// What was tried.
        action: &'static str,
        /// The repository or worktree.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The git program refused.
    #[error("can't {action} in {}: git says: {said}", path.display())]
    Program {
        /// What was tried.
        action: &'static str,
        /// The repository or worktree.
        path: PathBuf,
        /// The last lines of its complaint.
        said: String,
    },
    /// The git program, or something that it has started, did not come to an end.
    #[error("can't {action} in {}: git had not ended after {}, and was ended with all that it had started", path.display(), span(*limit))]
    TimedOut {
        /// What was tried.
        action: &'static str,
        /// The repository or worktree.
        path: PathBuf,
        /// How long it may take.
        limit: Duration,
    },
    /// Somebody has broken off what git, or a hook, was about.
    #[error("broken off: {action} in {}", path.display())]
    BrokenOff {
        /// What was under way.
        action: &'static str,
        /// The repository or worktree.
        path: PathBuf,
    },
    /// A hook of the user's does not want that commit.
    #[error("your hook `{hook}` refused: {said}")]
    HookRefused {
        /// Its name.
        hook: &'static str,
        /// What it printed.
        said: String,
    },
    /// Somebody's git is at work in a checkout, or was killed there.
    #[error("the index of the checkout is locked by {}", lock.display())]
    IndexLocked {
        /// The lock file.
        lock: PathBuf,
    },
    /// A checkout is on its way from one commit to another.
    #[error("the checkout {} was brought along only in part: {why}", path.display())]
    HalfDone {
        /// The checkout.
        path: PathBuf,
        /// What kept it from the rest.
        why: String,
    },
    /// A shallow clone does not have the history by which two commits could be merged.
    #[error("{} is a shallow clone: it lacks the history that {ours:.10} and {theirs:.10} have in common", path.display())]
    TooShallow {
        /// The repository's git folder.
        path: PathBuf,
        /// The one commit.
        ours: String,
        /// The other.
        theirs: String,
    },
    /// libgit2 refused.
    #[error("can't {action} in {}: {source}", path.display())]
    Git {
        /// What was tried.
        action: &'static str,
        /// The repository or worktree.
        path: PathBuf,
        /// The cause.
        source: git2::Error,
    },
}

impl GitError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn git(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(git2::Error) -> Self {
        let path = path.into();
        move |source| Self::Git { action, path, source }
    }

    /// Whether the disk is full, broken or read-only, or somebody has broken it off: no fault of whatever was to be written.
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::BrokenOff { .. })
            || self.said().is_some_and(|said| remedy::is_of_the_disk(&said))
    }

    /// Whether another program, such as an agent's git, has at the moment what we need.
    pub fn is_locked_by_another(&self) -> bool {
        match self {
            Self::Git { source, .. } => source.code() == git2::ErrorCode::Locked,
            Self::RefLocked { .. } => true,
            _ => false,
        }
    }

    /// What the system, libgit2 or the git program said; the first two as text, too.
    fn said(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } | Self::NoProgram { source, .. } => Some(source.to_string()),
            Self::Git { source, .. } => Some(source.message().to_owned()),
            Self::Program { said, .. } => Some(said.clone()),
            _ => None,
        }
    }
}

fn span(limit: Duration) -> String {
    jiff::SignedDuration::try_from(limit).map_or_else(|_| format!("{limit:?}"), |span| format!("{span:#}"))
}

/// The first few of many names, so that a message stays a line.
fn list(files: &[PathBuf]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = files.iter().take(SHOWN).map(|file| file.display().to_string()).collect();
    let more = match files.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    shown.join(", ") + &more
}
