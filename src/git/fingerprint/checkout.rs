use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use git2::{Repository, Status, StatusOptions};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Scope;
use crate::git::repo::settled;
use crate::git::worktree::{OWN_FOLDER, path_of};
use crate::git::worktrees::registrations;
use crate::git::{GitError, Repo};

/// A checkout at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::git) struct Checkout {
    /// What its `HEAD` says.
    pub(in crate::git) head: String,
    /// How long the log of its `HEAD` is, in bytes.
    pub(in crate::git) logged: u64,
    /// A digest of what is staged; stat data, which every `git status` may refresh, is left out.
    pub(in crate::git) index: String,
    /// What is not as it is committed, and not ignored: how it differs, and the file's stat data.
    pub(in crate::git) files: BTreeMap<String, String>,
}

/// What stands for a checkout that is registered, but whose folder is gone.
pub(super) const GONE: &str = "gone";

/// All that nobody works in, by their paths.
pub(super) fn all(repo: &Repo, scope: Scope<'_>) -> Result<BTreeMap<String, Checkout>, GitError> {
    let mut places: Vec<PathBuf> = repo.workdir().map(Path::to_owned).into_iter().collect();
    if !scope.only_here {
        let main = Repository::open(repo.common_dir()).ok();
        places.extend(main.and_then(|main| main.workdir().map(settled)));
        // One that is being made is none yet.
        let linked = registrations(repo.common_dir())?.into_iter().filter(|entry| entry.locked().is_none());
        places.extend(linked.map(|entry| entry.path().to_owned()));
    }
    places.sort();
    places.dedup();
    places.retain(|place| !scope.busy.contains(place));
    let mut checkouts = BTreeMap::new();
    for place in places {
        checkouts.insert(place.display().to_string(), of(&place, scope)?);
    }
    Ok(checkouts)
}

fn of(place: &Path, scope: Scope<'_>) -> Result<Checkout, GitError> {
    if !place.exists() {
        return Ok(Checkout { head: GONE.to_owned(), ..Checkout::default() });
    }
    let repository = Repository::open(place).map_err(GitError::git("open the checkout", place))?;
    let git_dir = repository.path();
    let head = fs::read(git_dir.join("HEAD")).unwrap_or_default();
    let read =
        || -> Result<_, git2::Error> { Ok((staged(&repository)?, unclean(&repository, place, scope)?)) };
    let (index, files) = read().map_err(GitError::git("read the status", place))?;
    Ok(Checkout {
        head: String::from_utf8_lossy(&head).trim_end().to_owned(),
        logged: fs::metadata(git_dir.join("logs/HEAD")).map_or(0, |log| log.len()),
        index,
        files,
    })
}

fn staged(repository: &Repository) -> Result<String, git2::Error> {
    let mut digest = Sha256::new();
    for entry in repository.index()?.iter() {
        digest.update(&entry.path);
        digest.update(entry.id.as_bytes());
        digest.update(entry.mode.to_le_bytes());
        digest.update((entry.flags >> 12).to_le_bytes());
    }
    Ok(digest.finalize().iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}

fn unclean(
    repository: &Repository,
    place: &Path,
    scope: Scope<'_>,
) -> Result<BTreeMap<String, String>, git2::Error> {
    let mut options = StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false).update_index(false);
    // What changes between HEAD and index shows in both of them.
    options.show(git2::StatusShow::Workdir);
    let mut files = BTreeMap::new();
    for entry in
        repository.statuses(Some(&mut options))?.iter().filter(|entry| entry.status() != Status::CURRENT)
    {
        let relative = path_of(entry.path_bytes());
        let path = place.join(&relative);
        if !relative.starts_with(OWN_FOLDER) && !(scope.is_ours)(&path) {
            let name = String::from_utf8_lossy(relative.as_os_str().as_bytes()).into_owned();
            files.insert(name, format!("{:x} {}", entry.status().bits(), stat(&path)));
        }
    }
    Ok(files)
}

fn stat(path: &Path) -> String {
    match fs::symlink_metadata(path) {
        Ok(found) => format!(
            "{:o} {} {}.{:09} {}",
            found.mode(),
            found.size(),
            found.mtime(),
            found.mtime_nsec(),
            found.ino()
        ),
        Err(_) => "none".to_owned(),
    }
}
