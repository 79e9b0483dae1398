//! Bringing a checkout along when the branch that it has moves: all of it or nothing, and never over uncommitted work.
//!
//! The git program does it (`read-tree`, as in a fast-forward), so that filters, line ends and sparse checkouts are as the user has them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{Oid, RepositoryState, Tree};

use crate::git::changes::{Unknown, uncommitted};
use crate::git::commits::operation;
use crate::git::{BranchName, GitError, Program, Repo};

/// A step of a branch, in a checkout that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carry<'a> {
    /// The checkout.
    pub checkout: &'a Path,
    /// The commit that it is at.
    pub from: Oid,
    /// The one that it is to be at.
    pub to: Oid,
    /// A file, relative to the checkout, that lies there as it is to be already, whatever the index says of it.
    pub keep: Option<&'a Path>,
}

/// How a tree has a path: mode and blob.
type Entry = (i32, Oid);

impl Carry<'_> {
    /// The paths of the step that somebody has uncommitted work in, or that are in its way; sorted.
    pub(super) fn in_the_way(&self, repo: &Repo) -> Result<Vec<PathBuf>, GitError> {
        let paths: Vec<_> = self.paths(repo)?;
        let dirty = uncommitted(self.checkout)?;
        let dirty: BTreeSet<_> = dirty.iter().filter(|path| Some(path.as_path()) != self.keep).collect();
        let store = repo.open_store()?;
        let tree = |id| store.find_commit(id).and_then(|commit| commit.tree());
        let failed = || GitError::git("read a commit", self.checkout);
        let (old, new) = (tree(self.from).map_err(failed())?, tree(self.to).map_err(failed())?);
        let mut found = BTreeSet::new();
        for path in &paths {
            let related = dirty.iter().filter(|dirty| dirty.starts_with(path) || path.starts_with(dirty));
            found.extend(related.map(|dirty| (*dirty).clone()));
            if new.get_path(path).is_ok() {
                Unknown { checkout: self.checkout, old: &old }.at(path, &mut found)?;
            }
        }
        if found.is_empty() {
            found.extend(self.hidden(repo, &paths, &old)?);
        }
        Ok(found.into_iter().collect())
    }

    /// Edits that git was told not to look for, and that it would stumble over: it is asked to try, on a copy of the index.
    fn hidden(&self, repo: &Repo, paths: &[PathBuf], old: &Tree<'_>) -> Result<Vec<PathBuf>, GitError> {
        let folder = tempfile::tempdir().map_err(GitError::io("make a folder in", std::env::temp_dir()))?;
        let (index, copy) = (self.index_file()?, folder.path().join("index"));
        if !index.exists() {
            return Ok(Vec::new());
        }
        fs::copy(&index, &copy).map_err(GitError::io("copy", &index))?;
        if let Some(keep) = self.keep {
            self.index_of(repo, &[keep], self.to, Some(&copy))?;
        }
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let call = Program::new("bring the checkout along", self.checkout).var("GIT_INDEX_FILE", &copy);
        let Err(refusal) = call.args(["read-tree", "-n", "-m", "-u", &from, &to]).run() else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for path in paths.iter().filter(|path| Some(path.as_path()) != self.keep) {
            let there = self.entry_on_disk(path)?;
            if there.is_some() && there != entry(old, path) {
                found.push(path.clone());
            }
        }
        if found.is_empty() { Err(refusal) } else { Ok(found) }
    }

    fn index_file(&self) -> Result<PathBuf, GitError> {
        let repository = git2::Repository::open(self.checkout);
        let repository = repository.map_err(GitError::git("open the repository", self.checkout))?;
        Ok(repository.path().join("index"))
    }

    /// Makes the step in files and index; the branch is not moved. Refused by git, with nothing changed, if work would get lost.
    pub(super) fn run(&self, repo: &Repo) -> Result<(), GitError> {
        if let Some(keep) = self.keep {
            self.index(repo, &[keep], self.to)?;
        }
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let call = Program::new("bring the checkout along", self.checkout);
        call.args(["read-tree", "-m", "-u", &from, &to]).run().map(drop)
    }

    /// After somebody was killed in the middle of [`Carry::run`]: makes it possible to run it again. Gives the paths that are neither as the
    /// one commit has them nor as the other has them: then nothing was changed.
    pub(super) fn mend(&self, repo: &Repo) -> Result<Vec<PathBuf>, GitError> {
        let store = repo.open_store()?;
        let tree = |id| store.find_commit(id).and_then(|commit| commit.tree());
        let failed = || GitError::git("read a commit", self.checkout);
        let (old, new) = (tree(self.from).map_err(failed())?, tree(self.to).map_err(failed())?);
        let (mut done, mut stray) = (Vec::new(), Vec::new());
        for path in self.paths(repo)?.into_iter().filter(|path| Some(path.as_path()) != self.keep) {
            let there = self.entry_on_disk(&path)?;
            match () {
                () if there == entry(&old, &path) => {}
                () if there == entry(&new, &path) => done.push(path),
                () => stray.push(path),
            }
        }
        if stray.is_empty() {
            let done: Vec<_> = done.iter().map(PathBuf::as_path).collect();
            self.index(repo, &done, self.to)?;
        }
        Ok(stray)
    }

    /// Whether not a single file has been touched yet.
    pub(super) fn is_untouched(&self, repo: &Repo) -> Result<bool, GitError> {
        let store = repo.open_store()?;
        let old = store.find_commit(self.from).and_then(|commit| commit.tree());
        let old = old.map_err(GitError::git("read a commit", self.checkout))?;
        for path in self.paths(repo)?.into_iter().filter(|path| Some(path.as_path()) != self.keep) {
            if self.entry_on_disk(&path)? != entry(&old, &path) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The index has the file that is kept as before again.
    pub(super) fn unkeep(&self, repo: &Repo) -> Result<(), GitError> {
        self.keep.map_or(Ok(()), |keep| self.index(repo, &[keep], self.from))
    }

    fn paths(&self, repo: &Repo) -> Result<Vec<PathBuf>, GitError> {
        repo.changed_paths(self.from, self.to)
    }

    /// The index has these paths as that commit has them; the files are not touched.
    fn index(&self, repo: &Repo, paths: &[&Path], commit: Oid) -> Result<(), GitError> {
        self.index_of(repo, paths, commit, None)
    }

    /// The same for another index than the checkout's.
    fn index_of(
        &self,
        repo: &Repo,
        paths: &[&Path],
        commit: Oid,
        other: Option<&Path>,
    ) -> Result<(), GitError> {
        let store = repo.open_store()?;
        let tree = store.find_commit(commit).and_then(|commit| commit.tree());
        let tree = tree.map_err(GitError::git("read a commit", self.checkout))?;
        let mut lines = Vec::new();
        for path in paths {
            // Mode 0 takes it out.
            let (mode, blob) = entry(&tree, path).unwrap_or((0, Oid::ZERO_SHA1));
            lines.extend(format!("{mode:o} {blob}\t").into_bytes());
            lines.extend(path.as_os_str().as_bytes());
            lines.push(0);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut call = Program::new("update the index", self.checkout);
        if let Some(other) = other {
            call = call.var("GIT_INDEX_FILE", other);
        }
        call.args(["update-index", "-z", "--index-info"]).stdin(lines).run().map(drop)
    }

    /// As git would add it.
    fn entry_on_disk(&self, path: &Path) -> Result<Option<Entry>, GitError> {
        use std::os::unix::fs::PermissionsExt;
        let file = self.checkout.join(path);
        let Ok(found) = file.symlink_metadata() else { return Ok(None) };
        if found.is_symlink() {
            let target = fs::read_link(&file).map_err(GitError::io("read", &file))?;
            let blob = Oid::hash_object(git2::ObjectType::Blob, target.as_os_str().as_bytes());
            return Ok(Some((0o120_000, blob.map_err(GitError::git("hash a file", self.checkout))?)));
        }
        if !found.is_file() {
            return Ok(None);
        }
        let mode = if found.permissions().mode() & 0o100 == 0 { 0o100_644 } else { 0o100_755 };
        let bytes = fs::read(&file).map_err(GitError::io("read", &file))?;
        let mut option = std::ffi::OsString::from("--path=");
        option.push(path);
        let call = Program::new("hash a file", self.checkout).args(["hash-object", "--stdin"]);
        let blob = super::land::id_in(&call.args([option]).stdin(bytes).run()?, self.checkout)?;
        Ok(Some((mode, blob)))
    }
}

fn entry(tree: &Tree<'_>, path: &Path) -> Option<Entry> {
    tree.get_path(path).ok().map(|entry| (entry.filemode(), entry.id()))
}

impl Repo {
    /// Why the checkout at `path` must be left alone: somebody is in the middle of something there.
    pub fn refuse_unfinished_at(&self, path: &Path) -> Result<(), GitError> {
        let repository = git2::Repository::open(path).map_err(GitError::git("open the repository", path))?;
        if let Some(lock) = Some(repository.path().join("index.lock")).filter(|lock| lock.exists()) {
            return Err(GitError::IndexLocked { lock });
        }
        match repository.state() {
            RepositoryState::Clean => Ok(()),
            state => Err(GitError::Unfinished { path: path.to_owned(), operation: operation(state) }),
        }
    }

    /// Moves `branch` by compare-and-swap, as a person's `git update-ref` would.
    pub fn move_branch(&self, place: &Path, branch: &BranchName, from: Oid, to: Oid) -> Result<(), GitError> {
        let (from, to) = (from.to_string(), to.to_string());
        let call = Program::new("move a branch", place);
        call.args(["update-ref", "-m", "blueprint: land", &branch.full(), &to, &from]).run().map(drop)
    }
}
