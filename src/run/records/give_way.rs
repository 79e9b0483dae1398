//! A clone that is used again: what its journal has of earlier jobs, the remote has by now, perhaps in another order.

use std::fs;

use serde_json::Value;

use super::fold::Known;
use super::{RecordsError, shelf};
use crate::git::RefMap;
use crate::run::remote::RemotePlan;
use crate::run::{Site, Tenure};
use crate::store::{StoreError, read_records};

/// What is true of one clone only, or says nothing that others would miss.
const OWN: [&str; 8] = [
    "journal-begun",
    "run-started",
    "run-ending",
    "run-ended",
    "merged",
    "verified",
    "asked",
    "agent-started",
];

/// Moves the journal of this clone aside, if it tells another story than the remote's, and nothing that the remote has not, in its journal or
/// in records. Call it before the remote's state is taken up.
///
/// # Errors
/// [`RecordsError`] if a run is live here, or if disk or git fail.
pub fn give_way(site: &Site, plan: &RemotePlan, fetched: &RefMap) -> Result<(), RecordsError> {
    let Some(saved) = plan.saved(fetched)? else { return Ok(()) };
    let path = site.state.journal();
    let Ok(here) = fs::read(&path) else { return Ok(()) };
    if here.starts_with(&saved.journal) || saved.journal.starts_with(&here) {
        return Ok(());
    }
    let there = saved.journal.split(|byte| *byte == b'\n');
    let there: Vec<Value> = there.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let mut known = Known::of(&there);
    for (_, record) in shelf::of_epic(plan, fetched)?.by_task.into_values() {
        known.take(&record.facts);
    }
    let here: Vec<Value> = read_records(&path)?.records;
    let is_own =
        |line: &Value| line.get("fact").and_then(Value::as_str).is_some_and(|fact| OWN.contains(&fact));
    if known.take(&here).iter().all(is_own) {
        let _tenure = Tenure::take(&site.state, plan.refs.epic())?;
        let aside = path.with_file_name("journal.replaced.jsonl");
        fs::rename(&path, aside).map_err(StoreError::io("rename", &path))?;
    }
    Ok(())
}
