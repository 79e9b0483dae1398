//! What jobs have left in the remote, taken into the journal of a clone that works at the whole plan.

use serde_json::Value;

use super::fold::Known;
use super::shelf::read;
use super::{RecordsError, TaskRecord};
use crate::git::{EpicRefs, RefMap};
use crate::run::record::open_journal;
use crate::run::{RunError, Site};
use crate::store::read_records;

/// The records among what was fetched. What is none is passed over: the task counts as one that no job has had.
pub(in crate::run) fn records(
    site: &Site,
    refs: &EpicRefs,
    fetched: &RefMap,
) -> Result<Vec<TaskRecord>, RecordsError> {
    let (records, broken) = read(&site.repo, fetched, &refs.records())?;
    for broken in &broken {
        tracing::warn!(%broken, "passed over");
    }
    Ok(records.into_values().map(|(_, record)| record).collect())
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
