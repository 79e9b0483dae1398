//! What can go wrong between us and a remote.

use crate::git::{GitError, Oid};

/// Why a remote did not do what it was asked. What is refused is refused whole: no ref has moved.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The repository has no remote of that name.
    #[error("there is no remote `{name}`{}", others(known))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A ref of the remote is not where it was last seen: somebody else was faster.
    #[error("ref `{name}` of remote `{remote}` was moved by somebody else meanwhile: it {}", at(*holds))]
    Moved {
        /// The remote.
        remote: String,
        /// The ref's full name.
        name: String,
        /// Where it was to be; `None`: not there.
        expected: Option<Oid>,
        /// Where it is.
        holds: Option<Oid>,
    },
    /// The remote does not take it: a hook, a protected ref, no permission to write.
    #[error("remote `{remote}` refused the push: {said}")]
    Refused {
        /// The remote.
        remote: String,
        /// In its own words.
        said: String,
    },
    /// The remote is locked by others at the moment, or could not do it for a reason that may pass.
    #[error("remote `{remote}` could not do it just now: {said}")]
    Busy {
        /// The remote.
        remote: String,
        /// In its own words.
        said: String,
    },
    /// The remote was not reached, not in time, or not let us in.
    #[error("can't reach remote `{remote}`: {said}")]
    Unreachable {
        /// The remote.
        remote: String,
        /// In git's words.
        said: String,
        /// Whether another try makes no difference: nobody is let in, or there is no such repository.
        is_final: bool,
    },
    /// The local repository, or the git program itself.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl RemoteError {
    /// Whether the same may succeed a little later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Busy { .. } => true,
            Self::Unreachable { is_final, .. } => !is_final,
            Self::Git(error) => error.is_locked_by_another(),
            Self::Unknown { .. } | Self::Moved { .. } | Self::Refused { .. } => false,
        }
    }

    /// What a person can do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.hint(),
            _ => self.said_to_all().map(str::to_owned),
        }
    }

    fn said_to_all(&self) -> Option<&'static str> {
        match self {
            Self::Unknown { .. } => {
                Some("name another with `--remote NAME`, or make it with `git remote add`")
            }
            Self::Refused { .. } => Some(
                "the login needs the right to push refs/blueprint/* and refs/heads/blueprint/*, and no rule may protect these",
            ),
            Self::Busy { .. } => {
                Some("try again; if it stays so, look for a lock that was left in the remote")
            }
            Self::Unreachable { .. } => Some(
                "try `git ls-remote` there: the network, the address and the login must work without a question",
            ),
            Self::Moved { .. } => Some(
                "somebody else works at the plan: `blueprint status --remote` shows who; then run it again",
            ),
            Self::Git(_) => None,
        }
    }
}

fn others(known: &[String]) -> String {
    match known {
        [] => ", nor any other".to_owned(),
        known => format!("; there is {}", known.join(", ")),
    }
}

fn at(holds: Option<Oid>) -> String {
    holds.map_or_else(|| "is gone".to_owned(), |oid| format!("is at {oid}"))
}
