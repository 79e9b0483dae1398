//! `xmlstarlet`, as agents find it: our own binary under another name, in a folder that a run puts first in their `PATH`.
//!
//! Many agents are told to write their status into the plan with it. Its `ed --inplace` takes no lock, and writes in place what nobody has
//! looked at. Here such a call on a plan has the real program edit a copy, under the plan's lock; the copy takes the plan's place if it is
//! still the same plan, else nothing is changed. An agent that its sandbox keeps from the plan edits a draft. Every other call is the real program's, exit code, streams, signals and all.
//!
//! Knows nothing of what the edits are about: a status that an agent writes this way is its report, which the run makes of it.

mod arguments;
mod copy;
mod draft;
mod edit;
mod real;
mod report;
mod same_plan;
mod target;
mod whose;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use arguments::InPlace;
use real::Real;
use target::Target;

use super::error::{CliError, Kind};
use crate::run::XMLSTARLET;

/// A call of our binary by that program's name.
pub(super) struct Call<'a> {
    /// By which of its names.
    name: &'static str,
    arguments: &'a [OsString],
}

impl<'a> Call<'a> {
    /// The call, if the process's arguments are one.
    pub(super) fn of(arguments: &'a [OsString]) -> Option<Self> {
        let (called, arguments) = arguments.split_first()?;
        let called = Path::new(called).file_name()?;
        let name = XMLSTARLET.into_iter().find(|name| called == *name)?;
        Some(Self { name, arguments })
    }

    /// Makes it; gives the exit code, if the real program did not take our place.
    ///
    /// # Errors
    /// [`CliError`] where there is no real program, or what it made of a plan can't be kept. The plan is then as it was.
    pub(super) fn make(&self) -> Result<u8, CliError> {
        let Some(real) = Real::find(self.name) else { return Err(missing(self)) };
        // Whoever takes us for the real program has looked after the plan.
        let call = arguments::in_place(self.arguments).filter(|_| !real::is_asked_by_another());
        match call {
            Some(call) if call.files.iter().any(|file| Target::of(file).is_some()) => edit_all(&real, &call),
            _ => Err(real.take_over(self.arguments)),
        }
    }
}

/// One file after the other, as the real program does it, up to the first that it can't edit.
fn edit_all(real: &Real, call: &InPlace<'_>) -> Result<u8, CliError> {
    for file in call.files {
        let code = match Target::of(file) {
            Some(target) => {
                let edited = edit::edit(real, call.head, &target);
                edited.map_err(|error| with_way_out(error, call.head, &target))?
            }
            None => real.run(call.head, file)?,
        };
        if code != 0 {
            return Ok(code);
        }
    }
    Ok(0)
}

/// What a shell gives for a program that isn't there.
fn missing(call: &Call<'_>) -> CliError {
    let message = format!("there is no real {} in PATH, only blueprint's stand-in for it", call.name);
    let command = arguments::way_out(call.arguments, own_task().as_deref());
    CliError::new(Kind::NoProgram, message)
        .hint(format!("a task's status is reported with `{command}`; `blueprint task --help` shows all"))
}

fn with_way_out(error: CliError, head: &[OsString], target: &Target) -> CliError {
    let message = format!("{}: {}", target.named().display(), error.message);
    let error = CliError { message, ..error };
    // What is not the caller's to change isn't so by another command, either.
    if error.kind == Kind::Forbidden {
        return error;
    }
    let command = arguments::way_out(head, own_task().as_deref());
    error.hint(format!("use `{command}`, which does all that belongs to it"))
}

fn own_task() -> Option<String> {
    std::env::var("TASK_ID").ok().filter(|id| !id.is_empty())
}

/// Whether an argument is one of these.
fn is_any(argument: &OsStr, of: &[&str]) -> bool {
    of.iter().any(|known| argument == *known)
}
