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
use super::shape::{Shape, common_plan};
use super::{RemotePlan, Saved, StateError};
use crate::git::{GitError, Oid, RefMap, Repo, content_id};
use crate::run::Site;
use crate::store::{StateDir, StoreError, read_json, write_json};

/// Whose the plan is that a run goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The saved one; the file here is that, or nothing but one of before.
    Saved,
    /// The file here: somebody has changed it.
    Here,
}

/// How the commit that is checked out stands to the one that was when the state was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// It is that one; or there is none to compare with.
    Same,
    /// It follows it.
    Later,
    /// It is from before.
    Earlier,
    /// Neither, as far as this clone knows of its history.
    Aside,
}

/// The plan's file as it is here, and what it is.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) bytes: Vec<u8>,
    pub(super) whose: Whose,
    pub(super) since: Since,
    pub(super) head: Option<Oid>,
    /// The plan's file in that commit.
    pub(super) committed: Option<Vec<u8>>,
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
        let since = head.zip(known).map_or(Since::Same, |(head, known)| since(&site.repo, head, known));
        let mut checkout = Self { bytes, whose: Whose::Here, since, head, committed };
        if let (Some(saved), Some(at)) = (saved, fetched.get(&plan.refs.plan())) {
            checkout.whose = checkout.whose(site, saved, *at)?;
        }
        Ok(checkout)
    }

    fn whose(&self, site: &Site, saved: &Saved, at: Oid) -> Result<Whose, StateError> {
        if is_as_left(site, &self.bytes)? || self.is_of_before(&self.bytes, site, saved, at)? {
            return Ok(Whose::Saved);
        }
        let here = journal(&site.state)?;
        let is_written_by_us = lineage(&here, &saved.journal) == Lineage::Apart
            && self.is_but_written(site, saved, at, &here)?;
        Ok(if is_written_by_us { Whose::Saved } else { Whose::Here })
    }

    /// Whether the saved plan follows that content of its file.
    fn is_of_before(&self, bytes: &[u8], site: &Site, saved: &Saved, at: Oid) -> Result<bool, StateError> {
        let is_committed = self.committed.as_deref() == Some(bytes);
        if bytes == saved.plan
            || saved.card.committed == Some(hash(bytes))
            || (is_committed && self.since == Since::Earlier)
        {
            return Ok(true);
        }
        let Some(id) = content_id(bytes) else { return Ok(false) };
        // What a later commit has put back is a change like any other.
        let is_put_back = self.since == Since::Later && is_committed;
        let was_seen = !is_put_back && saved.card.seen.contains(&id.to_string());
        Ok(was_seen || site.repo.versions(at, Path::new(PLAN))?.contains(&id))
    }

    /// Whether runs and verbs of this clone are all that has changed it, from what the saved plan follows.
    fn is_but_written(&self, site: &Site, saved: &Saved, at: Oid, here: &[u8]) -> Result<bool, StateError> {
        let Some(shape) = Shape::of(&self.bytes) else { return Ok(false) };
        let is_it = |bytes: &[u8]| Shape::of(bytes).as_ref() == Some(&shape);
        let committed = self.committed.as_deref().filter(|committed| is_it(committed));
        if is_it(&saved.plan) {
            return Ok(true);
        }
        let is_common =
            || Ok::<_, StateError>(common_plan(&site.repo, at, here)?.is_some_and(|plan| is_it(&plan)));
        match committed {
            Some(committed) if self.since == Since::Later => self.is_of_before(committed, site, saved, at),
            Some(committed) => Ok(self.is_of_before(committed, site, saved, at)? || is_common()?),
            None => is_common(),
        }
    }

    /// Whether more of the history may tell of what it is.
    pub(super) fn may_be_older(&self) -> bool {
        self.whose == Whose::Here && self.since == Since::Aside
    }

    /// What is to be saved of the checkout: of one that is older, nothing but that.
    pub(super) fn card(&self, site: &Site, saved: Option<&Saved>) -> Result<Card, StateError> {
        let before = saved.map(|saved| &saved.card);
        let is_older = self.whose == Whose::Saved && self.since != Since::Later;
        let mut card = match before {
            Some(card) if is_older && !card.head.is_empty() => card.clone(),
            // Of a plan that is not in this checkout, what was known of it before still holds.
            Some(card) if self.committed.is_none() => card.clone(),
            Some(_) | None => Card::new(self.committed.as_deref().map(hash), self.head),
        };
        card.seen.extend(before.into_iter().flat_map(|before| before.seen.iter().cloned()));
        card.seen.extend(seen(site, self.head)?);
        Ok(card)
    }
}

/// Whether nobody but us has written the file: it is as it was committed, or as we left it.
pub(super) fn is_ours(site: &Site, bytes: &[u8]) -> Result<bool, StateError> {
    let committed = committed(site, site.repo.head_commit().ok())?;
    Ok(committed.as_deref() == Some(bytes) || is_as_left(site, bytes)?)
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

/// The plan's file in the commit that is checked out.
fn committed(site: &Site, head: Option<Oid>) -> Result<Option<Vec<u8>>, GitError> {
    let (Some(path), Some(head)) = (site.repo.relative(site.plan.path()), head) else { return Ok(None) };
    site.repo.file_at(head, Path::new(&path))
}

fn since(repo: &Repo, head: Oid, known: Oid) -> Since {
    if head == known {
        Since::Same
    } else if repo.has(head, known) {
        Since::Later
    } else if repo.has(known, head) {
        Since::Earlier
    } else {
        Since::Aside
    }
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
