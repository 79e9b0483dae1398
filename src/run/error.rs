use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::agent::DefinitionError;
use crate::genesis::{Diagnostic, EditError};
use crate::git::GitError;
use crate::plan::{IllegalEvent, TaskId};
use crate::store::{CommitError, LoadError, RunOwner, StoreError};

/// Why a run could not begin, or had to end.
#[derive(Debug, Error)]
pub enum RunError {
    /// Another run has the plan.
    #[error("another run holds this plan{}", described(.0.as_ref()))]
    Busy(Option<RunOwner>),
    /// Another plan of the repository has the same epic name.
    #[error("the plan `{}` has the epic name `{epic}`, too", plan.display())]
    Rival {
        /// The other plan.
        plan: PathBuf,
        /// The name.
        epic: String,
    },
    /// The integration branch is checked out somewhere.
    #[error("the branch `{branch}` is checked out in `{}`, and a run would move it on", place.display())]
    CheckedOut {
        /// The integration branch.
        branch: String,
        /// Where.
        place: PathBuf,
    },
    /// The worktrees can't be where they are configured to be.
    #[error("`worktree-dir = \"{template}\"` {reason}")]
    WorktreeDir {
        /// As configured.
        template: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no room for a single worktree.
    #[error("{0}")]
    NoRoom(String),
    /// The plan is none.
    #[error("the plan is invalid")]
    Invalid {
        /// Its text.
        source_text: String,
        /// All that is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
    /// There is no such task.
    #[error("there is no task `{task}` in the plan")]
    UnknownTask {
        /// What was asked for.
        task: TaskId,
        /// What was perhaps meant.
        nearest: Option<String>,
    },
    /// By the configuration nobody can play some task of the plan.
    #[error("{0}")]
    Casting(String),
    /// A definition is missing, and the configuration asks for all of them.
    #[error("no definition for the agent `{agent}` (and `require-definitions` is set)")]
    NoDefinition {
        /// The agent.
        agent: String,
        /// What was perhaps meant.
        nearest: Vec<String>,
    },
    /// A definition can't be used.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The plan file or the state folder could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change could not be made in the plan file.
    #[error("can't update the plan: {0}")]
    Edit(#[from] EditError),
    /// git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The runtime or the signals could not be set up.
    #[error("can't start the event loop: {0}")]
    Io(#[from] io::Error),
    /// A bug of ours.
    #[error("a bug in blueprint: {0}")]
    Bug(#[from] IllegalEvent),
}

fn described(owner: Option<&RunOwner>) -> String {
    owner.map_or_else(String::new, |owner| {
        format!(" (process {} on {}, since {:.0})", owner.pid, owner.host, owner.started)
    })
}

impl From<LoadError> for RunError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::Store(error),
            LoadError::Invalid(invalid) => {
                Self::Invalid { source_text: invalid.source, diagnostics: invalid.diagnostics }
            }
        }
    }
}

impl From<CommitError<EditError>> for RunError {
    fn from(error: CommitError<EditError>) -> Self {
        match error {
            CommitError::Load(error) => error.into(),
            CommitError::Store(error) => Self::Store(error),
            CommitError::Edit(error) | CommitError::Refused(error) => Self::Edit(error),
        }
    }
}
