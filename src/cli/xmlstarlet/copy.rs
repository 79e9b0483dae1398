use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::cli::error::{CliError, Kind};

/// A copy of a plan, in a folder of its own; gone when dropped.
pub(super) struct Copy {
    folder: TempDir,
}

impl Copy {
    /// The name of the file.
    ///
    /// The real program is told this and no path, and works in the folder: it takes a path with a per cent sign in it for now one, now
    /// another file.
    pub(super) const NAME: &'static str = "genesis.xml";

    /// Makes it in `edits`, where nobody else has one: the caller has the plan's lock. What others left there that were killed is removed.
    pub(super) fn of(text: &str, edits: &Path) -> Result<Self, CliError> {
        make(text, edits).map_err(|error| failed("make a copy of the plan in", edits, &error))
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the real program has left.
    pub(super) fn text(&self) -> Result<Vec<u8>, CliError> {
        let path = self.folder().join(Self::NAME);
        fs::read(&path).map_err(|error| failed("read", &path, &error))
    }
}

fn make(text: &str, edits: &Path) -> io::Result<Copy> {
    match fs::remove_dir_all(edits) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(edits)?,
    }
    let folder = tempfile::tempdir_in(edits)?;
    fs::write(folder.path().join(Copy::NAME), text)?;
    Ok(Copy { folder })
}

fn failed(action: &str, path: &Path, error: &io::Error) -> CliError {
    CliError::new(Kind::Environment, format!("can't {action} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_goes_when_it_is_dropped_and_takes_what_others_left_with_it() {
        let root = tempfile::tempdir().unwrap();
        let edits = root.path().join("edits");
        fs::create_dir_all(edits.join("left/over")).unwrap();
        let copy = Copy::of("text", &edits).unwrap();
        assert_eq!(copy.text().unwrap(), b"text");
        assert_eq!(fs::read_dir(&edits).unwrap().count(), 1);
        drop(copy);
        assert_eq!(fs::read_dir(&edits).unwrap().count(), 0);
    }
}
