//! A plan that others work at by way of a remote: that tells nobody when it changes, and is asked again and again.

use std::ops::ControlFlow;

use super::vigil::Vigil;
use super::{Seen, Show, closed, place};
use crate::cli::context::Known;
use crate::cli::error::CliError;
use crate::cli::remote::Looked;
use crate::genesis::Status;
use crate::git::{RefMap, RemoteError};
use crate::report::clean;
use crate::run::{Glimpse, Moment, Unwatched, observe_remote};

/// So often in a row a remote may say that there is nothing to be had from it: what is mended within a minute was away for a moment.
const REFUSALS: u32 = 12;

/// Whether somebody works at the plan, as far as the remote knows: at all of it, or at one of its tasks.
pub(super) fn is_at_work(known: &Known) -> bool {
    known.run.is_some() || !known.claims.is_empty()
}

pub(super) fn watch(mut seen: Seen) -> Result<u8, CliError> {
    let Some(plan) = seen.looked.afar.as_ref().map(|afar| afar.plan.clone()) else { return Ok(0) };
    let mut show = place();
    let mut watched = Watched::default();
    let path = seen.looked.context.path.clone();
    let lift = |error| CliError::run(&path, error);
    let first = show.show(Moment::Changed, &seen);
    let over = first.and_then(|()| {
        observe_remote(&plan, &lift, &mut |glimpse| watched.see(glimpse, &mut seen, &mut *show))
    });
    closed(show, &seen, over)
}

/// What was found so far.
#[derive(Default)]
struct Watched {
    vigil: Vigil,
    refusals: u32,
}

impl Watched {
    fn see(
        &mut self,
        glimpse: Glimpse,
        seen: &mut Seen,
        show: &mut dyn Show,
    ) -> Result<ControlFlow<Unwatched>, CliError> {
        match glimpse {
            Glimpse::Of(Moment::Suspended) => show.pause()?,
            Glimpse::Of(moment) => show.show(moment, seen)?,
            Glimpse::Away(error) => self.away(error, show)?,
            Glimpse::Refs(there) => {
                self.refusals = 0;
                match take_in(&mut seen.looked, &there) {
                    Ok(()) => show.show(Moment::Changed, seen)?,
                    Err(error) => show.trouble(&format!("note    {}", error.message))?,
                }
                let known = &seen.looked.known;
                if self.vigil.is_over(is_at_work(known), can_go_on(known)) {
                    return Ok(ControlFlow::Break(Unwatched::RunEnded));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// It may be back in a moment; one that refuses again and again is not.
    fn away(&mut self, error: RemoteError, show: &mut dyn Show) -> Result<(), CliError> {
        self.refusals = if error.may_pass() { 0 } else { self.refusals + 1 };
        if self.refusals >= REFUSALS {
            return Err(error.into());
        }
        let why = clean(&error.to_string());
        show.trouble(&format!("note    this is how it stood, and the remote is asked again: {why}"))
    }
}

/// Leases and claims end by the clock, too, with no ref moving.
fn take_in(looked: &mut Looked, there: &RefMap) -> Result<(), CliError> {
    if let Some(afar) = &looked.afar {
        looked.known = afar.known(&looked.context, there)?;
    }
    Ok(())
}

/// Whether a job might take something up: a task that is under way, or whose prerequisites are completed.
fn can_go_on(known: &Known) -> bool {
    let plan = &known.plan;
    let is_done = |index| plan.task(index).status == Status::Completed;
    plan.tasks().any(|(index, task)| match task.status {
        Status::InProgress => true,
        Status::Pending => plan.prerequisites(index).into_iter().all(is_done),
        Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => false,
    })
}
