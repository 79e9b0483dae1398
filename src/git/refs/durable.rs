//! What git has been told shall survive a power cut: neither libgit2 nor the git program sees to that for every object.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::syncfs;

use super::dead_locks::find;
use crate::git::{BranchName, EpicRefs, GitError, Repo};

impl Repo {
    /// Waits until everything that was written to the repository by now, by whomever, is on its disk: objects of agents' commits, our own,
    /// and refs.
    ///
    /// All of its file system at once: an agent's commit may consist of thousands of files, each of which would have to be found and synced
    /// by itself. (Measured: 1 to 10 ms where little is to be written; where builds have just written a gigabyte, as long as that takes.)
    pub fn sync(&self) -> Result<(), GitError> {
        let (refs, objects) = (self.common_dir().to_owned(), self.common_dir().join("objects"));
        let is_apart = device(&refs) != device(&objects);
        [refs, objects].iter().take(if is_apart { 2 } else { 1 }).try_for_each(|folder| sync_all_of(folder))
    }

    /// Removes what a power cut made of files whose names were on the disk and whose content was not: refs of ours and objects that are
    /// empty. They hold nothing; but git would take such an object for the one it was to be, and never write it again. Gives their paths.
    pub fn remove_empty(&self, refs: &EpicRefs, branches: &[BranchName]) -> Vec<PathBuf> {
        let common = self.common_dir();
        let mut found: Vec<_> =
            branches.iter().chain([&refs.integration()]).map(|branch| common.join(branch.full())).collect();
        find(&common.join("refs/blueprint").join(refs.epic()), &|_| true, &mut found);
        for folder in object_folders(common) {
            find(&folder, &|_| true, &mut found);
        }
        found
            .retain(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == 0));
        // One that stays is met again by whoever needs it, and is told of there.
        found.retain(|path| fs::remove_file(path).is_ok());
        found
    }
}

fn sync_all_of(folder: &Path) -> Result<(), GitError> {
    let opened = File::open(folder).map_err(GitError::io("open", folder))?;
    syncfs(opened).map_err(|error| GitError::io("sync the disk of", folder)(error.into()))
}

fn device(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.dev())
}

/// The folders of objects that lie in files of their own.
fn object_folders(common: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(common.join("objects")).into_iter().flatten().filter_map(Result::ok);
    let is_two_digits = |path: &PathBuf| path.file_name().is_some_and(|name| name.len() == 2);
    entries.map(|entry| entry.path()).filter(is_two_digits)
}
