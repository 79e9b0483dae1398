//! A handle for one worktree, checked each time before it is used.

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags};

use super::changes::dirty_paths;
use super::repo::{head_of, not_opened, settled};
use super::worktrees::{Registration, read_entry, registration_at};
use super::{BranchName, GitError, Repo};

/// A folder of a worktree in which agents and we leave notes for each other; never committed, never counted as a change.
pub const OWN_FOLDER: &str = ".blueprint";

/// A worktree of the repository, by its path. Usable from any thread, by one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    path: PathBuf,
    common_dir: PathBuf,
}

/// What there is where a worktree is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing that matters: no folder or an empty one, perhaps a stale registration or a creation that broke off.
    Nothing,
    /// A worktree of this repository.
    Ours(Worktree),
    /// Something else, which is left alone.
    Foreign,
}

impl Repo {
    /// What there is at `path`. Changes nothing.
    pub fn worktree_at(&self, path: &Path) -> Result<Found, GitError> {
        let path = place(path)?;
        let registration = registration_at(self.common_dir(), &path)?;
        if is_free(&path)? || registration.as_ref().is_some_and(Registration::broke_off) {
            return Ok(Found::Nothing);
        }
        Ok(match registration {
            Some(_) => Found::Ours(self.worktree(&path)),
            None => Found::Foreign,
        })
    }
}

impl Worktree {
    pub(super) fn new(path: &Path, common_dir: &Path) -> Self {
        let path = place(path).unwrap_or_else(|_| path.to_owned());
        Self { path, common_dir: common_dir.to_owned() }
    }

    /// Its folder: absolute, symbolic links above it resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The git folder that it shares with the repository.
    pub(super) fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The commit that it is at.
    pub fn head(&self) -> Result<Oid, GitError> {
        head_of(&self.open()?, &self.path)
    }

    /// The branch that it is on; `None` if its `HEAD` is detached.
    pub fn branch(&self) -> Result<Option<BranchName>, GitError> {
        Ok(branch_of(&self.open()?))
    }

    /// What is not committed and not ignored, relative to the worktree, sorted. `.blueprint/` does not count.
    pub fn uncommitted(&self) -> Result<Vec<PathBuf>, GitError> {
        let mut paths = dirty_paths(&self.open()?, true).map_err(self.failed("read the status"))?;
        paths.retain(|path| !path.starts_with(OWN_FOLDER));
        Ok(paths)
    }

    /// Whether there is anything that is not committed.
    pub fn is_dirty(&self) -> Result<bool, GitError> {
        Ok(!self.uncommitted()?.is_empty())
    }

    /// Opens it, if it still is what it was made as. An agent that makes its `.git` point to the main checkout or elsewhere must not
    /// get us to commit there.
    /// The folder in which git keeps what is the worktree's alone; it goes with it.
    pub fn git_dir(&self) -> Result<PathBuf, GitError> {
        Ok(self.open()?.path().to_owned())
    }

    pub(super) fn open(&self) -> Result<Repository, GitError> {
        let none: [&Path; 0] = [];
        let opened = Repository::open_ext(&self.path, RepositoryOpenFlags::NO_SEARCH, none);
        let repository = opened.map_err(|error| match error.code() {
            ErrorCode::NotFound => self.refused("there is none"),
            _ => not_opened(&self.path, error),
        })?;
        match self.flaw(&repository) {
            None => Ok(repository),
            Some(reason) => Err(self.refused(reason)),
        }
    }

    fn flaw(&self, repository: &Repository) -> Option<&'static str> {
        let admin = settled(repository.path());
        let registered = read_entry(admin.clone()).is_some_and(|entry| entry.path() == self.path);
        if !repository.is_worktree() || admin.parent() != Some(&self.common_dir.join("worktrees")) {
            Some("its `.git` leads elsewhere")
        } else if !registered {
            Some("its `.git` leads to another worktree's data")
        } else if repository.workdir().is_none_or(|workdir| settled(workdir) != self.path) {
            Some("its configuration names another folder")
        } else {
            None
        }
    }

    fn refused(&self, reason: &'static str) -> GitError {
        GitError::NotAWorktree { path: self.path.clone(), reason }
    }

    /// The error of a call of libgit2 that concerns this worktree.
    pub(super) fn failed(&self, action: &'static str) -> impl FnOnce(git2::Error) -> GitError + use<> {
        GitError::git(action, self.path.clone())
    }
}

/// The branch that `HEAD` names, born or not.
pub(super) fn branch_of(repository: &Repository) -> Option<BranchName> {
    let head = repository.find_reference("HEAD").ok()?;
    let name = head.symbolic_target().ok()??;
    BranchName::new(name.strip_prefix("refs/heads/")?)
}

/// A path as libgit2 gives it.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The absolute path, with the folders above it resolved as far as they exist: registrations are compared by their text.
pub(super) fn place(path: &Path) -> Result<PathBuf, GitError> {
    let bad = || GitError::BadPath { path: path.to_owned() };
    let absolute = std::path::absolute(path).map_err(GitError::io("resolve", path))?;
    let plain = absolute.components().all(|part| !matches!(part, std::path::Component::ParentDir));
    if !plain {
        return Err(bad());
    }
    let existing = absolute.ancestors().skip(1).find(|folder| folder.exists()).ok_or_else(bad)?;
    let rest = absolute.strip_prefix(existing).map_err(|_| bad())?;
    Ok(settled(existing).join(rest))
}

/// Whether nothing is there but, perhaps, an empty folder.
pub(super) fn is_free(path: &Path) -> Result<bool, GitError> {
    match path.symlink_metadata() {
        // A symbolic link is somebody's wish, even if it leads nowhere.
        Ok(found) if !found.is_dir() => return Ok(false),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(GitError::io("look at", path)(error)),
    }
    let mut entries = std::fs::read_dir(path).map_err(GitError::io("read", path))?;
    Ok(entries.next().is_none())
}
