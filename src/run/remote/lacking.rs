//! A plan's file that lacks what others have planned or done: saved, that would be gone.

use std::collections::BTreeSet;

use super::checkout::{Checkout, Since, Whose};
use super::lineage::{Lineage, lineage};
use super::restore::journal;
use super::{RemotePlan, Saved, StateError, refuse_another};
use crate::genesis::{Genesis, Status};
use crate::git::RefMap;
use crate::plan::TaskId;
use crate::run::records::told;
use crate::run::{History, Site, TaskHistory};

/// Has nobody work with a plan that lacks what others have worked at, or what waits in the saved one. Call it before anything is taken up.
///
/// Where this clone can't tell whether its commit is older than the saved plan's, it gets the history that it lacks.
///
/// # Errors
/// [`StateError::Lacking`] names the tasks; [`StateError::OtherPlan`] if all of it is of another plan.
pub fn refuse_lacking(site: &Site, plan: &RemotePlan, fetched: &RefMap) -> Result<(), StateError> {
    refuse_another(site, plan, fetched)?;
    let saved = plan.saved(fetched)?;
    let here = journal(&site.state)?;
    let lineage = lineage(&here, saved.as_ref().map_or(&[], |saved| &saved.journal));
    let mut checkout = Checkout::of(site, plan, fetched, saved.as_ref())?;
    if checkout.may_be_older() {
        // Where that can't be had, what can be told without decides.
        let _ = plan.remote.fetch_history();
        checkout = Checkout::of(site, plan, fetched, saved.as_ref())?;
    }
    let saved_journal = saved.as_ref().map(|saved| &*saved.journal);
    let journal = if lineage == Lineage::Ahead { Some(&*here) } else { saved_journal };
    let Some(records) = told(journal, plan, fetched)? else { return Ok(()) };
    let history = History::from_records(records);
    let is_saved = checkout.whose == Whose::Saved && lineage != Lineage::Ahead;
    let bytes = saved.as_ref().filter(|_| is_saved).map_or(&checkout.bytes, |saved| &saved.plan);
    // What is no plan is told of where it is read.
    let Ok(genesis) = Genesis::parse(bytes.clone()) else { return Ok(()) };
    let mut needed = needed(site, &checkout, saved.as_ref(), (is_saved, &history))?;
    needed.retain(|task| genesis.task(task.as_str()).is_none());
    if needed.is_empty() {
        return Ok(());
    }
    let (path, remote) = (site.plan.path().to_owned(), plan.remote.name().to_owned());
    Err(StateError::Lacking { path, tasks: needed.into_iter().collect(), remote })
}

/// What the plan has to have, as far as nobody has decided otherwise.
fn needed(
    site: &Site,
    checkout: &Checkout,
    saved: Option<&Saved>,
    (is_saved, history): (bool, &History),
) -> Result<BTreeSet<TaskId>, StateError> {
    let done = worked_at(history);
    match saved {
        // What the state has let go, somebody has decided.
        Some(saved) if is_saved => Ok(&done - &worked_at(&saved.history())),
        Some(saved) => match checkout.since {
            Since::Later => Ok(BTreeSet::new()),
            Since::Same => Ok(done),
            Since::Earlier | Since::Aside => {
                let planned = tasks_of(&saved.plan);
                Ok(&done | &(&planned - &taken_out(site, checkout, &planned)?))
            }
        },
        None => Ok(&done - &taken_out(site, checkout, &done)?),
    }
}

/// Those of the tasks that were in the plan's file in a commit, and are not in the one that is checked out, which follows it.
fn taken_out(
    site: &Site,
    checkout: &Checkout,
    tasks: &BTreeSet<TaskId>,
) -> Result<BTreeSet<TaskId>, StateError> {
    let path = site.repo.relative(site.plan.path());
    let (Some(path), Some(head), Some(committed)) = (path, checkout.head, &checkout.committed) else {
        return Ok(BTreeSet::new());
    };
    let gone = tasks - &tasks_of(committed);
    let mut out = BTreeSet::new();
    if gone.is_empty() {
        return Ok(out);
    }
    for version in site.repo.versions(head, &path)? {
        let before = site.repo.blob(version)?.map(|bytes| tasks_of(&bytes)).unwrap_or_default();
        out.extend(gone.intersection(&before).cloned());
        if out.len() == gone.len() {
            break;
        }
    }
    Ok(out)
}

/// None, of what is no plan.
fn tasks_of(plan: &[u8]) -> BTreeSet<TaskId> {
    let genesis = Genesis::parse(plan.to_vec()).ok();
    let ids = |genesis: Genesis| genesis.tasks().iter().map(|task| TaskId::from(task.id.as_str())).collect();
    genesis.map(ids).unwrap_or_default()
}

/// Tasks that have had an attempt, or are completed.
fn worked_at(history: &History) -> BTreeSet<TaskId> {
    let is_worked_at = |story: &TaskHistory| {
        !story.attempts.is_empty() || story.transitions.iter().any(|change| change.to == Status::Completed)
    };
    history.tasks().filter(|(_, story)| is_worked_at(story)).map(|(task, _)| task.clone()).collect()
}
