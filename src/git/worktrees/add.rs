//! Making a worktree: registered under the lock, checked out beside it, undone as a whole if anything fails.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository};

use super::registry::{Registration, Registry, dot_git, registration_at};
use super::trash::{remove_all, sweep_beside};
use crate::git::checkout::check_out;
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::worktree::{is_free, place};
use crate::git::{BranchName, GitError, Repo, Worktree};

impl Repo {
    /// Makes a worktree at `path` (outside of any checkout, folders above it are made) on `branch`, which is set to `commit`.
    ///
    /// A branch that exists is moved, if what it holds is kept by another ref ([`Repo::keep_attempt`]) and no other checkout has it: keep
    /// the base first, too ([`Repo::keep_base`]), so that a creation that broke off can be done again. A missing folder's stale
    /// registration and what a broken-off creation left are replaced; a worktree that is there ([`Repo::worktree_at`]) and anything
    /// foreign is refused. If it fails, neither branch nor folder nor registration is left. Nothing is written to the configuration, and
    /// nothing to any other checkout; of the hooks only `post-checkout` is run, as `git worktree add` does.
    pub fn add_worktree(&self, path: &Path, branch: &BranchName, commit: Oid) -> Result<Worktree, GitError> {
        let path = place(path)?;
        sweep_beside(&path);
        let mut making =
            Making { repo: self, path, branch, commit, made: Vec::new(), entry: None, moved: None };
        match making.begin().and_then(|()| making.fill()).and_then(|()| making.finish()) {
            Ok(()) => Ok(self.worktree(&making.path)),
            Err(error) => {
                making.undo();
                Err(error)
            }
        }
    }
}

/// A worktree that is being made, and what has been done so far.
struct Making<'a> {
    repo: &'a Repo,
    path: PathBuf,
    branch: &'a BranchName,
    commit: Oid,
    /// Folders made, the uppermost first.
    made: Vec<PathBuf>,
    /// The registration, and the file whose lock says that its maker lives.
    entry: Option<(Registration, File)>,
    /// That the branch was set, if it was.
    moved: Option<Moved>,
}

/// That the branch was set.
struct Moved {
    /// Where it was before; `None` if it was not there.
    from: Option<Oid>,
}

impl Making<'_> {
    fn begin(&mut self) -> Result<(), GitError> {
        let registry = Registry::lock(self.repo.common_dir())?;
        let store = self.repo.open_store()?;
        self.make_room(&registry)?;
        let before = self.check_branch(&store)?;
        self.make_folders()?;
        let (entry, marker) = registry.add(&self.path, self.branch)?;
        let content = dot_git(&entry);
        self.entry = Some((entry, marker));
        let file = self.path.join(".git");
        fs::write(&file, content).map_err(GitError::io("write", file))?;
        self.set_branch(&store, before)
    }

    /// Takes away what is stale, refuses what is not.
    fn make_room(&self, registry: &Registry<'_>) -> Result<(), GitError> {
        let path = self.path.clone();
        let free = is_free(&path)?;
        let Some(entry) = registration_at(self.repo.common_dir(), &path)? else {
            return if free { Ok(()) } else { Err(GitError::PathTaken { path }) };
        };
        if let Some(reason) = entry.locked() {
            return Err(GitError::WorktreeLocked { path, reason });
        }
        if !free && !entry.broke_off() {
            return Err(GitError::WorktreeExists { path });
        }
        // Nobody but its maker has ever seen a worktree that was not completed: no work can be in it.
        remove_folder(&path)?;
        registry.remove(&entry)
    }

    /// Where the branch is now, if it may be moved.
    fn check_branch(&self, store: &Repository) -> Result<Option<Oid>, GitError> {
        let branch = self.branch.to_string();
        if let Some(path) = self.repo.checked_out_at(self.branch)? {
            return Err(GitError::BranchInUse { branch, path });
        }
        match target(store, &self.branch.full()) {
            Some(head)
                if !contains(store, self.commit, head) && !kept_elsewhere(store, head, self.branch) =>
            {
                Err(GitError::BranchHoldsWork { branch, head })
            }
            before => Ok(before),
        }
    }

    fn make_folders(&mut self) -> Result<(), GitError> {
        let missing: Vec<_> =
            self.path.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(&folder) {
                Ok(()) => self.made.push(folder),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(GitError::io("create", folder)(error)),
            }
        }
        Ok(())
    }

    fn set_branch(&mut self, store: &Repository, before: Option<Oid>) -> Result<(), GitError> {
        let name = self.branch.full();
        match swap(store, &name, before, self.commit, "blueprint: base of an attempt")? {
            Swapped::Done => self.moved = Some(Moved { from: before }),
            Swapped::Holds(_) => return Err(GitError::RefMoved { name }),
        }
        Ok(())
    }

    fn fill(&self) -> Result<(), GitError> {
        check_out(self.repo, &self.repo.worktree(&self.path), self.commit)
    }

    fn finish(&self) -> Result<(), GitError> {
        self.entry.as_ref().map_or(Ok(()), |(entry, _)| entry.complete())
    }

    /// As far as it goes: the error that led here is the one to tell, and what stays is found as broken off by the next attempt.
    fn undo(&mut self) {
        let Ok(registry) = Registry::lock(self.repo.common_dir()) else {
            return;
        };
        if let Some((entry, _)) = &self.entry {
            let _ = remove_folder(&self.path).and_then(|()| registry.remove(entry));
        }
        for folder in self.made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
        if let (Some(moved), Ok(store)) = (self.moved.take(), self.repo.open_store()) {
            let _ = put_back(&store, self.branch, self.commit, moved.from);
        }
    }
}

fn put_back(store: &Repository, branch: &BranchName, from: Oid, to: Option<Oid>) -> Result<(), GitError> {
    if let Some(to) = to {
        return swap(store, &branch.full(), Some(from), to, "blueprint: undo").map(|_| ());
    }
    let deleted = store.find_reference(&branch.full()).and_then(|mut found| match found.target() {
        Some(there) if there == from => found.delete(),
        _ => Ok(()),
    });
    deleted.map_err(GitError::git("delete a branch", store.commondir()))
}

/// Whether a ref other than the branch itself keeps `commit` reachable.
pub(super) fn kept_elsewhere(store: &Repository, commit: Oid, branch: &BranchName) -> bool {
    let own = branch.full();
    let Ok(all) = store.references() else {
        return false;
    };
    let tips: Vec<Oid> = all
        .flatten()
        .filter(|reference| reference.name_bytes() != own.as_bytes())
        .filter_map(|reference| reference.target())
        .collect();
    tips.contains(&commit) || tips.iter().any(|tip| contains(store, *tip, commit))
}

fn remove_folder(path: &Path) -> Result<(), GitError> {
    remove_all(path).map_err(GitError::io("remove", path))
}
