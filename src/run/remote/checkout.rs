//! The plan's file of a checkout against the state that is saved: only what somebody has changed since counts for more than the state. A checkout
//! that is merely older (a job that is run again for an earlier commit) does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lineage::{Lineage, lineage};
use super::restore::journal;
use super::saved::{Card, PLAN};
use super::{RemotePlan, Saved, StateError, place, refuse_another};
use crate::genesis::{Genesis, Status};
use crate::git::{GitError, Oid, RefMap, content_id};
use crate::plan::TaskId;
use crate::run::records::told;
use crate::run::{History, Site, TaskHistory};
use crate::store::{StateDir, StoreError, read_json, write_json};

/// Whose the plan is that a run goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The saved one; the file here is that, or nothing but one of before.
    Saved,
    /// The file here: somebody has changed it.
    Here,
}

/// The plan's file as it is here, and what it is.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) bytes: Vec<u8>,
    pub(super) whose: Whose,
    /// Whether its commit follows the one that was known when the state was saved.
    is_later: bool,
    head: Option<Oid>,
    committed: Option<String>,
}

/// Notes in the folder of the plan's state what the remote and this clone last had in common.
#[derive(Debug, Serialize, Deserialize)]
struct Common {
    /// The plan's file, by the hash of its content.
    plan: String,
}

impl Checkout {
    pub(super) fn of(
        site: &Site,
        plan: &RemotePlan,
        fetched: &RefMap,
        saved: Option<&Saved>,
    ) -> Result<Self, StateError> {
        let bytes = read(site)?;
        let head = site.repo.head_commit().ok();
        let committed = committed(site, head)?;
        let known = saved.and_then(|saved| saved.card.head.parse::<Oid>().ok());
        let is_later =
            head.zip(known).is_some_and(|(head, known)| head != known && site.repo.has(head, known));
        let mut checkout = Self { bytes, whose: Whose::Here, is_later, head, committed };
        if let Some(saved) = saved
            && (checkout.is_of_before(site, saved)? || checkout.was_saved(plan, fetched)?)
        {
            checkout.whose = Whose::Saved;
        }
        Ok(checkout)
    }

    /// Whether nobody but us has written it since it was last seen.
    fn is_of_before(&self, site: &Site, saved: &Saved) -> Result<bool, StateError> {
        if self.bytes == saved.plan || is_as_left(site, &self.bytes)? {
            return Ok(true);
        }
        let hash = Some(hash(&self.bytes));
        if saved.card.committed == hash {
            return Ok(true);
        }
        // What a later commit has put back is a change like any other.
        let is_put_back = self.is_later && self.committed == hash;
        let id = content_id(&self.bytes).map(|id| id.to_string());
        Ok(!is_put_back && id.is_some_and(|id| saved.card.seen.contains(&id)))
    }

    /// Whether it was the plan of the state at some time.
    fn was_saved(&self, plan: &RemotePlan, fetched: &RefMap) -> Result<bool, StateError> {
        let Some(at) = fetched.get(&plan.refs.plan()) else { return Ok(false) };
        let versions = plan.remote.repo().versions(*at, Path::new(PLAN))?;
        Ok(content_id(&self.bytes).is_some_and(|id| versions.contains(&id)))
    }

    /// What is to be saved of the checkout: of one that is older, nothing but that.
    pub(super) fn card(&self, site: &Site, saved: Option<&Saved>) -> Result<Card, StateError> {
        let before = saved.map(|saved| &saved.card);
        let is_older = self.whose == Whose::Saved && !self.is_later;
        let mut card = match before {
            Some(card) if is_older && !card.head.is_empty() => card.clone(),
            // Of a plan that is not in this checkout, what was known of it before still holds.
            Some(card) if self.committed.is_none() => card.clone(),
            Some(_) | None => Card::new(self.committed.clone(), self.head),
        };
        card.seen.extend(before.into_iter().flat_map(|before| before.seen.iter().cloned()));
        card.seen.extend(seen(site, self.head)?);
        card.plan = place(site);
        Ok(card)
    }
}

/// Has nobody work with a plan that lacks what others have worked at: saved, that would be gone. Call it before anything is taken up.
///
/// # Errors
/// [`StateError::Lacking`] names the tasks; [`StateError::OtherPlan`] if all of it is of another plan.
pub fn refuse_lacking(site: &Site, plan: &RemotePlan, fetched: &RefMap) -> Result<(), StateError> {
    refuse_another(site, plan, fetched)?;
    let saved = plan.saved(fetched)?;
    let here = journal(&site.state)?;
    let lineage = lineage(&here, saved.as_ref().map_or(&[], |saved| &saved.journal));
    let checkout = Checkout::of(site, plan, fetched, saved.as_ref())?;
    let journal = match (lineage, &saved) {
        (Lineage::Ahead, _) => Some(&*here),
        (Lineage::Same | Lineage::Behind | Lineage::Apart, saved) => {
            saved.as_ref().map(|saved| &*saved.journal)
        }
    };
    let Some(records) = told(journal, plan, fetched)? else { return Ok(()) };
    let history = History::from_records(records);
    let is_saved = checkout.whose == Whose::Saved && lineage != Lineage::Ahead;
    let (bytes, let_go) = match &saved {
        // What the state has let go, somebody has decided.
        Some(saved) if is_saved => (&saved.plan, worked_at(&saved.history())),
        Some(_) if checkout.is_later => return Ok(()),
        Some(_) | None => (&checkout.bytes, BTreeSet::new()),
    };
    // What is no plan is told of where it is read.
    let Ok(genesis) = Genesis::parse(bytes.clone()) else { return Ok(()) };
    let lacks = |task: &TaskId| genesis.task(task.as_str()).is_none() && !let_go.contains(task);
    let tasks: Vec<_> = worked_at(&history).into_iter().filter(lacks).collect();
    if tasks.is_empty() {
        return Ok(());
    }
    let (path, remote) = (site.plan.path().to_owned(), plan.remote.name().to_owned());
    Err(StateError::Lacking { path, tasks, remote })
}

/// Tasks that have had an attempt, or are completed.
fn worked_at(history: &History) -> BTreeSet<TaskId> {
    let is_worked_at = |story: &TaskHistory| {
        !story.attempts.is_empty() || story.transitions.iter().any(|change| change.to == Status::Completed)
    };
    history.tasks().filter(|(_, story)| is_worked_at(story)).map(|(task, _)| task.clone()).collect()
}

/// Whether nobody but us has written the file: it is as it was committed, or as we left it.
pub(super) fn is_ours(site: &Site, bytes: &[u8]) -> Result<bool, StateError> {
    let committed = committed(site, site.repo.head_commit().ok())?;
    Ok(committed == Some(hash(bytes)) || is_as_left(site, bytes)?)
}

fn is_as_left(site: &Site, bytes: &[u8]) -> Result<bool, StateError> {
    let last: Option<Common> = read_json(&common_path(&site.state))?;
    Ok(last.is_some_and(|last| last.plan == hash(bytes)))
}

/// Takes down that we have left the plan's file like this.
pub(super) fn note_left(state: &StateDir, plan: &[u8]) -> Result<(), StateError> {
    Ok(write_json(&common_path(state), &Common { plan: hash(plan) })?)
}

pub(super) fn read(site: &Site) -> Result<Vec<u8>, StateError> {
    let path = site.plan.path();
    fs::read(path).map_err(|error| StoreError::io("read", path)(error).into())
}

fn common_path(state: &StateDir) -> std::path::PathBuf {
    state.path().join("remote.json")
}

/// The plan's file in the commit that is checked out, by the hash of its content.
fn committed(site: &Site, head: Option<Oid>) -> Result<Option<String>, GitError> {
    let (Some(path), Some(head)) = (site.repo.relative(site.plan.path()), head) else { return Ok(None) };
    Ok(site.repo.file_at(head, Path::new(&path))?.map(|bytes| hash(&bytes)))
}

/// What the plan's file has been in the branch that is checked out.
fn seen(site: &Site, head: Option<Oid>) -> Result<BTreeSet<String>, GitError> {
    let (Some(path), Some(head)) = (site.repo.relative(site.plan.path()), head) else {
        return Ok(BTreeSet::new());
    };
    Ok(site.repo.versions(head, &path)?.iter().map(Oid::to_string).collect())
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
