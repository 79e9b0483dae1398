//! How much work changes: the one place that says it.

use crate::git::{DiffStat, Repo};
use crate::run::Attempt;

/// Of its own: where it is merged, what the integration branch got by that; else all since its base. What others have done, and it has merged,
/// is not in it. Nothing where commits are gone.
pub(super) fn own_change(repo: &Repo, attempt: &Attempt) -> Option<DiffStat> {
    let work = attempt.commit()?;
    let merge = attempt.merge.as_deref().and_then(|merge| merge.parse().ok());
    let merged = merge.and_then(|merge| repo.changed_by_merge(merge, work).ok().flatten());
    merged.or_else(|| repo.changed(attempt.started.base.parse().ok()?, work).ok())
}
