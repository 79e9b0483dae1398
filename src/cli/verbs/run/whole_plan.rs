//! `run GENESIS --ci`: the whole plan as one job, which goes on where the last one ended, whatever machine that was.

use std::path::PathBuf;
use std::rc::Rc;

use super::{Args, Beside, Listener, run_here, unbegun};
use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::remote::{Jobs, Session, not_saved, say_saved};
use crate::cli::slow::saving;
use crate::run::remote::{Closed, Keeper};

/// The plan at `path`, or the tasks of it that are named.
pub(super) fn run(
    args: &Args,
    global: &Global,
    path: PathBuf,
    names: &[String],
    beside: &Beside,
) -> Result<u8, CliError> {
    let context = Context::open(path.clone(), global)?.context();
    let session = Session::begin(&context, args.remote(), args.lease(), Jobs::Refuse)
        .map_err(|error| unbegun::broken(args.files(), (&context, global), error))?;
    let Some(keeper) = session.keep(beside.asides.clone()).map(Rc::new) else { return Ok(0) };
    let hears = Rc::clone(&keeper);
    let more: Vec<Listener> = vec![Box::new(move |event| hears.hear(event))];
    let ran = run_here(args, global, path, names, (more, beside));
    // The run is over, and with it whoever heard it.
    let closed =
        saving(args.remote(), || Rc::into_inner(keeper).map_or_else(|| Ok(Closed::default()), Keeper::end));
    let exit = ran?;
    say_saved(args.remote(), &closed.map_err(|error| not_saved(&context, error))?)?;
    Ok(exit)
}
