//! What the remote has of one task.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::genesis::Status;
use crate::git::Oid;
use crate::plan::TaskId;
use crate::run::remote::{Held, Vitals, free_at, is_over};

/// The layout of what is written here.
const VERSION: u32 = 1;
/// The file of a record's commit that it stands in.
pub(super) const FILE: &str = "record.json";

/// How one task stands, as the last job that had it says: `schemas/record.schema.json` has it key by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Of this layout. Keys may be added within a version.
    pub(super) version: u32,
    /// The epic's slug.
    pub epic: String,
    /// Where the plan's file is in its repository; nothing in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The task's id.
    pub task: TaskId,
    /// Its status when this was written.
    pub status: Status,
    /// Who is at it.
    pub claim: Option<JobClaim>,
    /// What the journals of all jobs have said of the task, the first thing first: lines of a journal, as they stand there.
    pub facts: Vec<Value>,
}

/// That a job has a task, for as long as it says so again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobClaim {
    /// Whose it is, for people.
    pub owner: String,
    /// The run that does the task: no two have the same.
    pub run: String,
    /// Its machine.
    pub host: String,
    /// From then on the job counts as dead.
    pub expires: Timestamp,
    /// By which others see whether it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::run) vitals: Option<Box<Vitals>>,
}

impl JobClaim {
    /// For those who look whether it lives: under the ref `name`, which is `at` that commit.
    pub(super) fn held<'a>(&'a self, name: &'a str, at: Oid) -> Held<'a> {
        Held { name, at, run: &self.run, expires: self.expires, vitals: self.vitals.as_deref() }
    }

    /// Whether its process is known to have ended.
    pub(super) fn is_gone(&self) -> bool {
        self.vitals.as_deref().is_some_and(Vitals::are_gone)
    }

    /// From when on another job may have the task, if nothing is heard of this one until then.
    pub fn free_at(&self) -> Timestamp {
        free_at(self.expires)
    }
}

/// A record that can't be used.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is none.
    #[error("the record `{name}` can't be read: {why}")]
    Unreadable {
        /// The ref that it is under.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A later version has written it in a way that we don't know.
    #[error("the record `{name}` is of version {version}, and this program knows version {VERSION} only")]
    OfLaterVersion {
        /// The ref that it is under.
        name: String,
        /// Its version.
        version: u64,
    },
}

impl RecordError {
    /// The ref that it is about.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Unreadable { name, .. } | Self::OfLaterVersion { name, .. } => name,
        }
    }
}

impl TaskRecord {
    /// One of a task of which nothing has been said yet.
    pub fn new(epic: &str, task: &TaskId) -> Self {
        let (epic, task) = (epic.to_owned(), task.clone());
        Self {
            version: VERSION,
            epic,
            plan: None,
            task,
            status: Status::Pending,
            claim: None,
            facts: Vec::new(),
        }
    }

    /// Reads what stands under the ref of that name.
    ///
    /// # Errors
    /// [`RecordError`] if it is no record, or a later version's.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, RecordError> {
        let unreadable = |why: String| RecordError::Unreadable { name: name.to_owned(), why };
        let value: Value = serde_json::from_slice(bytes).map_err(|error| unreadable(error.to_string()))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => return Err(RecordError::OfLaterVersion { name: name.to_owned(), version }),
            None => return Err(unreadable("it has no version".to_owned())),
        }
        serde_json::from_value(value).map_err(|error| unreadable(error.to_string()))
    }

    /// What [`TaskRecord::read`] reads.
    ///
    /// # Errors
    /// What the encoder says: it has no reason to.
    pub fn write(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The claim of a job that lives, as far as the clock tells, as of `now`.
    pub fn live_claim(&self, now: Timestamp) -> Option<&JobClaim> {
        self.claim.as_ref().filter(|claim| !is_over(claim.expires, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> TaskRecord {
        let claim = JobClaim {
            owner: "ada".into(),
            run: "r1".into(),
            host: "here".into(),
            expires: Timestamp::from_second(100).unwrap(),
            vitals: None,
        };
        TaskRecord { claim: Some(claim), ..TaskRecord::new("shop", &TaskId::from("parse")) }
    }

    #[test]
    fn what_is_written_is_read_again_with_facts_that_nobody_here_knows() {
        let fact = serde_json::json!({"time": "2026-01-01T00:00:00Z", "fact": "of-later", "task": "parse", "new": [1]});
        let record = TaskRecord { facts: vec![fact], ..record() };
        assert_eq!(TaskRecord::read("r", &record.write().unwrap()).unwrap(), record);
    }

    #[test]
    fn a_claim_lives_until_it_expires_by_any_clock() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(record().live_claim(at(105)).is_some());
        assert!(record().live_claim(at(106)).is_none());
    }

    #[test]
    fn what_is_no_record_is_refused_by_name() {
        let later = br#"{"version":2,"tasks":[]}"#;
        let said = |bytes: &[u8]| TaskRecord::read("refs/x", bytes).unwrap_err().to_string();
        assert_eq!(said(later), "the record `refs/x` is of version 2, and this program knows version 1 only");
        for bytes in [&b""[..], b"[]", b"{", b"{\"version\":1}", b"\xff", b"{\"version\":-1}"] {
            assert!(said(bytes).starts_with("the record `refs/x` can't be read: "), "{}", said(bytes));
        }
    }
}
