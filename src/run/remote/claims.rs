//! Jobs that work at single tasks of the plan: as long as one of them lives, nobody works at the whole of it.

use jiff::Timestamp;
use serde::Deserialize;

use super::{RemotePlan, StateError};
use crate::git::{Oid, RefMap};
use crate::plan::TaskId;

/// The part of a task's record that is of interest here.
#[derive(Debug, Deserialize)]
struct Claimed {
    task: TaskId,
    claim: Option<Claim>,
}

#[derive(Debug, Deserialize)]
struct Claim {
    owner: String,
    expires: Timestamp,
}

/// # Errors
/// [`StateError::Claimed`] names the first task that a living job has.
pub(super) fn refuse_claimed(plan: &RemotePlan, fetched: &RefMap) -> Result<(), StateError> {
    let folder = plan.refs.records();
    let records = fetched.iter().filter(|(name, _)| name.starts_with(&folder));
    let claims = records.filter_map(|(_, at)| read(plan, *at));
    let alive = claims.filter(|(_, claim)| claim.expires > Timestamp::now()).next();
    alive.map_or(Ok(()), |(task, Claim { owner, expires })| {
        Err(StateError::Claimed { task, owner, until: expires })
    })
}

/// What can't be read claims nothing: whoever folds records in says so.
fn read(plan: &RemotePlan, at: Oid) -> Option<(TaskId, Claim)> {
    let bytes = plan.remote.repo().file_at(at, "record.json".as_ref()).ok()??;
    let record: Claimed = serde_json::from_slice(&bytes).ok()?;
    Some((record.task, record.claim?))
}
