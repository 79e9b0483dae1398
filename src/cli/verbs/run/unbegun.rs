//! What later steps and jobs look for is there, too, where a job of a CI system had nothing to run, or could not.

use std::path::Path;
use std::time::Duration;

use super::outputs::Outputs;
use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::said::secrets_around;
use crate::genesis::{Genesis, Status};
use crate::plan::TaskId;
use crate::run::{RunEvent, Summary, Verdict};

/// How it stands without a run.
pub(in crate::cli::verbs) struct Unbegun {
    pub(in crate::cli::verbs) verdict: Verdict,
    /// Can't be run yet.
    pub(in crate::cli::verbs) not_run: Vec<TaskId>,
    /// The branch with the work, if there is any.
    pub(in crate::cli::verbs) integration: Option<String>,
    /// What one would type now.
    pub(in crate::cli::verbs) next: String,
}

/// Where to write, beside what the CI service reads.
#[derive(Clone, Copy, Default)]
pub(in crate::cli::verbs) struct Files<'a> {
    pub(super) events: Option<&'a Path>,
    pub(super) junit: Option<&'a Path>,
}

/// Writes what a run would write when it is over.
///
/// # Errors
/// When something that a flag asked for could not be written.
pub(in crate::cli::verbs) fn write_down(
    files: Files<'_>,
    (context, global): (&Context, &Global),
    unbegun: Unbegun,
) -> Result<(), CliError> {
    let (_, known) = Context::open(context.path.clone(), global)?.known()?;
    let outputs = Outputs::open(files.events, files.junit, None, &secrets_around(context))?;
    let next = unbegun.next.clone();
    outputs.hear(&RunEvent::Ended(unbegun.summary(&known.genesis)));
    outputs.close(context, global, &next)
}

/// The same where nothing can be said of how it ends but that error, which is handed back.
pub(super) fn broken(files: Files<'_>, (context, global): (&Context, &Global), error: CliError) -> CliError {
    let written = Outputs::open(files.events, files.junit, None, &secrets_around(context))
        .and_then(|outputs| outputs.close(context, global, ""));
    if let Err(unwritten) = written {
        output::error(&unwritten);
    }
    error
}

impl Unbegun {
    fn summary(self, genesis: &Genesis) -> Summary {
        let of = |meant: &[Status]| {
            let tasks = genesis.tasks().iter().filter(|task| meant.contains(&task.status));
            tasks.map(|task| TaskId::from(task.id.as_str())).collect::<Vec<_>>()
        };
        Summary {
            verdict: self.verdict,
            completed: of(&[Status::Completed]).len(),
            total: genesis.tasks().len(),
            done_now: 0,
            roots: Vec::new(),
            failed: of(&[Status::Failed, Status::Cancelled]),
            blocked: of(&[Status::Blocked]),
            not_run: self.not_run,
            foreign: Vec::new(),
            interrupted: Vec::new(),
            integration: self.integration,
            duration: Duration::ZERO,
            cost_usd: None,
            tokens: None,
            by_agent: Vec::new(),
            budget: None,
        }
    }
}
