//! Jobs that work at single tasks of the plan: as long as one of them lives, nobody works at the whole of it.

use jiff::Timestamp;

use super::StateError;
use crate::run::records::TaskRecord;

/// # Errors
/// [`StateError::Claimed`] names the first task that a living job has.
pub(super) fn refuse_claimed(records: &[TaskRecord]) -> Result<(), StateError> {
    let claims = records.iter().filter_map(|record| Some((&record.task, record.claim.as_ref()?)));
    let alive = claims.into_iter().find(|(_, claim)| claim.expires > Timestamp::now());
    alive.map_or(Ok(()), |(task, claim)| {
        let (task, owner) = (task.clone(), claim.owner.clone());
        Err(StateError::Claimed { task, owner, until: claim.expires })
    })
}
