//! The work in a checkout that no commit has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Tree};

use crate::git::worktree::path_of;
use crate::git::{GitError, Program};

/// Every path that is not as in `HEAD`, in files or index, ignored ones left out.
pub(in crate::git) fn uncommitted(checkout: &Path) -> Result<Vec<PathBuf>, GitError> {
    let status = ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"];
    let call = Program::new("read the status", checkout).var("GIT_OPTIONAL_LOCKS", "0").args(status);
    let printed = call.run()?;
    let lines = printed.split(|byte| *byte == 0).filter_map(|line| line.get(3..));
    Ok(lines.filter(|path| !path.is_empty()).map(path_of).collect())
}

/// What lies in a checkout and is in no commit: ignored files are work, too, and git deletes them without asking.
pub(in crate::git) struct Unknown<'a> {
    /// Where.
    pub checkout: &'a Path,
    /// The tree of its commit.
    pub old: &'a Tree<'a>,
}

impl Unknown<'_> {
    /// What of it has to go for a file at `path`: in the place of one of its folders, in its own, or below it.
    pub(in crate::git) fn at(&self, path: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), GitError> {
        let is_other = |above: &&Path| {
            let there = self.checkout.join(above).symlink_metadata();
            there.is_ok_and(|there| !there.is_dir()) && !self.knows(above)
        };
        let above = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        found.extend(above.filter(is_other).map(Path::to_owned));
        match self.checkout.join(path).symlink_metadata() {
            Ok(_) if !self.knows(path) => drop(found.insert(path.to_owned())),
            Ok(there) if there.is_dir() && self.has_folder(path) => self.below(path, found)?,
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    fn below(&self, folder: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), GitError> {
        let place = self.checkout.join(folder);
        let failed = || GitError::io("read the folder", &place);
        for entry in fs::read_dir(&place).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            let path = folder.join(entry.file_name());
            if !self.knows(&path) {
                found.insert(path);
            } else if entry.file_type().map_err(failed())?.is_dir() {
                self.below(&path, found)?;
            }
        }
        Ok(())
    }

    /// A submodule is none: it has files of its own.
    fn has_folder(&self, path: &Path) -> bool {
        self.old.get_path(path).is_ok_and(|entry| entry.kind() == Some(ObjectType::Tree))
    }

    fn knows(&self, path: &Path) -> bool {
        self.old.get_path(path).is_ok()
    }
}
