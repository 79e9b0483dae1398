//! What jobs have left in the remote, taken into the journal of a clone that works at the whole plan.

use serde_json::Value;

use super::abandoned::ended;
use super::fold::Known;
use super::shelf::read;
use super::{RecordsError, TaskRecord};
use crate::git::{EpicRefs, RefMap, Repo};
use crate::plan::TaskId;
use crate::run::record::{AttemptStarted, Record, open_journal};
use crate::run::{History, RunError, Site};
use crate::store::read_records;

/// The records among what was fetched. What is none is passed over: the task counts as one that no job has had.
pub(in crate::run) fn records(
    repo: &Repo,
    refs: &EpicRefs,
    fetched: &RefMap,
) -> Result<Vec<TaskRecord>, RecordsError> {
    let (records, broken) = read(repo, fetched, &refs.records())?;
    for broken in &broken {
        tracing::warn!(%broken, "passed over");
    }
    Ok(records.into_values().map(|(_, record)| record).collect())
}

/// What a journal with these lines says together with the records, each fact once.
pub(in crate::run) fn told(journal: &[u8], records: &[TaskRecord]) -> History {
    let lines = journal.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let mut lines: Vec<Value> = lines.collect();
    let new = Known::of(&lines).take_all(records);
    lines.extend(new);
    History::from_records(lines.into_iter().filter_map(|line| serde_json::from_value::<Record>(line).ok()))
}

/// Has the journal know what the records say, each fact once; gives how many were new.
pub(in crate::run) fn take_in(site: &Site, records: &[TaskRecord]) -> Result<usize, RecordsError> {
    if records.is_empty() {
        return Ok(0);
    }
    let path = site.state.journal();
    let lines = read_records::<Value>(&path).map_err(RunError::from)?.records;
    let new = Known::of(&lines).take_all(records);
    let mut journal = open_journal(&path).map_err(RunError::from)?;
    new.iter().try_for_each(|line| journal.add(line)).map_err(RunError::from)?;
    journal.flush().map_err(RunError::from)?;
    Ok(new.len())
}

/// Brings to an end what other machines had begun and nobody can take up here: their agents are gone with them. Gives the tasks.
///
/// Call it only while nobody else works at the plan.
pub(in crate::run) fn end_abandoned(site: &Site) -> Result<Vec<TaskId>, RecordsError> {
    let path = site.state.journal();
    let history = History::from_records(read_records::<Record>(&path).map_err(RunError::from)?.records);
    let is_here =
        |started: &AttemptStarted| site.state.attempt(&started.slug, started.attempt).path().exists();
    let open = history.tasks().filter_map(|(task, story)| Some((task, story.open_attempt()?)));
    let mut tasks: Vec<_> =
        open.filter(|(_, open)| !is_here(&open.started)).map(|(task, _)| task.clone()).collect();
    tasks.sort();
    let facts = tasks.iter().flat_map(|task| ended(&history, task, "it ended without a word"));
    for fact in facts {
        open_journal(&path)
            .and_then(|mut journal| journal.append(&Record::now(fact)))
            .map_err(RunError::from)?;
    }
    Ok(tasks)
}
