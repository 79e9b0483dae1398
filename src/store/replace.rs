use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::disk::disk;
use super::{Disk, StoreError};

/// What a file looked like when it was read: another writer's change shows as another stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Replaces a file, or makes it, so that at any moment, through a crash or a power cut too, either the old or the new
/// content is there, whole.
///
/// A temp file in the same folder (a rename across file systems is none), with the old one's mode; its data synced before the
/// rename (else the file may come back empty), the folder synced after it (else the old one may come back).
///
/// # Errors
/// [`StoreError`] for whatever the system refuses; the old file is then unchanged.
pub fn replace_file(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let old = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    Replacement::prepare(disk(), path, content, old.as_ref())?.publish().map(drop)
}

/// Reads a file of JSON; one that isn't there is nothing.
///
/// # Errors
/// [`StoreError`] when it is there and can't be read, or isn't what was expected.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| StoreError::io("understand", path)(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Writes a value as JSON, atomically as [`replace_file`].
///
/// # Errors
/// [`StoreError`] when it can't be encoded or written.
pub fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), StoreError> {
    let text =
        serde_json::to_vec(value).map_err(|source| StoreError::Encode { path: path.to_owned(), source })?;
    replace_file(path, &text)
}

/// A written and synced temp file that has yet to take its place; dropped, it is removed.
pub(super) struct Replacement {
    disk: &'static dyn Disk,
    temp: tempfile::NamedTempFile,
    target: PathBuf,
    marked: Option<SystemTime>,
}

impl Replacement {
    pub(super) fn prepare(
        disk: &'static dyn Disk,
        target: &Path,
        content: &[u8],
        old: Option<&Metadata>,
    ) -> Result<Self, StoreError> {
        let whole = |to: &mut dyn io::Write| to.write_all(content);
        Self::prepare_with(disk, target, old, whole)
    }

    /// The same for content that `write` writes piece by piece.
    pub(super) fn prepare_with(
        disk: &'static dyn Disk,
        target: &Path,
        old: Option<&Metadata>,
        write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<Self, StoreError> {
        let folder = folder_of(target);
        if old.is_some() {
            may_write(target).map_err(StoreError::io("write", target))?;
        }
        let mut temp = tempfile::Builder::new()
            .prefix(&temp_prefix(target))
            .suffix(TEMP_SUFFIX)
            .tempfile_in(folder)
            .map_err(StoreError::io("create a temp file in", folder))?;
        if let Some(old) = old {
            keep_attributes(temp.as_file(), old).map_err(StoreError::io("keep the mode of", target))?;
        }
        let mut pieces = BufWriter::with_capacity(PIECE, OnDisk { disk, file: temp.as_file_mut() });
        write(&mut pieces).and_then(|()| pieces.flush()).map_err(StoreError::io("write", target))?;
        drop(pieces);
        let marked = mark(temp.as_file());
        disk.sync(temp.as_file()).map_err(StoreError::io("sync", target))?;
        Ok(Self { disk, temp, target: target.to_owned(), marked })
    }

    /// Takes the place; gives what the file looks like there, and whether any further change is sure to show in that.
    pub(super) fn publish(self) -> Result<(Metadata, bool), StoreError> {
        let (file, temp) = self.temp.into_parts();
        self.disk.rename(&temp, &self.target).map_err(StoreError::io("replace", &self.target))?;
        // There is nothing under that name any more.
        let _ = temp.keep();
        sync_folder(self.disk, folder_of(&self.target))?;
        let metadata = file.metadata().map_err(StoreError::io("read", &self.target))?;
        let is_unmistakable = self.marked.is_some() && metadata.modified().ok() == self.marked;
        Ok((metadata, is_unmistakable))
    }
}

/// In bytes: content goes to the disk in pieces of this size, or as a whole.
const PIECE: usize = 256 * 1024;

/// A file, written by way of a disk.
struct OnDisk<'f> {
    disk: &'static dyn Disk,
    file: &'f mut File,
}

impl io::Write for OnDisk<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(self.file, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives the file a time of its last change that no clock will ever give it, a random part of a millisecond ago: a later change shows,
/// however slowly the clock of the file system ticks. Nothing where that can't be done; it is not worth failing.
fn mark(file: &File) -> Option<SystemTime> {
    let marked = SystemTime::now().checked_sub(Duration::from_nanos(fastrand::u64(1..1_000_000)))?;
    file.set_modified(marked).ok()?;
    Some(marked)
}

const TEMP_SUFFIX: &str = ".tmp";

fn temp_prefix(target: &Path) -> String {
    format!(".{}-", target.file_name().unwrap_or_default().to_string_lossy())
}

/// Whether `other` is called like what is written beside `target` before it takes its place.
pub fn is_temp_of(target: &Path, other: &Path) -> bool {
    let name = other.file_name().unwrap_or_default().to_string_lossy();
    other.parent() == target.parent() && name.starts_with(&temp_prefix(target)) && name.ends_with(TEMP_SUFFIX)
}

/// Removes what replacements of this file left that were killed half-way. Only for whoever has the lock of all its writers.
pub(super) fn sweep(target: &Path) {
    let prefix = temp_prefix(target);
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&prefix) && name.ends_with(TEMP_SUFFIX) {
            // One that can't be removed does no harm but to be seen.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A file that is not ours to write stays as it is, though its folder might let us put another one in its place. A link is replaced
/// itself, whatever it leads to.
fn may_write(target: &Path) -> io::Result<()> {
    if fs::symlink_metadata(target).is_ok_and(|found| found.is_symlink()) {
        return Ok(());
    }
    match accessat(CWD, target, Access::WRITE_OK, AtFlags::EACCESS).map_err(io::Error::from) {
        // One that is gone is made anew.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        asked => asked,
    }
}

/// Mode as it was; owner and group too where we may, since a file that root saved shall stay its owner's.
fn keep_attributes(new: &File, old: &Metadata) -> io::Result<()> {
    let created = new.metadata()?;
    if (created.uid(), created.gid()) != (old.uid(), old.gid()) {
        // Only root may give files away, though anybody to a group of theirs: the content matters more than the owner.
        let _ = fchown(new, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(new, None, Some(old.gid())));
    }
    new.set_permissions(old.permissions())
}

pub(super) fn sync_folder(disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
    disk.sync_folder(folder).map_err(StoreError::io("sync folder", folder))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_temp_file_is_known_as_one_by_its_name_and_place() {
        let plan = Path::new("plans/genesis.xml");
        let is_one = |path: &str| is_temp_of(plan, Path::new(path));
        assert!(is_one("plans/.genesis.xml-4bsakI.tmp"));
        assert!(
            !["plans/genesis.xml", "plans/.other.xml-4bsakI.tmp", ".genesis.xml-4bsakI.tmp"]
                .into_iter()
                .any(is_one)
        );
    }

    #[test]
    fn keeps_the_mode_and_leaves_no_temp_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace_file(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replacement_that_is_not_published_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "old").unwrap();
        drop(Replacement::prepare(disk(), &path, b"new", None).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
