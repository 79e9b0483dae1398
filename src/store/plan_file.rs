use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use thiserror::Error;

use super::replace::{Replacement, Stamp, sweep};
use super::{Lock, StoreError};
use crate::genesis::{Edit, EditError, Genesis, Invalid};

/// How often a save starts over when somebody without our lock changes the file at the same moment.
const SAVE_TRIES: usize = 20;
/// How often a file that is no document is looked at again before a save gives up, and the pause before each look.
const LOOKS: usize = 20;
const LOOK: Duration = Duration::from_millis(50);

/// A `genesis.xml` on disk, with the lock that all our writers take.
#[derive(Debug, Clone)]
pub struct PlanFile {
    path: PathBuf,
    lock: PathBuf,
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
        Ok(Self { path, lock })
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
        read_settled_plan(&self.path)
    }

    /// Removes what saves left that were killed half-way.
    ///
    /// # Errors
    /// [`StoreError`] when the lock can't be taken.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let _lock = Lock::wait(&self.lock)?;
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
        self.rewrite(|genesis| {
            let edit = decide(genesis).map_err(CommitError::Refused)?;
            let edited = (!edit.is_empty()).then(|| genesis.apply(&edit));
            edited.transpose().map_err(CommitError::Edit)
        })
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
        let _lock = Lock::wait(&self.lock)?;
        for _ in 0..SAVE_TRIES {
            let (genesis, metadata) = load_settled(&self.path)?;
            let Some(edited) = rewrite(&genesis)? else {
                return Ok(Committed { genesis, changed: false });
            };
            // Nobody else has one here as long as we have the lock.
            sweep(&self.path);
            let new = Replacement::prepare(&self.path, edited.source().as_bytes(), Some(&metadata))?;
            if self.still_is(&genesis, &metadata) {
                new.publish()?;
                return Ok(Committed { genesis: edited, changed: true });
            }
        }
        Err(StoreError::Contended { path: self.path.clone() }.into())
    }

    /// Whether the file is what was read. The bytes are compared, too: the clock of many a kernel ticks so slowly that a change right
    /// after another one leaves all times as they are.
    fn still_is(&self, genesis: &Genesis, read: &Metadata) -> bool {
        fs::metadata(&self.path).is_ok_and(|now| Stamp::of(&now) == Stamp::of(read))
            && fs::read(&self.path).is_ok_and(|now| now == genesis.source().as_bytes())
    }
}

/// Reads the plan at `path`, to look at it only.
///
/// # Errors
/// [`LoadError`] when it can't be read or is no genesis document.
pub fn read_plan(path: &Path) -> Result<Genesis, LoadError> {
    Ok(load(path)?.0)
}

/// The same, with patience: one that somebody else is writing in place is waited for.
///
/// # Errors
/// [`LoadError`] when it can't be read or is no genesis document.
pub fn read_settled_plan(path: &Path) -> Result<Genesis, LoadError> {
    Ok(load_settled(path)?.0)
}

/// Line tools such as `xmlstarlet ed -L` write in place: a file that is no document may be a half-written one, so it is looked at again.
fn load_settled(path: &Path) -> Result<(Genesis, Metadata), LoadError> {
    for _ in 0..LOOKS {
        match load(path) {
            Err(LoadError::Invalid(_)) => sleep(LOOK),
            settled => return settled,
        }
    }
    load(path)
}

fn load(path: &Path) -> Result<(Genesis, Metadata), LoadError> {
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    Ok((Genesis::parse(bytes).map_err(LoadError::Invalid)?, metadata))
}

#[cfg(test)]
#[path = "plan_file_tests.rs"]
mod tests;
