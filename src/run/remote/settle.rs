//! The plan's file of a clone before a run begins there: what it lacks of what others have done was not missed.

use super::StateError;
use super::checkout::{is_ours, note_left, read};
use crate::genesis::Genesis;
use crate::run::{History, Record, RunError, Site, ledger};
use crate::store::{read_records, rewrite_file};

/// Has the plan's file say what the journal says. Gives whether nobody but us has written it since it was committed, or since we left it.
///
/// # Errors
/// [`StateError::Run`] if it can't be written.
pub fn settle(site: &Site) -> Result<bool, StateError> {
    let before = read(site)?;
    let is_ours = is_ours(site, &before)?;
    // What is no plan is told of where a run reads it.
    let Ok(genesis) = Genesis::parse(before.clone()) else { return Ok(is_ours) };
    let history = History::from_records(read_records::<Record>(&site.state.journal())?.records);
    let now = ledger::caught_up(genesis, &history).map_err(RunError::from)?;
    let now = now.source().as_bytes();
    let is_written = now != before && rewrite_file(site.plan.path(), &site.state.plan_lock(), &before, now)?;
    if is_written && is_ours {
        note_left(&site.state, now)?;
    }
    Ok(is_ours)
}

/// Takes down that the plan's file is as we have left it.
///
/// # Errors
/// [`StateError::Run`] if that can't be done.
pub fn leave(site: &Site) -> Result<(), StateError> {
    note_left(&site.state, &read(site)?)
}
