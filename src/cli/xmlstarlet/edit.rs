use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::copy::Copy;
use super::draft::{Draft, instead};
use super::real::Real;
use super::report::report;
use super::target::Target;
use super::{same_plan, whose};
use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::genesis::{Genesis, Invalid, LineIndex};
use crate::run::own_folder;
use crate::store::{CommitError, LoadError, PlanFile, read_settled};

/// Where a plan is edited.
struct Workshop {
    plan: PlanFile,
    /// The folder of copies; whoever has the plan's lock is alone in it.
    edits: PathBuf,
    /// What is known of the plan; nothing of the mere copy on a task's branch.
    context: Option<Context>,
    /// It is only a draft: what the run has to know of it has to be said.
    is_draft: bool,
}

/// Why nothing was saved.
enum Refusal {
    /// The real program failed, with that exit code.
    Exit(u8),
    Error(CliError),
}

/// Has the real program edit a copy of the plan, under the plan's lock, and puts that in the plan's place if it is still the same plan.
/// Gives the real program's exit code; the plan is as it was, unless that is 0.
pub(super) fn edit(real: &Real, head: &[OsString], target: &Target) -> Result<u8, CliError> {
    let Some(workshop) = Workshop::of(target)? else { return real.run(head, target.named().as_os_str()) };
    let was = RefCell::new(None);
    let saved = workshop.plan.rewrite(|before| {
        let now = workshop.edited(real, head, before).map_err(CommitError::Refused)?;
        was.replace(Some(before.clone()));
        Ok((now.source() != before.source()).then_some(now))
    });
    match saved {
        Ok(saved) => {
            if let Some(before) = was.take().filter(|_| workshop.context.is_some()) {
                report(&before, &saved.genesis, workshop.is_draft);
            }
            if workshop.is_draft {
                output::say(
                    "note    the sandbox keeps the plan from this attempt: the run writes it, and takes this edit as a report",
                );
            }
            Ok(0)
        }
        Err(CommitError::Refused(Refusal::Exit(code))) => Ok(code),
        Err(CommitError::Refused(Refusal::Error(error))) => Err(error),
        Err(CommitError::Load(error)) => Err(CliError::load(target.path(), error)),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Edit(error)) => Err(CliError::edit(&error)),
    }
}

impl Workshop {
    /// Nothing, if the file can't be read as a plan, however often it is looked at: then it is none of ours.
    fn of(target: &Target) -> Result<Option<Self>, CliError> {
        match read_settled(target.path()) {
            Err(LoadError::Invalid(_)) => return Ok(None),
            other => other.map_err(|error| CliError::load(target.path(), error))?,
        };
        if let Some(worktree) = target.own_worktree() {
            let folder = own_folder(&worktree).map_err(|error| no_folder(&worktree, &error))?;
            let plan = PlanFile::new(target.path(), folder.join("plan.lock"))?;
            return Ok(Some(Self { plan, edits: folder.join("edits"), context: None, is_draft: false }));
        }
        let context = Context::open(target.path().to_owned(), &Global::default())?.context();
        if let Some(Draft { plan, edits }) = instead(target.path(), &context.state.plan_lock())? {
            return Ok(Some(Self { plan, edits, context: Some(context), is_draft: true }));
        }
        let plan = context.unclaimed_plan_file()?;
        Ok(Some(Self { plan, edits: context.state.edits(), context: Some(context), is_draft: false }))
    }

    /// The plan as the real program leaves it.
    fn edited(&self, real: &Real, head: &[OsString], before: &Genesis) -> Result<Genesis, Refusal> {
        let copy = Copy::of(before.source(), &self.edits)?;
        let code = real.run_in(copy.folder(), head, OsStr::new(Copy::NAME))?;
        if code != 0 {
            return Err(Refusal::Exit(code));
        }
        let now = Genesis::parse(copy.text()?).map_err(|invalid| refused(&unreadable(&invalid)))?;
        same_plan::check(before, &now).map_err(|damage| refused(&damage.to_string()))?;
        if let Some(context) = &self.context {
            whose::check(context, before, &now)?;
        }
        Ok(now)
    }
}

impl From<CliError> for Refusal {
    fn from(error: CliError) -> Self {
        Self::Error(error)
    }
}

fn refused(why: &str) -> CliError {
    CliError::new(Kind::Invalid, format!("this edit is not made, since {why}; nothing was changed"))
}

/// What is wrong with a text that is no plan, and where in it.
fn unreadable(invalid: &Invalid) -> String {
    let Some(first) = invalid.diagnostics.first() else {
        return "the plan would be none any more".to_owned();
    };
    let place = LineIndex::new(&invalid.source).position(first.span.start);
    format!("the plan would be none any more: line {}:{}: {}", place.line, place.column, first.message)
}

fn no_folder(worktree: &Path, error: &io::Error) -> CliError {
    CliError::new(Kind::Environment, format!("can't make a folder in `{}`: {error}", worktree.display()))
}
