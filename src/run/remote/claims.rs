//! Jobs that work at single tasks of the plan: as long as one of them lives, nobody runs the whole of it.

use super::{Doubts, RemotePlan, StateError};
use crate::git::RefMap;
use crate::run::records::{RecordsError, end_dead_claims, known_claims};

/// Call it with the lease, before a run of the whole plan. Jobs that count as dead lose their claims: one that comes back sees that by its next
/// push.
///
/// # Errors
/// [`StateError::Claimed`] names the first task that a living job has.
pub fn refuse_claimed(
    plan: &RemotePlan,
    fetched: &mut RefMap,
    doubts: &mut Doubts,
) -> Result<(), RecordsError> {
    if let Some((task, claim)) = known_claims(plan, fetched, doubts)?.into_iter().next() {
        return Err(StateError::Claimed { task, until: claim.free_at(), owner: claim.owner }.into());
    }
    end_dead_claims(plan, fetched, doubts)
}
