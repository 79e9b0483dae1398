//! Records as commits in a remote: read and made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;

use super::record::FILE;
use super::{JobClaim, RecordError, RecordsError, TaskRecord};
use crate::git::{GitError, Message, Move, Oid, RefMap, Repo};
use crate::plan::TaskId;
use crate::run::remote::RemotePlan;

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

/// Takes away the claims of jobs that count as dead, in the remote and among what was fetched.
///
/// # Errors
/// [`RecordsError`] if the remote can't be written, or if one of them is heard of just now.
pub fn end_dead_claims(plan: &RemotePlan, fetched: &mut RefMap) -> Result<(), RecordsError> {
    let now = Timestamp::now();
    let known: BTreeMap<_, _> = fetched.iter().map(|(name, at)| (*at, name.clone())).collect();
    let mut moves = Vec::new();
    for (at, record) in of_epic(plan, fetched)?.by_task.into_values() {
        if let (Some(name), true, None) = (known.get(&at), record.claim.is_some(), record.live_claim(now)) {
            let free = store(plan, &TaskRecord { claim: None, ..record })?;
            moves.push(Move::advance(name, Some(at), free));
        }
    }
    plan.remote.push(&moves)?;
    fetched.extend(moves.into_iter().filter_map(|each| Some((each.name, each.to?))));
    Ok(())
}

/// The records among refs that were fetched.
pub(super) fn of_epic(plan: &RemotePlan, fetched: &RefMap) -> Result<Records, GitError> {
    let folder = plan.refs.records();
    of_refs(plan.remote.repo(), fetched.iter().filter(|(name, _)| name.starts_with(&folder)))
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
