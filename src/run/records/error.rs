use thiserror::Error;

use super::{JobClaim, RecordError};
use crate::git::{GitError, RemoteError};
use crate::run::RunError;
use crate::run::remote::StateError;
use crate::store::{LoadError, StoreError};

/// Why a job, or the folding in of what jobs did, could not do what it was to do.
#[derive(Debug, Error)]
pub enum RecordsError {
    /// The remote.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The plan's state in the remote, or whoever has it.
    #[error(transparent)]
    State(#[from] StateError),
    /// A record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Disk, git, or the plan.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Another job has taken the task over, since nothing had been heard of this one for too long.
    #[error("the claim on task `{task}` is lost{}: nothing that this job did since is in the remote", to(by.as_ref()))]
    Lost {
        /// The task.
        task: String,
        /// Who has it now.
        by: Option<JobClaim>,
    },
    /// A bug of ours.
    #[error("a bug in blueprint: a record can't be written: {0}")]
    Encode(#[from] serde_json::Error),
}

impl RecordsError {
    /// What was wrong with the remote, if that is why.
    pub(super) fn of_remote(&self) -> Option<&RemoteError> {
        match self {
            Self::Remote(error) => Some(error),
            Self::State(error) => error.of_remote(),
            Self::Record(_) | Self::Run(_) | Self::Lost { .. } | Self::Encode(_) => None,
        }
    }
}

fn to(by: Option<&JobClaim>) -> String {
    by.map_or_else(String::new, |by| format!(" to {} on {}", by.owner, by.host))
}

impl From<GitError> for RecordsError {
    fn from(error: GitError) -> Self {
        Self::Run(error.into())
    }
}

impl From<StoreError> for RecordsError {
    fn from(error: StoreError) -> Self {
        Self::Run(error.into())
    }
}

impl From<LoadError> for RecordsError {
    fn from(error: LoadError) -> Self {
        Self::Run(error.into())
    }
}
