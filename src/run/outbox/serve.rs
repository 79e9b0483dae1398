//! The run's side: what has come, and the answers to it.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use super::LONGEST;
use super::folder::Folder;
use super::message::{Answer, Request};
use crate::git::OWN_FOLDER;
use crate::run::watch::Opened;

pub(super) const REQUESTS: &str = "requests";
pub(super) const ANSWERS: &str = "answers";
pub(super) const SUFFIX: &str = ".json";

/// A request's name is no longer than this: 64 bits of nanoseconds, a process and a random number, with room to grow.
const LONGEST_NAME: usize = 80;
/// So many files of the folder are looked at, whatever an agent fills it with.
const MOST_FILES: usize = 10_000;
/// So many requests are taken at a look; the rest at the next.
const MOST_AT_ONCE: usize = 256;

/// A request that has come.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::run) struct Incoming {
    /// Its name, which its answer gets, too.
    pub(in crate::run) name: String,
    /// What it says, or why it is none.
    pub(in crate::run) request: Result<Request, String>,
}

/// The requests that have come, the oldest first, but for those `taken` before. Blocking.
pub(in crate::run) fn look(worktree: &Path, taken: &HashSet<String>) -> Vec<Incoming> {
    // No folder is no request; one that can't be read is the agent's own trouble.
    let Ok(requests) = open(worktree) else { return Vec::new() };
    let is_new = |name: &str| is_name(name) && !taken.contains(name);
    let names = requests.names(is_new, MOST_FILES).unwrap_or_default();
    let incoming = |name: String| Incoming { request: read(&requests, &name), name };
    names.into_iter().take(MOST_AT_ONCE).map(incoming).collect()
}

/// Answers a request and takes it away; best effort, since the agent may have spoilt its folder meanwhile. Blocking.
pub(in crate::run) fn answer(worktree: &Path, name: &str, answer: &Answer) {
    if let Err(error) = try_answer(worktree, name, answer) {
        tracing::debug!(%error, name, "a request can't be answered");
    }
    if let Ok(requests) = open(worktree) {
        requests.remove(name);
    }
}

/// The folder that requests come into, to be watched; where it isn't there, that in which it or its parent is to come.
pub(in crate::run) fn to_be_watched(worktree: &Path) -> io::Result<Opened> {
    let worktree = Folder::open(worktree)?;
    let Ok(own) = worktree.folder(OWN_FOLDER) else {
        return Ok(Opened::parent_of(OWN_FOLDER, worktree.into()));
    };
    Ok(match own.folder(REQUESTS) {
        Ok(requests) => Opened::arrivals(requests.into()),
        Err(_) => Opened::parent_of(REQUESTS, own.into()),
    })
}

fn try_answer(worktree: &Path, name: &str, answer: &Answer) -> io::Result<()> {
    let answers = Folder::open(worktree)?.folder(OWN_FOLDER)?.make(ANSWERS)?;
    answers.write(name, &serde_json::to_vec(answer)?)
}

fn open(worktree: &Path) -> io::Result<Folder> {
    Folder::open(worktree)?.folder(OWN_FOLDER)?.folder(REQUESTS)
}

fn read(requests: &Folder, name: &str) -> Result<Request, String> {
    let bytes = requests.read(name, LONGEST).map_err(|error| format!("it can't be read: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("it can't be understood: {error}"))
}

/// Whether it is a name that we gave: no other is opened, answered or removed.
fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(SUFFIX).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f' | '-');
    !stem.is_empty() && name.len() <= LONGEST_NAME && stem.chars().all(is_plain)
}
