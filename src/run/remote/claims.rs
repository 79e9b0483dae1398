//! Jobs that work at single tasks of the plan: as long as one of them lives, nobody runs the whole of it.

use super::{RemotePlan, StateError};
use crate::git::RefMap;
use crate::run::records::live_claims;

/// Call it with the lease, before a run of the whole plan.
///
/// # Errors
/// [`StateError::Claimed`] names the first task that a living job has.
pub fn refuse_claimed(plan: &RemotePlan, fetched: &RefMap) -> Result<(), StateError> {
    let alive = live_claims(plan, fetched)?.into_iter().next();
    alive.map_or(Ok(()), |(task, claim)| {
        Err(StateError::Claimed { task, until: claim.free_at(), owner: claim.owner })
    })
}
