//! The folders in which steps have their logs, and by which those are found that an earlier run has left running.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::run::process::kill_leftover;
use crate::store::{AttemptDir, StoreError};

/// Kills the steps that an earlier run has left running, in all folders of steps below these, and waits until they are gone.
pub(in crate::run) fn end_leftovers(logs: &Path) -> Result<(), StoreError> {
    for folder in folders_in(logs) {
        let dir = AttemptDir::at(folder);
        if !dir.end().exists() {
            kill_leftover(&dir)?;
        }
    }
    Ok(())
}

/// The folders right below that one.
pub(in crate::run) fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// The first folder of that name, or of that name with a number, which is not there yet.
pub(in crate::run) fn unused(logs: &Path, slug: &str) -> PathBuf {
    let names = std::iter::once(slug.to_owned()).chain((2..).map(|number| format!("{slug}.{number}")));
    // The numbers don't end.
    names.map(|name| logs.join(name)).find(|path| !path.exists()).unwrap_or_else(|| logs.join(slug))
}

/// A new folder for a step, with one log, in which lines of both outputs are in their order.
pub(super) fn make_folder(logs: &Path, slug: &str) -> Result<AttemptDir, StoreError> {
    let dir = make_folder_with(logs, slug, &[])?;
    let (Some(one), other) = (dir.stdout().file_name().map(OsString::from), dir.stderr()) else {
        return Ok(dir);
    };
    symlink(one, &other).map_err(StoreError::io("make link", &other))?;
    Ok(dir)
}

/// A new folder for a step, with what it finds on its standard input.
pub(super) fn make_folder_with(logs: &Path, slug: &str, input: &[u8]) -> Result<AttemptDir, StoreError> {
    let dir = AttemptDir::at(unused(logs, slug));
    dir.create()?;
    fs::write(dir.stdin(), input).map_err(StoreError::io("write", &dir.stdin()))?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_used_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let used = [(); 3].map(|()| make_folder(folder.path(), "setup-1").unwrap().path().to_owned());
        assert_eq!(used, ["setup-1", "setup-1.2", "setup-1.3"].map(|name| folder.path().join(name)));
    }
}
