use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use super::disk::disk;
use super::replace::Replacement;
use super::{Lock, StoreError};

/// How long whoever writes the file may keep its lock.
const PATIENCE: Duration = Duration::from_mins(2);

/// Replaces the whole of a file, atomically and durably, its mode kept, under the lock that its writers take. Nothing is done and `false`
/// given if the file isn't `old` any more.
///
/// # Errors
/// [`StoreError`] for whatever the system refuses; the file is then unchanged.
pub fn rewrite_file(path: &Path, lock: &Path, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
    // A link is followed: the file behind it is replaced, and not the link.
    let path = &fs::canonicalize(path).map_err(StoreError::io("read", path))?;
    let _lock = Lock::wait_at_most(lock, PATIENCE)?;
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    let mut now = Vec::with_capacity(old.len());
    file.read_to_end(&mut now).map_err(StoreError::io("read", path))?;
    if now != old {
        return Ok(false);
    }
    Replacement::prepare(disk(), path, new, Some(&metadata))?.publish()?;
    Ok(true)
}

/// Replaces a file by what `write` makes of it, piece by piece, atomically and durably, its mode kept. For a file that nobody writes any
/// more.
///
/// # Errors
/// [`StoreError`] for whatever the system refuses; the file is then unchanged.
pub fn transform_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Read, &mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    let mut file = File::open(path).map_err(StoreError::io("open", path))?;
    let metadata = file.metadata().map_err(StoreError::io("read", path))?;
    let whole = |to: &mut dyn Write| write(&mut file, to);
    Replacement::prepare_with(disk(), path, Some(&metadata), whole)?.publish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_expected_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, lock) = (folder.path().join("f"), folder.path().join("lock"));
        fs::write(&path, "old").unwrap();
        assert!(!rewrite_file(&path, &lock, b"other", b"new").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert!(rewrite_file(&path, &lock, b"old", b"new").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
