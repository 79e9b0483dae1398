use std::fmt;
use std::path::Path;

use crate::agent::RunnerError;
use crate::cli::config::ConfigError;
use crate::genesis::{Diagnostic, EditError};
use crate::git::{GitError, RemoteError};
use crate::plan::IllegalTransition;
use crate::remedy;
use crate::run::RunError;
use crate::store::{CommitError, LoadError, StoreError};

/// Why the program ends without having done what it was asked for. The exit codes of all verbs are here, and in the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Work does not pass a gate.
    NotPassed,
    /// A wrong argument, or a wrong configuration.
    Usage,
    /// The plan is invalid.
    Invalid,
    /// Another run has the plan.
    Busy,
    /// A bug in blueprint.
    Bug,
    /// The disk, git or another program failed.
    Environment,
    /// Not allowed, here or for this caller.
    Forbidden,
    /// The program in whose place we were called is not there.
    NoProgram,
    /// A person has broken it off by Ctrl-C.
    BrokenOff,
    /// It was ended by TERM, as systems do that cancel a job.
    Terminated,
}

impl Kind {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::NotPassed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Busy => 5,
            Self::Bug => 70,
            Self::Environment => 74,
            Self::Forbidden => 77,
            Self::NoProgram => 127,
            Self::BrokenOff => 130,
            Self::Terminated => 143,
        }
    }
}

/// One error at the edge: what kind, what happened, and what to do about it.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl CliError {
    pub(crate) fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hint: None }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A plan that is none, with everything that is wrong with it.
    pub(crate) fn invalid(path: &Path, source: &str, diagnostics: &[Diagnostic]) -> Self {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let rendered = super::output::diagnostics(path, source, diagnostics);
        let plural = if errors == 1 { "" } else { "s" };
        let message = format!("the plan is invalid: {errors} error{plural}; nothing was changed");
        let first = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
        let more =
            |first: &Diagnostic| format!("`blueprint validate --explain {}` says more", first.code.as_str());
        Self { kind: Kind::Invalid, message: format!("{rendered}{message}"), hint: first.map(more) }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self { hint: error.hint(), ..Self::new(Kind::Environment, error) }
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> Self {
        let hint = error.hint();
        let kind = match error {
            GitError::BadTemplate { .. } | GitError::UnknownRevision { .. } => Kind::Usage,
            _ => Kind::Environment,
        };
        Self { hint, ..Self::new(kind, error) }
    }
}

impl From<RemoteError> for CliError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Git(error) => error.into(),
            RemoteError::Unknown { .. } => Self { hint: error.hint(), ..Self::usage(error) },
            error => Self { hint: error.hint(), ..Self::new(Kind::Environment, error) },
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let hint = if let ConfigError::Invalid { hint, .. } = &error { hint.clone() } else { None };
        Self { hint, ..Self::usage(error) }
    }
}

impl From<RunnerError> for CliError {
    fn from(error: RunnerError) -> Self {
        Self::usage(error)
    }
}

impl From<IllegalTransition> for CliError {
    fn from(error: IllegalTransition) -> Self {
        Self::usage(error)
            .hint("`blueprint status TASK` tells how it stands; `blueprint retry TASK` sets it back")
    }
}

impl CliError {
    pub(crate) fn load(path: &Path, error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            LoadError::Invalid(invalid) => Self::invalid(path, &invalid.source, &invalid.diagnostics),
        }
    }

    pub(crate) fn edit(error: &EditError) -> Self {
        Self::new(Kind::Bug, format!("can't update the plan: {error}"))
    }

    pub(crate) fn commit(path: &Path, error: CommitError<Self>) -> Self {
        match error {
            CommitError::Load(error) => Self::load(path, error),
            CommitError::Store(error) => error.into(),
            CommitError::Edit(error) => Self::edit(&error),
            CommitError::Refused(error) => error,
        }
    }

    pub(crate) fn run(path: &Path, error: RunError) -> Self {
        match error {
            RunError::Invalid { source_text, diagnostics } => Self::invalid(path, &source_text, &diagnostics),
            RunError::Store(error) => error.into(),
            RunError::Git(error) => error.into(),
            RunError::Busy(_) => {
                let hint = "`blueprint attach` shows what it does, `blueprint stop` ends it";
                Self::new(Kind::Busy, error).hint(hint)
            }
            RunError::UnknownTask { ref nearest, .. } => {
                let hint = nearest.as_ref().map(|id| format!("did you mean `{id}`?"));
                Self { hint, ..Self::usage(error) }
            }
            RunError::NoDefinition { ref nearest, .. } => {
                let hint = (!nearest.is_empty()).then(|| format!("did you mean {}?", nearest.join(" or ")));
                Self { hint, ..Self::usage(error) }
            }
            RunError::Rival { .. } => Self::usage(error).hint("give this one another: `--epic NAME`"),
            RunError::CheckedOut { .. } => {
                Self::usage(error).hint("switch that checkout to another branch first")
            }
            RunError::WorktreeDir { .. } => {
                Self::usage(error).hint("the default is \"../{repo}.worktrees/{epic}/{task}\"")
            }
            RunError::Definition(_) | RunError::Casting(_) => Self::usage(error),
            RunError::NoRoom(_) => Self::new(Kind::Environment, error)
                .hint("make room on that disk, or set `worktree-dir` to a folder on another one"),
            RunError::Io(ref source) => {
                let hint = remedy::of_system(source).map(str::to_owned);
                Self { hint, ..Self::new(Kind::Environment, error) }
            }
            RunError::Edit(_) | RunError::Bug(_) => Self::new(Kind::Bug, error),
        }
    }
}
