//! What is said where something could not be taken up, or not be given back.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::report::clean;
use crate::run::remote::StateError;

/// What a run, or a verb, has done and could not save.
pub(in crate::cli) fn not_saved(context: &Context, error: StateError) -> CliError {
    let CliError { message, hint, .. } = CliError::state(&context.path, error);
    let message = format!(
        "{message}\nwhat was done is in this clone, but not, or not all of it, in the remote: \
         `blueprint run --ci` here goes on, and saves it, too"
    );
    CliError { hint, ..CliError::new(Kind::Environment, message) }
}

pub(in crate::cli) fn say_left(left: &[String]) {
    for name in left {
        output::say(&format!(
            "warning somebody else has moved {} in the remote: it is left there, and was not overwritten",
            clean(name)
        ));
    }
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
