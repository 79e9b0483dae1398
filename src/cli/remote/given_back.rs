//! What is said where something could not be taken up, or not be given back.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::report::{clean, shell_word};
use crate::run::remote::{Closed, StateError, Untaken};

use super::signals::kind_of_unsaved;

/// What a run, or a verb, has done and could not save.
pub(in crate::cli) fn not_saved(context: &Context, error: StateError) -> CliError {
    // Who has lost the plan has told itself to end.
    let kind = if error.is_of_others() { Kind::Environment } else { kind_of_unsaved() };
    let CliError { message, hint, .. } = CliError::state(&context.path, error);
    let message = format!(
        "{message}\nwhat was done is in this clone, but not, or not all of it, in the remote: \
         `blueprint run --ci` here goes on, and saves it, too"
    );
    CliError { hint, ..CliError::new(kind, message) }
}

/// What was left out of the last save.
///
/// # Errors
/// [`CliError`] names work that the remote does not take.
pub(in crate::cli) fn say_saved(remote: &str, closed: &Closed) -> Result<(), CliError> {
    closed.untold.iter().for_each(|text| output::say(&format!("warning {}", clean(text))));
    match &*closed.untaken {
        [] => Ok(()),
        untaken @ [first, ..] => Err(not_taken(remote, first, untaken)),
    }
}

fn not_taken(remote: &str, first: &Untaken, untaken: &[Untaken]) -> CliError {
    let remote = clean(remote);
    let one = |untaken: &Untaken| {
        let (task, branch) = (clean(untaken.task.as_str()), clean(untaken.branch.as_str()));
        format!("the work of task `{task}`, on branch {branch}: {}", clean(&untaken.said))
    };
    let all: Vec<_> = untaken.iter().map(one).collect();
    let text = format!(
        "remote `{remote}` does not take {}\nthat is in this clone only, and blocked; all else is saved in `{remote}`",
        all.join("\nnor ")
    );
    let task = shell_word(first.task.as_str());
    CliError::new(kind_of_unsaved(), text).hint(format!(
        "`blueprint retry {task} --note TEXT --remote {remote}` has its agent make it anew, without what is refused; or have the remote take it, then \
         `blueprint take {task}` and `blueprint give {task}` in this clone, and `blueprint run --ci`"
    ))
}

/// The lease could not be given back.
pub(super) fn say_kept(error: &StateError) {
    let why = clean(&error.to_string());
    output::say(&format!(
        "warning the lease on the plan could not be given back, and is free when its time is over: {why}"
    ));
}

impl CliError {
    /// What keeps a plan from being worked at by way of a remote.
    pub(in crate::cli) fn state(plan: &Path, error: StateError) -> Self {
        let hint = error.hint();
        match error {
            StateError::Remote(error) => error.into(),
            StateError::Run(error) => Self::run(plan, error),
            StateError::Held(_) | StateError::Claimed { .. } => Self { hint, ..Self::new(Kind::Busy, error) },
            StateError::Diverged { .. } | StateError::Lacking { .. } | StateError::OtherPlan { .. } => {
                Self { hint, ..Self::usage(error) }
            }
            StateError::Lost(_)
            | StateError::Overwritten { .. }
            | StateError::Unreadable { .. }
            | StateError::Unreturned { .. } => Self { hint, ..Self::new(Kind::Environment, error) },
        }
    }
}
