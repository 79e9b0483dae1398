//! The state of a plan as one commit: its file, its journal, and what is needed to tell whether somebody has changed that file since.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StateError;
use crate::git::{Message, Oid, Repo};
use crate::run::{History, Record};

pub(super) const PLAN: &str = "genesis.xml";
const JOURNAL: &str = "journal.jsonl";
const CARD: &str = "state.json";
/// The layout that is written here.
const VERSION: u32 = 1;

/// A state of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The plan's file.
    pub plan: Vec<u8>,
    /// The journal.
    pub journal: Vec<u8>,
    pub(super) card: Card,
}

/// What belongs to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card {
    version: u32,
    /// The plan's file in the commit that was checked out where this was saved, by the hash of its content; nothing where it had none.
    pub(super) committed: Option<String>,
    /// That commit; empty where there was none.
    #[serde(default)]
    pub(super) head: String,
    /// All that the plan's file has been in commits that were checked out, and in those before them, by git's ids.
    #[serde(default)]
    pub(super) seen: BTreeSet<String>,
    /// Where the plan's file is in its repository; nothing in what earlier versions have saved.
    #[serde(default)]
    pub(super) plan: Option<String>,
}

impl Card {
    pub(super) fn new(committed: Option<String>, head: Option<Oid>) -> Self {
        let head = head.map(|head| head.to_string()).unwrap_or_default();
        Self { version: VERSION, committed, head, seen: BTreeSet::new(), plan: None }
    }
}

impl Saved {
    pub(super) fn new(plan: Vec<u8>, journal: Vec<u8>, card: Card) -> Self {
        Self { plan, journal, card }
    }

    pub(super) fn read(repo: &Repo, name: &str, at: Oid) -> Result<Self, StateError> {
        let file = |file: &str| {
            let bytes = repo.file_at(at, Path::new(file))?;
            bytes.ok_or_else(|| StateError::unreadable(name, format!("it has no {file}")))
        };
        let card = serde_json::from_slice(&file(CARD)?);
        let card = card.map_err(|error| StateError::unreadable(name, error))?;
        Ok(Self { plan: file(PLAN)?, journal: file(JOURNAL)?, card })
    }

    /// A commit with it, which no ref holds yet; those before it stay reachable by it.
    pub(super) fn store(&self, repo: &Repo, before: Option<Oid>) -> Result<Oid, StateError> {
        let card = serde_json::to_vec(&self.card).map_err(|error| StateError::unreadable(CARD, error))?;
        let files = [(PLAN, &*self.plan), (JOURNAL, &*self.journal), (CARD, &*card)];
        let before: Vec<_> = before.into_iter().collect();
        Ok(repo.store_files(&files, &before, &Message::new("State of the plan"), Timestamp::now())?)
    }

    /// What the journal says.
    pub fn history(&self) -> History {
        let lines = self.journal.split(|byte| *byte == b'\n');
        History::from_records(lines.filter_map(|line| serde_json::from_slice::<Record>(line).ok()))
    }
}
