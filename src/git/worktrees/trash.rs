//! Folders that are no longer wanted: renamed away at once, deleted by a thread beside everything else.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Between the name of what was thrown away and eight digits that tell two of one name apart.
const MARK: &str = ".trash-";
const DIGITS: usize = 8;

static BIN: Mutex<Bin> = Mutex::new(Bin { waiting: VecDeque::new(), is_emptied: false });
static EMPTY: Condvar = Condvar::new();

struct Bin {
    waiting: VecDeque<PathBuf>,
    /// Whether there is a thread that deletes.
    is_emptied: bool,
}

/// Waits until everything that was removed is gone from the disk, too. For the end of a program: what is left then is deleted by
/// whoever makes the next worktree in that folder.
pub fn finish_removals() {
    let _empty = EMPTY.wait_while(bin(), |bin| bin.is_emptied).unwrap_or_else(PoisonError::into_inner);
}

/// A free name beside the folder, on the same file system.
pub(super) fn name_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{MARK}{:08x}", fastrand::u32(..)))
}

/// Has a folder deleted that has been renamed away.
pub(super) fn delete(folder: PathBuf) {
    let mut bin = bin();
    bin.waiting.push_back(folder);
    if !bin.is_emptied {
        bin.is_emptied = true;
        std::thread::spawn(empty);
    }
}

/// Has all that is deleted which somebody left beside `path` who was killed before it was gone.
pub(super) fn sweep_beside(path: &Path) {
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    let left = entries.filter_map(Result::ok).filter(|entry| is_trash(&entry.file_name().to_string_lossy()));
    left.for_each(|entry| delete(entry.path()));
}

fn is_trash(name: &str) -> bool {
    let digits = name.rsplit_once(MARK).filter(|_| name.starts_with('.')).map(|(_, digits)| digits);
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn bin() -> MutexGuard<'static, Bin> {
    BIN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn empty() {
    while let Some(folder) = next() {
        // What can't be removed does no harm but to be seen.
        let _ = remove_all(&folder);
    }
}

/// The next folder to delete. Without one the thread is over: whoever throws something away later starts another.
fn next() -> Option<PathBuf> {
    let mut bin = bin();
    let next = bin.waiting.pop_front();
    if next.is_none() {
        bin.is_emptied = false;
        EMPTY.notify_all();
    }
    next
}

/// Removes a folder and everything in it, folders that may not be written to (as Go's module cache has them) as well.
pub(super) fn remove_all(folder: &Path) -> std::io::Result<()> {
    let removed = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            open_up(folder);
            fs::remove_dir_all(folder)
        }
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Lets us change all folders below; links are not followed.
fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_thrown_away_is_known_by_its_name_and_nothing_else_is() {
        let name = name_beside(Path::new("/x/a b"));
        assert!(is_trash(name.file_name().unwrap().to_str().unwrap()), "{name:?}");
        for other in ["a.trash-01234567", ".a.trash-0123456", ".a.trash-0123456x", ".trash", "", ".a"] {
            assert!(!is_trash(other), "{other:?}");
        }
    }

    #[test]
    fn folders_that_may_not_be_written_to_go_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let (inner, kept) = (folder.path().join("gone/mod/x"), folder.path().join("kept"));
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("f"), "").unwrap();
        fs::write(&kept, "").unwrap();
        std::os::unix::fs::symlink(&kept, inner.join("link")).unwrap();
        for shut in [inner.clone(), folder.path().join("gone/mod")] {
            fs::set_permissions(shut, fs::Permissions::from_mode(0o555)).unwrap();
        }
        delete(folder.path().join("gone"));
        finish_removals();
        assert!(kept.exists() && !folder.path().join("gone").exists());
    }
}
