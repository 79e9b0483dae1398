use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use thiserror::Error;

use super::disk::disk;
use super::replace::{Replacement, sweep};
use super::seen::{Saved, Seen};
use super::{Disk, Lock, StoreError};
use crate::genesis::{Edit, EditError, Genesis, Invalid};

/// How often a save starts over when somebody without our lock changes the file at the same moment.
const SAVE_TRIES: usize = 20;
/// How often a file that is no document is looked at again before a save gives up, and the pause before each look.
const LOOKS: usize = 20;
const LOOK: Duration = Duration::from_millis(50);
/// How long whoever writes the plan may keep its lock; as many as there may be, each has it for milliseconds.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long who has more to do than to wait for the lock waits before it sees to the rest.
const MOMENT: Duration = Duration::from_millis(100);
/// A file that has not changed for this long is not being written.
const RECENT: Duration = Duration::from_secs(2);

/// A `genesis.xml` on disk, with the lock that all our writers take.
#[derive(Debug, Clone)]
pub struct PlanFile {
    path: PathBuf,
    lock: PathBuf,
    disk: &'static dyn Disk,
}

/// Why a plan file could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is no genesis document.
    #[error("the plan is invalid")]
    Invalid(Invalid),
}

/// Why a plan file could not be changed; it is as it was.
#[derive(Debug, Error)]
pub enum CommitError<E> {
    /// It could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It could not be saved.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The edit did not fit the document.
    #[error(transparent)]
    Edit(EditError),
    /// The caller did not want to, after all.
    #[error(transparent)]
    Refused(E),
}

/// What a commit left on disk.
#[derive(Debug)]
pub struct Committed {
    /// The document as it is now.
    pub genesis: Genesis,
    /// Whether a byte changed.
    pub changed: bool,
}

impl PlanFile {
    /// The plan at `path` (a link is followed, so that the file behind it is replaced and not the link), with the
    /// lock file that its writers take.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such file.
    pub fn new(path: &Path, lock: PathBuf) -> Result<Self, StoreError> {
        let path = fs::canonicalize(path).map_err(StoreError::io("read", path))?;
        Ok(Self { path, lock, disk: disk() })
    }

    /// The same plan, written to by way of that disk.
    #[must_use]
    pub fn on(self, disk: &'static dyn Disk) -> Self {
        Self { disk, ..self }
    }

    pub(super) fn disk(&self) -> &'static dyn Disk {
        self.disk
    }

    /// The file's absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the document; no lock is needed, since we only ever replace the file whole. One that somebody else is writing in place is
    /// waited for.
    ///
    /// # Errors
    /// [`LoadError`] when it can't be read or is no genesis document.
    pub fn load(&self) -> Result<Genesis, LoadError> {
        read_settled(&self.path)
    }

    /// The same, with what the file looks like.
    pub(super) fn see(&self) -> Result<Seen, LoadError> {
        see_settled(&self.path)
    }

    /// Who holds it has it for moments, unless it hangs.
    pub(super) fn lock(&self) -> Result<Lock, StoreError> {
        Lock::wait_at_most(&self.lock, PATIENCE)
    }

    pub(super) fn lock_for_a_moment(&self) -> Result<Lock, StoreError> {
        Lock::wait_at_most(&self.lock, MOMENT)
    }

    /// Removes what saves left that were killed half-way.
    ///
    /// # Errors
    /// [`StoreError`] when the lock can't be taken.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        sweep(&self.path);
        Ok(())
    }

    /// Locks, reads the file as it is now, and saves the edit that `decide` makes of it; an empty edit writes
    /// nothing.
    ///
    /// Calls `decide` again when somebody else changed the file before it could be replaced.
    ///
    /// # Errors
    /// [`CommitError`]; the file is then unchanged.
    pub fn commit<E>(
        &self,
        decide: impl Fn(&Genesis) -> Result<Edit, E>,
    ) -> Result<Committed, CommitError<E>> {
        self.commit_from(None, decide)
    }

    /// The same, for who has read the file already: if it is still `seen`, it is not read again.
    ///
    /// # Errors
    /// [`CommitError`]; the file is then unchanged.
    pub fn commit_from<E>(
        &self,
        mut seen: Option<Seen>,
        decide: impl Fn(&Genesis) -> Result<Edit, E>,
    ) -> Result<Committed, CommitError<E>> {
        let _lock = self.lock()?;
        // Nobody else has one here as long as we have the lock.
        sweep(&self.path);
        for _ in 0..SAVE_TRIES {
            let mut now = match seen.take() {
                Some(seen) if seen.is_untouched(&self.path) => seen,
                Some(_) | None => see_settled(&self.path)?,
            };
            let edit = decide(&now.genesis).map_err(CommitError::Refused)?;
            now.stage(&edit).map_err(CommitError::Edit)?;
            let changed = match now.save(self.disk, &self.path)? {
                Saved::Written => true,
                Saved::Unneeded => false,
                Saved::Stale => continue,
            };
            return Ok(Committed { genesis: now.into_genesis(), changed });
        }
        Err(StoreError::Contended { path: self.path.clone() }.into())
    }

    /// The same for a change that comes as a whole document, such as another program's; nothing, where there is none to
    /// make.
    ///
    /// # Errors
    /// [`CommitError`]; the file is then unchanged.
    pub fn rewrite<E>(
        &self,
        rewrite: impl Fn(&Genesis) -> Result<Option<Genesis>, CommitError<E>>,
    ) -> Result<Committed, CommitError<E>> {
        let _lock = self.lock()?;
        for _ in 0..SAVE_TRIES {
            let mut seen = see_settled(&self.path)?;
            let Some(edited) = rewrite(&seen.genesis)? else {
                return Ok(Committed { genesis: seen.into_genesis(), changed: false });
            };
            // Nobody else has one here as long as we have the lock.
            sweep(&self.path);
            let text = edited.source().as_bytes();
            let new = Replacement::prepare(self.disk, &self.path, text, Some(seen.metadata()))?;
            if seen.is_current(&self.path)? {
                new.publish()?;
                return Ok(Committed { genesis: edited, changed: true });
            }
        }
        Err(StoreError::Contended { path: self.path.clone() }.into())
    }
}

/// Reads the plan at `path`, to look at it only.
///
/// # Errors
/// [`LoadError`] when it can't be read or is no genesis document.
pub fn read_plan(path: &Path) -> Result<Genesis, LoadError> {
    Ok(Seen::read(path)?.into_genesis())
}

/// The same, with patience: one that somebody else is writing in place is waited for.
///
/// # Errors
/// [`LoadError`] when it can't be read or is no genesis document.
pub fn read_settled(path: &Path) -> Result<Genesis, LoadError> {
    Ok(see_settled(path)?.into_genesis())
}

/// The same, with what the file looks like.
///
/// Line tools such as `xmlstarlet ed -L` write in place: a file that is no document may be a half-written one, so it is looked at again,
/// unless nobody has touched it for so long that nobody is at it.
///
/// # Errors
/// [`LoadError`] when it can't be read or is no genesis document.
pub fn see_settled(path: &Path) -> Result<Seen, LoadError> {
    for _ in 0..LOOKS {
        match Seen::read(path) {
            Err(LoadError::Invalid(_)) if is_recent(path) => sleep(LOOK),
            settled => return settled,
        }
    }
    Seen::read(path)
}

fn is_recent(path: &Path) -> bool {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().unwrap_or_default() < RECENT)
}

#[cfg(test)]
#[path = "plan_file_tests.rs"]
mod tests;
