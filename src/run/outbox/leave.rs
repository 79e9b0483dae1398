//! The agent's side: one request, and the wait for its answer.

use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::LONGEST;
use super::folder::Folder;
use super::message::{Answer, Request};
use super::serve::{ANSWERS, REQUESTS, SUFFIX};
use crate::git::OWN_FOLDER;
use crate::store::StoreError;

/// Between two looks for the answer.
const LOOK: Duration = Duration::from_millis(20);

const IGNORE: &str = ".gitignore";
const IGNORE_ALL: &[u8] = b"*\n";

/// Why a request could not be left.
#[derive(Debug, Error)]
pub enum LeaveError {
    /// It is too long.
    #[error("that is too long: {length} bytes, {LONGEST} at most")]
    TooLong {
        /// How long it is.
        length: usize,
    },
    /// It can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A request that was left.
#[derive(Debug)]
pub struct Ticket {
    worktree: PathBuf,
    name: String,
}

/// Leaves a request for the run: once this returns, it is on disk, and will be taken, now or when the agent has ended.
///
/// # Errors
/// [`LeaveError`] when it is too long or can't be written.
pub fn leave(worktree: &Path, request: &Request) -> Result<Ticket, LeaveError> {
    let folder = worktree.join(OWN_FOLDER);
    let encoded =
        serde_json::to_vec(request).map_err(|source| StoreError::Encode { path: folder.clone(), source })?;
    if encoded.len() as u64 > LONGEST {
        return Err(LeaveError::TooLong { length: encoded.len() });
    }
    let name = name();
    write(worktree, &name, &encoded).map_err(|source| StoreError::Io {
        action: "leave a request in",
        path: folder,
        source,
    })?;
    Ok(Ticket { worktree: worktree.to_owned(), name })
}

/// Our own folder in a worktree, which ignores itself in git; made if it isn't there.
///
/// # Errors
/// What the system says; also if a link stands in its place.
pub fn own_folder(worktree: &Path) -> io::Result<PathBuf> {
    open_own(worktree)?;
    Ok(worktree.join(OWN_FOLDER))
}

fn open_own(worktree: &Path) -> io::Result<Folder> {
    let own = Folder::open(worktree)?.make(OWN_FOLDER)?;
    if !own.read(IGNORE, LONGEST).is_ok_and(|found| found == IGNORE_ALL) {
        own.write(IGNORE, IGNORE_ALL)?;
    }
    Ok(own)
}

/// There is a token in the request.
fn write(worktree: &Path, name: &str, request: &[u8]) -> io::Result<()> {
    open_own(worktree)?.make(REQUESTS)?.write_secret(name, request)
}

impl Ticket {
    /// The run's answer, if it comes within `patience`.
    pub fn wait(&self, patience: Duration) -> Option<Answer> {
        let deadline = Instant::now() + patience;
        loop {
            let answer = self.answer();
            if answer.is_some() || Instant::now() >= deadline {
                return answer;
            }
            sleep(LOOK);
        }
    }

    fn answer(&self) -> Option<Answer> {
        let answers = Folder::open(&self.worktree).ok()?.folder(OWN_FOLDER).ok()?.folder(ANSWERS).ok()?;
        let answer = serde_json::from_slice(&answers.read(&self.name, LONGEST).ok()?).ok()?;
        answers.remove(&self.name);
        Some(answer)
    }
}

/// One that sorts by time, and that no other process or call has.
fn name() -> String {
    let nanoseconds = jiff::Timestamp::now().as_nanosecond();
    format!("{nanoseconds:020}-{:08x}-{:08x}{SUFFIX}", std::process::id(), fastrand::u32(..))
}
