//! The epic's refs in a remote: what is there, brought here, and the records among it, read.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::record::FILE;
use super::{RecordError, RecordsError, TaskRecord};
use crate::git::{EpicRefs, GitError, Message, Oid, RefMap, Remote, Repo};
use crate::plan::TaskId;

/// Where the remote keeps what jobs know.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    pub(super) remote: Remote,
    pub(super) refs: EpicRefs,
}

/// What was there when it was looked at.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Every ref of the epic.
    pub(super) refs: RefMap,
    /// The records, and where each stands.
    pub(super) records: BTreeMap<TaskId, (Oid, TaskRecord)>,
    /// What stands in a record's place, and is none.
    pub(super) broken: Vec<RecordError>,
}

impl Shelf {
    /// Brings here all that the remote has of the epic. Local refs stay as they are.
    pub(super) fn fetch(&self) -> Result<Fetched, RecordsError> {
        let (branches, own) = (self.refs.all_branches(), self.refs.all());
        let integration = self.refs.integration().full();
        let refs = self.remote.fetch(&[&branches, &integration, &own])?;
        let (records, broken) = self.records(&refs)?;
        Ok(Fetched { refs, records, broken })
    }

    /// The records among refs that were fetched.
    pub(super) fn records(&self, fetched: &RefMap) -> Result<Read, GitError> {
        read(self.remote.repo(), fetched, &self.refs.records())
    }

    /// A commit with the record, which no ref holds yet.
    pub(super) fn store(&self, record: &TaskRecord) -> Result<Oid, RecordsError> {
        let text = format!("Record of task {}", record.task);
        let files = [(FILE, &*record.write()?)];
        Ok(self.remote.repo().store_files(&files, &[], &Message::new(&text), Timestamp::now())?)
    }

    /// The task's record as it is in the remote now.
    pub(super) fn look(&self, name: &str) -> Result<Option<(Oid, TaskRecord)>, RecordsError> {
        let refs = self.remote.fetch(&[name])?;
        let Some(at) = refs.get(name) else { return Ok(None) };
        Ok(Some((*at, read_one(self.remote.repo(), name, *at)??)))
    }
}

/// Each with where it stands; and what is none.
pub(super) type Read = (BTreeMap<TaskId, (Oid, TaskRecord)>, Vec<RecordError>);

/// The records among those refs, whose names begin with `folder`.
pub(super) fn read(repo: &Repo, refs: &RefMap, folder: &str) -> Result<Read, GitError> {
    let (mut records, mut broken) = (BTreeMap::new(), Vec::new());
    for (name, at) in refs.iter().filter(|(name, _)| name.starts_with(folder)) {
        match read_one(repo, name, *at)? {
            Ok(record) => drop(records.insert(record.task.clone(), (*at, record))),
            Err(error) => broken.push(error),
        }
    }
    Ok((records, broken))
}

fn read_one(repo: &Repo, name: &str, at: Oid) -> Result<Result<TaskRecord, RecordError>, GitError> {
    let nothing = || RecordError::Unreadable { name: name.to_owned(), why: format!("it has no {FILE}") };
    let bytes = repo.file_at(at, Path::new(FILE))?;
    Ok(bytes.ok_or_else(nothing).and_then(|bytes| TaskRecord::read(name, &bytes)))
}
