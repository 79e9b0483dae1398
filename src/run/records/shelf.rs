//! Records as commits in a remote: read and made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;

use super::record::FILE;
use super::{JobClaim, RecordError, RecordsError, TaskRecord};
use crate::git::{GitError, Message, Move, Oid, RefMap, Repo};
use crate::plan::TaskId;
use crate::run::remote::{Doubts, RemotePlan};

/// The records of an epic, and what stands in a record's place and is none.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Each with the commit that it is.
    pub(super) by_task: BTreeMap<TaskId, (Oid, TaskRecord)>,
    pub(super) broken: Vec<RecordError>,
}

/// The jobs that live and have a task, by the records among refs that were fetched.
///
/// # Errors
/// [`GitError`] if the repository can't be read.
pub fn live_claims(plan: &RemotePlan, fetched: &RefMap) -> Result<Vec<(TaskId, JobClaim)>, GitError> {
    let records = of_epic(plan, fetched)?.by_task.into_iter();
    let now = Timestamp::now();
    Ok(records.filter_map(|(task, (_, record))| Some((task, record.live_claim(now)?.clone()))).collect())
}

/// Where the plans' files are that the records among refs that were fetched are of.
///
/// # Errors
/// [`GitError`] if the repository can't be read.
pub fn places(plan: &RemotePlan, fetched: &RefMap) -> Result<BTreeSet<String>, GitError> {
    let records = of_epic(plan, fetched)?.by_task.into_values();
    Ok(records.filter_map(|(_, record)| record.plan).collect())
}

/// The claims of jobs that live, or are not known to be dead yet: `doubts` has those then.
///
/// # Errors
/// [`GitError`] if the repository can't be read.
pub fn known_claims(
    plan: &RemotePlan,
    fetched: &RefMap,
    doubts: &mut Doubts,
) -> Result<Vec<(TaskId, JobClaim)>, GitError> {
    let names: BTreeMap<_, _> = fetched.iter().map(|(name, at)| (*at, name.as_str())).collect();
    let records = of_epic(plan, fetched)?.by_task.into_iter();
    let claims = records.filter_map(|(task, (at, record))| Some((task, at, record.claim?)));
    let lives = |(_, at, claim): &(TaskId, Oid, JobClaim)| {
        names.get(at).is_some_and(|name| doubts.lives(claim.held(name, *at)))
    };
    Ok(claims.filter(lives).map(|(task, _, claim)| (task, claim)).collect())
}

/// Takes away the claims of jobs that count as dead, in the remote and among what was fetched.
///
/// # Errors
/// [`RecordsError`] if the remote can't be written, or if one of them is heard of just now.
pub fn end_dead_claims(
    plan: &RemotePlan,
    fetched: &mut RefMap,
    doubts: &mut Doubts,
) -> Result<(), RecordsError> {
    let known: BTreeMap<_, _> = fetched.iter().map(|(name, at)| (*at, name.clone())).collect();
    let mut moves = Vec::new();
    for (at, record) in of_epic(plan, fetched)?.by_task.into_values() {
        if let (Some(name), Some(claim)) = (known.get(&at), &record.claim)
            && !doubts.lives(claim.held(name, at))
        {
            let free = store(plan, &TaskRecord { claim: None, ..record })?;
            moves.push(Move::advance(name, Some(at), free));
        }
    }
    plan.remote.push(&moves)?;
    fetched.extend(moves.into_iter().filter_map(|each| Some((each.name, each.to?))));
    Ok(())
}

/// What jobs have left of single tasks, among refs that were fetched.
///
/// # Errors
/// [`GitError`] if the repository can't be read.
pub(in crate::run) fn records_of(plan: &RemotePlan, fetched: &RefMap) -> Result<Vec<TaskRecord>, GitError> {
    Ok(of_epic(plan, fetched)?.by_task.into_values().map(|(_, record)| record).collect())
}

/// The records among refs that were fetched.
pub(super) fn of_epic(plan: &RemotePlan, fetched: &RefMap) -> Result<Records, GitError> {
    let folder = plan.refs.records();
    of_refs(plan.remote.repo(), fetched.iter().filter(|(name, _)| name.starts_with(&folder)))
}

/// The claim on a task, under which ref it is, and where that is.
pub(super) fn claim_of(
    plan: &RemotePlan,
    fetched: &RefMap,
    task: &TaskId,
) -> Result<Option<(String, Oid, JobClaim)>, GitError> {
    let Some((at, record)) = of_epic(plan, fetched)?.by_task.remove(task) else { return Ok(None) };
    let name = fetched.iter().find(|(_, there)| **there == at).map(|(name, _)| name.clone());
    Ok(name.zip(record.claim).map(|(name, claim)| (name, at, claim)))
}

/// The records under these refs.
pub(super) fn of_refs<'r>(
    repo: &Repo,
    refs: impl Iterator<Item = (&'r String, &'r Oid)>,
) -> Result<Records, GitError> {
    let mut records = Records::default();
    for (name, at) in refs {
        match read(repo, name, *at)? {
            Ok(record) => drop(records.by_task.insert(record.task.clone(), (*at, record))),
            Err(error) => records.broken.push(error),
        }
    }
    Ok(records)
}

/// The record under one ref as it is in the remote now.
pub(super) fn look(plan: &RemotePlan, name: &str) -> Result<Option<(Oid, TaskRecord)>, RecordsError> {
    let refs = plan.remote.fetch(&[name])?;
    let Some(at) = refs.get(name) else { return Ok(None) };
    Ok(Some((*at, read(plan.remote.repo(), name, *at)??)))
}

/// A commit with the record, which no ref holds yet.
pub(super) fn store(plan: &RemotePlan, record: &TaskRecord) -> Result<Oid, RecordsError> {
    let message = Message::new(&format!("Record of task {}", record.task));
    Ok(plan.remote.repo().store_files(&[(FILE, &*record.write()?)], &[], &message, Timestamp::now())?)
}

fn read(repo: &Repo, name: &str, at: Oid) -> Result<Result<TaskRecord, RecordError>, GitError> {
    let nothing = || RecordError::Unreadable { name: name.to_owned(), why: format!("it has no {FILE}") };
    let bytes = repo.file_at(at, Path::new(FILE))?;
    Ok(bytes.ok_or_else(nothing).and_then(|bytes| TaskRecord::read(name, &bytes)))
}
