use std::borrow::Cow;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::io::Errno;

use super::read::read_bounded;
use super::replace::{Replacement, Stamp};
use super::{Disk, LoadError, StoreError};
use crate::genesis::{Edit, EditError, Genesis, Invalid};

/// Clocks of file systems tick this slowly at worst: a file that changed so short a time ago may change again and look the same.
const TICK: Duration = Duration::from_millis(20);
/// Those that have no fractions of seconds.
const COARSE_TICK: Duration = Duration::from_secs(2);

/// A document as it was read from its file, and what the file looked like then.
#[derive(Debug)]
pub struct Seen {
    /// The document.
    pub genesis: Arc<Genesis>,
    pub(super) metadata: Metadata,
    /// Nothing, if a change right after would not show in it.
    pub(super) stamp: Option<Stamp>,
    /// The file has more than the document (a batch that was saved), or less (one that was made of it): only its stamp tells whether it is
    /// what is known.
    pub(super) is_apart: bool,
    /// What takes back the edits that are not saved yet, the last one last.
    undo: Vec<Edit>,
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

impl Seen {
    pub(super) fn new(genesis: Genesis, metadata: Metadata) -> Self {
        let (genesis, stamp) = (Arc::new(genesis), lasting(&metadata));
        Self { genesis, stamp, metadata, is_apart: false, undo: Vec::new() }
    }

    /// Reads the file at `path`, once.
    ///
    /// # Errors
    /// [`LoadError`] when it can't be read or is no genesis document.
    pub(super) fn read(path: &Path) -> Result<Self, LoadError> {
        let (bytes, metadata) = read_bounded(path)?;
        Ok(Self::new(Genesis::parse(bytes).map_err(LoadError::Invalid)?, metadata))
    }

    /// The document alone.
    pub fn into_genesis(self) -> Genesis {
        Arc::unwrap_or_clone(self.genesis)
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether all that was staged is saved.
    pub(super) fn is_settled(&self) -> bool {
        self.undo.is_empty()
    }

    /// Whether the file's stamp alone shows that it has not changed; if not, it still may be the same.
    pub(super) fn is_untouched(&self, path: &Path) -> bool {
        self.stamp.is_some() && self.stamp == fs::metadata(path).ok().as_ref().map(Stamp::of)
    }

    /// Whether the file is what was read. Where its stamp can't tell, its bytes are compared: many a change leaves all times as they
    /// are.
    pub(super) fn is_current(&mut self, path: &Path) -> Result<bool, StoreError> {
        if self.is_untouched(path) {
            return Ok(true);
        }
        let Present::File(bytes, metadata) = Present::at(path)? else { return Ok(false) };
        let is_current = !self.is_apart && bytes == self.saved_text().as_bytes();
        if is_current {
            self.note(metadata);
        }
        Ok(is_current)
    }

    /// Makes `edit`, to be saved later.
    ///
    /// # Errors
    /// [`EditError`] if it does not fit; the document is then as it was.
    pub(super) fn stage(&mut self, edit: &Edit) -> Result<(), EditError> {
        if !edit.is_empty() {
            let undo = edit.undo(self.genesis.source())?;
            Arc::make_mut(&mut self.genesis).edit(edit)?;
            self.undo.push(undo);
        }
        Ok(())
    }

    /// Makes `edit`, which is not to be taken back: the file may have parts of it already.
    ///
    /// # Errors
    /// [`EditError`] if it does not fit; the document is then as it was.
    pub(super) fn settle(&mut self, edit: &Edit) -> Result<(), EditError> {
        Arc::make_mut(&mut self.genesis).edit(edit)?;
        self.undo.clear();
        self.is_apart = true;
        Ok(())
    }

    /// Takes back all edits that are not saved.
    ///
    /// # Errors
    /// None, unless there is a bug: what was made can be taken back.
    pub(super) fn roll_back(&mut self) -> Result<(), EditError> {
        while let Some(undo) = self.undo.pop() {
            Arc::make_mut(&mut self.genesis).edit(&undo)?;
        }
        Ok(())
    }

    /// Saves the edits that are not saved yet, if the file is still what was read. Only for whoever has the lock.
    ///
    /// # Errors
    /// [`StoreError`]; the file is then as it was.
    pub(super) fn save(&mut self, disk: &'static dyn Disk, path: &Path) -> Result<Saved, StoreError> {
        if self.undo.is_empty() && !self.is_apart {
            return Ok(Saved::Unneeded);
        }
        let text = self.genesis.source().as_bytes();
        let new = Replacement::prepare(disk, path, text, Some(&self.metadata))?;
        if !self.is_current(path)? {
            return Ok(Saved::Stale);
        }
        self.published(new.publish()?);
        Ok(Saved::Written)
    }

    /// The text that the file has.
    pub(super) fn saved_text(&self) -> Cow<'_, str> {
        let text = Cow::Borrowed(self.genesis.source());
        let undone = |text: Cow<'_, str>, undo: &Edit| undo.splice(&text).unwrap_or_default();
        self.undo.iter().rev().fold(text, |text, undo| Cow::Owned(undone(text, undo)))
    }

    /// The file has the document now, and looks like that.
    pub(super) fn published(&mut self, (metadata, is_unmistakable): (Metadata, bool)) {
        self.undo.clear();
        self.is_apart = false;
        self.note(metadata);
        if is_unmistakable {
            self.stamp = Some(Stamp::of(&self.metadata));
        }
    }

    /// The file looks like that, and is the document.
    pub(super) fn note(&mut self, metadata: Metadata) {
        self.stamp = lasting(&metadata);
        self.metadata = metadata;
    }
}

/// The stamp, if any further change would show in it. Its age is that of the last change of any sort: a time of the content can be set back.
fn lasting(metadata: &Metadata) -> Option<Stamp> {
    let since = Duration::new(metadata.ctime().try_into().ok()?, metadata.ctime_nsec().try_into().ok()?);
    let changed = SystemTime::UNIX_EPOCH.checked_add(since)?;
    let age = SystemTime::now().duration_since(changed.max(metadata.modified().ok()?)).ok()?;
    let has_fractions = since.subsec_nanos() != 0;
    (age > if has_fractions { TICK } else { COARSE_TICK }).then(|| Stamp::of(metadata))
}

/// What there is at a plan's path.
pub(super) enum Present {
    /// A file, its bytes, and what it looks like.
    File(Vec<u8>, Metadata),
    /// A file that is larger than a plan may be; it was not read.
    TooLarge(Invalid),
    /// A folder, a pipe, a device, or a link that leads to one or to itself: reading it might never end.
    NoFile,
    /// Nothing at all.
    Nothing,
}

impl Present {
    /// What is there at `path`, at this moment.
    ///
    /// # Errors
    /// [`StoreError`] when it is a file and can't be read.
    pub(super) fn at(path: &Path) -> Result<Self, StoreError> {
        match read_bounded(path) {
            Ok((bytes, metadata)) => Ok(Self::File(bytes, metadata)),
            Err(LoadError::Invalid(invalid)) => Ok(Self::TooLarge(invalid)),
            Err(LoadError::Store(StoreError::NoFile { .. })) => Ok(Self::NoFile),
            Err(LoadError::Store(StoreError::Io { source, .. })) if is_absence(&source) => Ok(Self::Nothing),
            Err(LoadError::Store(StoreError::Io { source, .. })) if is_endless_link(&source) => {
                Ok(Self::NoFile)
            }
            Err(LoadError::Store(error)) => Err(error),
        }
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_endless_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_whose_time_was_set_back_this_moment_may_change_again_unseen() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 1);
        file.as_file().set_modified(long_ago).unwrap();
        assert_eq!(lasting(&file.as_file().metadata().unwrap()), None);
        std::thread::sleep(TICK * 2);
        assert!(lasting(&file.as_file().metadata().unwrap()).is_some());
    }
}
