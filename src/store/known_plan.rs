use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::replace::{Replacement, Stamp, folder_of};
use super::{CommitError, LoadError, PlanFile, StoreError};
use crate::genesis::{Edit, Genesis, Invalid};

/// Clocks of file systems tick this slowly at worst: a file that changed so short a time ago may change again and look the same.
const TICK: Duration = Duration::from_millis(50);

/// A plan file as a writer knows it that stays: the document, and what the file looked like when it was that.
///
/// Whoever goes round the lock is noticed: nothing is saved over a file that is not what is known.
#[derive(Debug)]
pub struct KnownPlan {
    file: PlanFile,
    genesis: Genesis,
    metadata: Metadata,
    /// Nothing, if a change right after would not show in it.
    stamp: Option<Stamp>,
}

/// What there is in place of the file that is known.
#[derive(Debug)]
pub enum Found {
    /// Another document.
    Document(Box<Seen>),
    /// Something that is no document: torn, or nothing of ours.
    Broken(Box<Invalid>),
    /// No file.
    Nothing,
}

/// A document that was found.
#[derive(Debug)]
pub struct Seen {
    /// It.
    pub genesis: Genesis,
    metadata: Metadata,
}

/// What became of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is on disk.
    Written,
    /// It changed nothing.
    Unneeded,
    /// The file is not what is known (any more); nothing was done.
    Stale,
}

/// What became of a file that is no plan of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It was mended meanwhile.
    Unneeded,
    /// There was none; what is known was put there.
    Recreated,
    /// It lies there now, and what is known is in its place.
    SetAside(PathBuf),
}

impl KnownPlan {
    /// Reads the plan, as [`PlanFile::load`].
    ///
    /// # Errors
    /// [`LoadError`] when it can't be read or is no genesis document.
    pub fn read(file: PlanFile) -> Result<Self, LoadError> {
        let (genesis, metadata) = file.load_with_metadata()?;
        Ok(Self { stamp: lasting(&metadata), file, genesis, metadata })
    }

    /// The file's absolute path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The document that is known.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// What there is, if it is not what is known. A file whose stamp has not changed is not read.
    ///
    /// # Errors
    /// [`StoreError`] when it is there and can't be read.
    pub fn look(&mut self) -> Result<Option<Found>, StoreError> {
        if self.stamp.is_some() && self.stamp == stat(self.file.path()).as_ref().map(Stamp::of) {
            return Ok(None);
        }
        let Some((bytes, metadata)) = read(self.file.path())? else { return Ok(Some(Found::Nothing)) };
        if bytes == self.genesis.source().as_bytes() {
            self.note(metadata);
            return Ok(None);
        }
        Ok(Some(match Genesis::parse(bytes) {
            Ok(genesis) => Found::Document(Box::new(Seen { genesis, metadata })),
            Err(invalid) => Found::Broken(Box::new(invalid)),
        }))
    }

    /// What was found counts from now on; gives what was known before.
    pub fn adopt(&mut self, seen: Seen) -> Genesis {
        self.note(seen.metadata);
        std::mem::replace(&mut self.genesis, seen.genesis)
    }

    /// Saves the edit that `decide` makes of the document that is known, if the file still is that document.
    ///
    /// # Errors
    /// [`CommitError`]; the file is then unchanged.
    pub fn commit<E>(
        &mut self,
        decide: impl FnOnce(&Genesis) -> Result<Edit, E>,
    ) -> Result<Saved, CommitError<E>> {
        let _lock = self.file.lock()?;
        if !self.is_current()? {
            return Ok(Saved::Stale);
        }
        let edit = decide(&self.genesis).map_err(CommitError::Refused)?;
        if edit.is_empty() {
            return Ok(Saved::Unneeded);
        }
        let edited = self.genesis.apply(&edit).map_err(CommitError::Edit)?;
        let new = Replacement::prepare(self.file.path(), edited.source().as_bytes(), Some(&self.metadata))?;
        if !self.is_current()? {
            return Ok(Saved::Stale);
        }
        let metadata = new.publish()?;
        self.genesis = edited;
        self.note(metadata);
        Ok(Saved::Written)
    }

    /// Puts what is known back where something else is that `is_ours` does not know for the plan; that is set aside first.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is lost then.
    pub fn restore(&mut self, is_ours: impl Fn(&Genesis) -> bool) -> Result<Restored, StoreError> {
        let _lock = self.file.lock()?;
        let path = self.file.path().to_owned();
        let restored = match self.look()? {
            None => return Ok(Restored::Unneeded),
            Some(Found::Document(seen)) if is_ours(&seen.genesis) => return Ok(Restored::Unneeded),
            Some(Found::Document(_) | Found::Broken(_)) => Restored::SetAside(set_aside(&path)?),
            Some(Found::Nothing) => {
                // git takes a folder away with the last file in it.
                let folder = folder_of(&path);
                fs::create_dir_all(folder).map_err(StoreError::io("create folder", folder))?;
                Restored::Recreated
            }
        };
        let text = self.genesis.source().as_bytes();
        let metadata = Replacement::prepare(&path, text, Some(&self.metadata))?.publish()?;
        self.note(metadata);
        Ok(restored)
    }

    /// Whether the file is what is known. The bytes are compared, too: many a change leaves all times as they are.
    fn is_current(&mut self) -> Result<bool, StoreError> {
        let Some((bytes, metadata)) = read(self.file.path())? else { return Ok(false) };
        let is_current = bytes == self.genesis.source().as_bytes();
        if is_current {
            self.note(metadata);
        }
        Ok(is_current)
    }

    fn note(&mut self, metadata: Metadata) {
        self.stamp = lasting(&metadata);
        self.metadata = metadata;
    }
}

/// The stamp, if any further change would show in it.
fn lasting(metadata: &Metadata) -> Option<Stamp> {
    let age = SystemTime::now().duration_since(metadata.modified().ok()?).ok()?;
    (age > TICK).then(|| Stamp::of(metadata))
}

fn stat(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok()
}

/// Nothing, if there is no such file.
fn read(path: &Path) -> Result<Option<(Vec<u8>, Metadata)>, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(StoreError::io("open", path)(error)),
    };
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    Ok(Some((bytes, metadata)))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Gives the file a second name under which it stays, and no other file's; at no moment is it missing.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".broken-{time}{suffix}"));
        let target = PathBuf::from(name);
        match fs::hard_link(path, &target).or_else(|_| copy_to_new(path, &target)) {
            Ok(()) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(StoreError::io("set aside", path)(error)),
        }
    }
}

/// Where the file system has no hard links.
fn copy_to_new(path: &Path, target: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(target)?;
    file.write_all(&bytes)?;
    file.sync_data()
}

#[cfg(test)]
#[path = "known_plan_tests.rs"]
mod tests;
