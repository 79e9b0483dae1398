//! What keeps a plan from being worked at by way of a remote.

use std::path::PathBuf;

use thiserror::Error;

use super::Holder;
use crate::git::{GitError, RemoteError};
use crate::plan::TaskId;
use crate::run::RunError;
use crate::store::StoreError;

/// Why it is not.
#[derive(Debug, Error)]
pub enum StateError {
    /// Somebody else works at the plan.
    #[error("the plan is being worked at: {} on {} has it since {:.0}, and until {} at least", .0.owner, .0.host, .0.taken, .0.free_at())]
    Held(Box<Holder>),
    /// A job works at one of its tasks.
    #[error("a job is at work at task `{task}`: {owner}, until {until} at least")]
    Claimed {
        /// The task.
        task: TaskId,
        /// Whose job.
        owner: String,
        /// When it is taken for dead, unless more is heard of it.
        until: jiff::Timestamp,
    },
    /// The lease was ours, and is not any more.
    #[error("the lease on the plan was lost{}: what was done since is in this clone only", by(.0.as_deref()))]
    Lost(Option<Box<Holder>>),
    /// Plan or journal of the remote changed while we had the lease.
    #[error("`{name}` of remote `{remote}` was changed by somebody who does not have the lease")]
    Overwritten {
        /// The remote.
        remote: String,
        /// The ref.
        name: String,
    },
    /// This clone and the remote have gone different ways.
    #[error("the journal of this clone ({}) and the one in remote `{remote}` have gone different ways", journal.display())]
    Diverged {
        /// The remote.
        remote: String,
        /// The journal here.
        journal: PathBuf,
        /// The ref that holds the one there.
        name: String,
    },
    /// The plan's file here is an older one, or another.
    #[error("{} lacks {}, which {} been worked at by way of remote `{remote}`", path.display(), names(tasks), if tasks.len() == 1 { "has" } else { "have" })]
    Lacking {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        tasks: Vec<TaskId>,
        /// The remote.
        remote: String,
    },
    /// What the remote has under the epic's name is another plan's.
    #[error("remote `{remote}` has the state of another plan, `{theirs}`, under the epic name `{epic}`")]
    OtherPlan {
        /// The remote.
        remote: String,
        /// The epic.
        epic: String,
        /// The other plan's file, in the repository.
        theirs: String,
    },
    /// What is there is not what was expected.
    #[error("`{name}` of the remote can't be understood: {why}")]
    Unreadable {
        /// The ref.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Something could not be saved, and the lease not be given back.
    #[error(
        "{error}\nnor could the lease be given back: nobody else can work at the plan until {free_at:.0}"
    )]
    Unreturned {
        /// Why it could not be saved.
        error: Box<StateError>,
        /// From then on the plan is free.
        free_at: jiff::Timestamp,
    },
    /// The remote, or git.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// This clone.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<GitError> for StateError {
    fn from(error: GitError) -> Self {
        Self::Remote(error.into())
    }
}

impl From<StoreError> for StateError {
    fn from(error: StoreError) -> Self {
        Self::Run(error.into())
    }
}

impl StateError {
    pub(super) fn unreadable(name: &str, why: impl std::fmt::Display) -> Self {
        Self::Unreadable { name: name.to_owned(), why: why.to_string() }
    }

    /// What was wrong with the remote, if that is why.
    pub(in crate::run) fn of_remote(&self) -> Option<&RemoteError> {
        match self {
            Self::Remote(error) => Some(error),
            Self::Unreturned { error, .. } => error.of_remote(),
            Self::Held(_)
            | Self::Claimed { .. }
            | Self::Lost(_)
            | Self::Overwritten { .. }
            | Self::Diverged { .. }
            | Self::Lacking { .. }
            | Self::OtherPlan { .. }
            | Self::Unreadable { .. }
            | Self::Run(_) => None,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Held(holder) => Some(format!(
                "`blueprint status --remote` shows how it stands; if nothing more is heard of them, the plan is free from {} on",
                holder.free_at()
            )),
            Self::Claimed { .. } => Some("wait for it: what it comes to is taken in by the next `run --ci` or `sync`".to_owned()),
            Self::Lost(_) => Some("look at `blueprint status --remote`; what is here only stays on its branches".to_owned()),
            Self::Overwritten { .. } => Some("run again: it goes on from what is there, as far as that is the same story".to_owned()),
            Self::Diverged { remote, journal, name } => Some(format!(
                "to go on with the remote's, move {} away: branches stay; to go on with this clone's, `git push {remote} :{name}`",
                journal.display()
            )),
            Self::Lacking { .. } => Some(
                "an older checkout? `git pull` gets the newest plan; what was taken out on purpose has to be so in a later commit, checked out here \
                 with all its history (`git fetch --unshallow`)"
                    .to_owned(),
            ),
            Self::OtherPlan { .. } => Some("give this plan another epic's name, in its file or by `--epic NAME`".to_owned()),
            Self::Unreadable { name, .. } => {
                Some(format!("it may be of a later version; `git push REMOTE :{name}` takes it away"))
            }
            Self::Unreturned { error, .. } => error.hint(),
            Self::Remote(error) => error.hint(),
            Self::Run(_) => None,
        }
    }
}

fn names(tasks: &[TaskId]) -> String {
    let names: Vec<_> = tasks.iter().map(|task| format!("`{task}`")).collect();
    names.join(", ")
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or_else(
        || ", since it could not be renewed in time".to_owned(),
        |holder| format!(" to {} on {}", holder.owner, holder.host),
    )
}
