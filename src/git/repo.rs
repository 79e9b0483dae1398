//! Finding a repository and asking it for commits.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};

use super::worktree::branch_of;
use super::{BranchName, GitError, Worktree, owner};

/// A repository that was found once: where its parts are. Cheap to clone, usable from any thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    git_dir: PathBuf,
    common_dir: PathBuf,
    workdir: Option<PathBuf>,
}

impl Repo {
    /// The repository that holds `path` (a file or folder, in a checkout, a linked worktree or a bare repository); `None` if there is
    /// none.
    pub fn discover(path: &Path) -> Result<Option<Self>, GitError> {
        match owner::discover(path)? {
            Ok(repository) => Ok(Some(Self::at(&repository))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(not_opened(path, error)),
        }
    }

    fn at(repository: &Repository) -> Self {
        Self {
            git_dir: settled(repository.path()),
            common_dir: settled(repository.commondir()),
            workdir: repository.workdir().map(settled),
        }
    }

    /// The git folder that all worktrees of the repository share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The git folder of the checkout that the repository was found from: the shared one, or that of a linked worktree.
    pub(super) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The checkout that the repository was found from; `None` if it is bare.
    pub fn workdir(&self) -> Option<&Path> {
        self.workdir.as_deref()
    }

    /// The checkout, or the error that says that there is none.
    pub fn require_workdir(&self) -> Result<&Path, GitError> {
        self.workdir().ok_or_else(|| GitError::Bare { path: self.git_dir.clone() })
    }

    /// The path relative to the checkout's root; `None` if it lies outside. Symbolic links are followed as far as the path exists.
    pub fn relative(&self, path: &Path) -> Option<PathBuf> {
        let workdir = self.workdir()?;
        let absolute = std::path::absolute(path).ok()?;
        let name = absolute.file_name()?;
        let resolved = settled(absolute.parent()?).join(name);
        resolved.strip_prefix(workdir).ok().map(Path::to_owned)
    }

    /// The commit that `HEAD` is at, detached or not.
    pub fn head_commit(&self) -> Result<Oid, GitError> {
        head_of(&self.open_here()?, self.place())
    }

    /// The branch that `HEAD` of the checkout is on, born or not; none if it is detached.
    pub fn head_branch(&self) -> Result<Option<BranchName>, GitError> {
        Ok(branch_of(&self.open_here()?))
    }

    /// The commit that a revision (branch, tag, id, `HEAD~2` …) names.
    pub fn resolve(&self, spec: &str) -> Result<Oid, GitError> {
        let unknown = || GitError::UnknownRevision { spec: spec.to_owned(), path: self.git_dir.clone() };
        if spec.contains('\0') {
            return Err(unknown());
        }
        let repository = self.open_here()?;
        let object = repository.revparse_single(spec).map_err(|_| unknown())?;
        object.peel_to_commit().map(|commit| commit.id()).map_err(|_| unknown())
    }

    /// A handle for a worktree of this repository at `path`; nothing is checked before it is used.
    pub fn worktree(&self, path: &Path) -> Worktree {
        Worktree::new(path, &self.common_dir)
    }

    /// Opened where it was found: with that checkout's `HEAD` and index.
    pub(super) fn open_here(&self) -> Result<Repository, GitError> {
        Repository::open(&self.git_dir).map_err(|error| not_opened(&self.git_dir, error))
    }

    /// Opened without any checkout, so that nothing done through it can reach one.
    pub(super) fn open_store(&self) -> Result<Repository, GitError> {
        Repository::open_bare(&self.common_dir).map_err(|error| not_opened(&self.common_dir, error))
    }

    /// How errors name the repository.
    pub(super) fn place(&self) -> &Path {
        self.workdir.as_deref().unwrap_or(&self.git_dir)
    }
}

/// The commit that `HEAD` of an opened repository is at.
pub(super) fn head_of(repository: &Repository, place: &Path) -> Result<Oid, GitError> {
    let commit = repository.head().and_then(|head| head.peel_to_commit());
    commit.map(|commit| commit.id()).map_err(|error| match error.code() {
        ErrorCode::UnbornBranch | ErrorCode::NotFound => GitError::NoCommits { path: place.to_owned() },
        _ => GitError::git("read HEAD", place)(error),
    })
}

/// The folder without symbolic links where it can be resolved: git compares such paths by their text.
pub(super) fn settled(path: &Path) -> PathBuf {
    // `components` drops the slash that libgit2 puts at the end.
    std::fs::canonicalize(path).unwrap_or_else(|_| path.components().collect())
}

pub(super) fn not_opened(path: &Path, error: git2::Error) -> GitError {
    if error.message().contains("unsupported") || error.message().contains("unknown object format") {
        return GitError::Unsupported { path: path.to_owned(), reason: error.message().to_owned() };
    }
    GitError::git("open the repository", path)(error)
}
