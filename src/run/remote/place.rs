//! Which plan of the repository a state in a remote is of: another one may have been given the same epic's name.

use std::path::Path;

use super::{RemotePlan, StateError};
use crate::git::{Oid, RefMap};
use crate::run::Site;
use crate::run::records;

/// Where the plan's file is in its repository, as it is written down with what is saved of it; nothing outside of one.
pub(in crate::run) fn place(site: &Site) -> Option<String> {
    Some(site.repo.relative(site.plan.path())?.to_string_lossy().into_owned())
}

/// Has nobody take what has come of one plan for the work of another. One that was moved is still the same.
///
/// # Errors
/// [`StateError::OtherPlan`] if what was fetched is of another file, which is in the commit that is checked out, too.
pub(in crate::run) fn refuse_another(
    site: &Site,
    plan: &RemotePlan,
    fetched: &RefMap,
) -> Result<(), StateError> {
    let (Some(here), Ok(head)) = (place(site), site.repo.head_commit()) else { return Ok(()) };
    let saved = plan.saved(fetched)?.and_then(|saved| saved.card.plan);
    for theirs in records::places(plan, fetched)?.into_iter().chain(saved) {
        if theirs != here && is_in(site, head, &theirs)? {
            let (remote, epic) = (plan.remote.name().to_owned(), plan.refs.epic().to_owned());
            return Err(StateError::OtherPlan { remote, epic, theirs });
        }
    }
    Ok(())
}

fn is_in(site: &Site, head: Oid, path: &str) -> Result<bool, StateError> {
    Ok(site.repo.file_at(head, Path::new(path))?.is_some())
}
