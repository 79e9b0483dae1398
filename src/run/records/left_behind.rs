//! What runs on other machines have left behind, and what is known of a plan from afar.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::fold::Known;
use super::{JobClaim, RecordsError, abandoned, shelf};
use crate::git::{EpicRefs, GitError, RefMap, Repo};
use crate::plan::TaskId;
use crate::run::record::{AttemptStarted, Record, open_journal};
use crate::run::remote::RemotePlan;
use crate::run::{History, Site};
use crate::store::{StoreError, read_records};

/// Brings to an end what a run on another machine had begun, and nobody can take up here: its agents are gone with it. Gives the tasks. Those
/// that have a record are left to [`super::Venue::take_in`].
///
/// Call it with the lease, so that no such run lives.
///
/// # Errors
/// [`RecordsError`] if the journal can't be written.
pub fn end_left_behind(
    site: &Site,
    plan: &RemotePlan,
    fetched: &RefMap,
) -> Result<Vec<TaskId>, RecordsError> {
    let of_jobs: BTreeSet<_> = shelf::of_epic(plan, fetched)?.by_task.into_keys().collect();
    let path = site.state.journal();
    let history = History::from_records(read_records::<Record>(&path)?.records);
    let is_here =
        |started: &AttemptStarted| site.state.attempt(&started.slug, started.attempt).path().exists();
    let open = history.tasks().filter_map(|(task, story)| Some((task, story.open_attempt()?)));
    let open = open.filter(|(task, open)| !of_jobs.contains(*task) && !is_here(&open.started));
    let mut tasks: Vec<_> = open.map(|(task, _)| task.clone()).collect();
    tasks.sort();
    for task in &tasks {
        for fact in abandoned::ended(&history, task, "it ended without a word") {
            open_journal(&path)?.append(&Record::now(fact))?;
        }
    }
    Ok(tasks)
}

/// What the journal of a clone says together with the records that its remotes had when they were last asked; nothing, if there were none.
///
/// # Errors
/// [`RecordsError`] if the journal or the repository can't be read.
pub fn known_here(repo: &Repo, refs: &EpicRefs, journal: &Path) -> Result<Option<Vec<Record>>, RecordsError> {
    let Some((plan, known)) = records_here(repo, refs)? else { return Ok(None) };
    let journal = match fs::read(journal) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(StoreError::io("read", journal)(error).into()),
    };
    Ok(told(Some(&journal), &plan, &known)?)
}

/// The jobs that were alive and had a task when the remotes of a clone were last asked.
///
/// # Errors
/// [`RecordsError`] if the repository can't be read.
pub fn claims_here(repo: &Repo, refs: &EpicRefs) -> Result<Vec<(TaskId, JobClaim)>, RecordsError> {
    let Some((plan, known)) = records_here(repo, refs)? else { return Ok(Vec::new()) };
    Ok(shelf::live_claims(&plan, &known)?)
}

/// The records that a clone knows of the first of its remotes that has any.
fn records_here(repo: &Repo, refs: &EpicRefs) -> Result<Option<(RemotePlan, RefMap)>, RecordsError> {
    for name in repo.remotes()? {
        let plan = RemotePlan { remote: repo.remote(&name)?, refs: refs.clone() };
        let known = plan.remote.known(&[&format!("{}*", refs.records())])?;
        if !known.is_empty() {
            return Ok(Some((plan, known)));
        }
    }
    Ok(None)
}

/// What a journal says together with the records among the refs that were fetched, each fact once; nothing if there is neither.
pub(in crate::run) fn told(
    journal: Option<&[u8]>,
    plan: &RemotePlan,
    fetched: &RefMap,
) -> Result<Option<Vec<Record>>, GitError> {
    let records = shelf::of_epic(plan, fetched)?.by_task;
    if journal.is_none() && records.is_empty() {
        return Ok(None);
    }
    let lines = journal.unwrap_or_default().split(|byte| *byte == b'\n');
    let mut lines: Vec<Value> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let new = Known::of(&lines).take_all(records.values().map(|(_, record)| record));
    lines.extend(new);
    Ok(Some(lines.into_iter().filter_map(|line| serde_json::from_value(line).ok()).collect()))
}
