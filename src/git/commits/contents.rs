//! What the files of a checkout come to as content: which have changed, and all of them brought into an index. libgit2 reads them where
//! they are nothing but bytes; where filters, encodings, line ends, sparse checkouts or submodules have a say, git itself does.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::{Index, IndexAddOption, Oid, Repository};

use crate::git::checkout::Demands;
use crate::git::worktree::{OWN_FOLDER, path_of};
use crate::git::{GitError, Program};

/// A submodule's entry in a tree or index.
pub(in crate::git) const GITLINK: u32 = 0o160_000;

/// Everything in a checkout that is not ignored, in an index of which nobody else knows yet.
pub(super) struct Staged {
    pub(super) index: Index,
    /// Repositories that lie in it, and are left out with what is in them.
    pub(super) nested: Vec<PathBuf>,
    /// The file of the index, where it is a copy.
    copy: Option<PathBuf>,
}

/// Whether git has to read the files of this checkout.
pub(in crate::git) fn asks_for_git(repository: &Repository) -> Result<bool, git2::Error> {
    if !Program::is_there() {
        return Ok(false);
    }
    let Some(root) = repository.workdir() else { return Ok(false) };
    let index = repository.index()?;
    if index.iter().any(|entry| entry.mode == GITLINK) {
        return Ok(true);
    }
    let tracked = index.iter().map(|entry| path_of(&entry.path));
    let files = tracked.filter(|path| is_attributes(path)).chain([PathBuf::from(".gitattributes")]);
    let texts: Vec<_> = files.filter_map(|file| fs::read(root.join(file)).ok()).collect();
    let texts: Vec<_> = texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    Ok(Demands::of(repository, &texts)?.to_read.is_some())
}

/// What `git status` says has changed; with `each_file`, new folders are looked into. The index is not written.
pub(in crate::git) fn dirty_by_git(
    repository: &Repository,
    each_file: bool,
) -> Result<Vec<PathBuf>, GitError> {
    let untracked = if each_file { "--untracked-files=all" } else { "--untracked-files=normal" };
    let program = Program::new("read the status", root(repository)).var("GIT_OPTIONAL_LOCKS", "0");
    let listed = program.args(["status", "--porcelain=v1", "-z", "--no-renames", untracked]).run()?;
    let lines = listed.split(|byte| *byte == 0).filter_map(|line| line.get(3..));
    let mut paths: Vec<_> = lines.map(path_of).collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Brings everything that is not ignored into an index: new, changed, deleted, modes, symbolic links. Left out are our own folder and
/// repositories that lie in the checkout: as a tree can only hold a link to those, the work in them would seem to be committed and be lost.
pub(super) fn stage(repository: &Repository) -> Result<Staged, GitError> {
    let failed = || GitError::git("read the changes", root(repository));
    let asks = asks_for_git(repository).map_err(failed())?;
    let plain = if asks { None } else { by_libgit2(repository).map_err(failed())? };
    let mut staged = plain.map_or_else(|| by_git(repository), Ok)?;
    let more = leave_out(repository, &mut staged.index).map_err(failed())?;
    staged.nested.extend(more);
    staged.nested.sort();
    staged.nested.dedup();
    Ok(staged)
}

impl Staged {
    /// Its tree, stored.
    pub(super) fn write_tree(&mut self, repository: &Repository) -> Result<Oid, git2::Error> {
        self.index.write_tree_to(repository)
    }

    /// Makes it the checkout's own.
    pub(super) fn keep(mut self, repository: &Repository) -> Result<(), GitError> {
        self.index.write().map_err(GitError::git("write the index", root(repository)))?;
        let Some(copy) = self.copy.take() else { return Ok(()) };
        let path = repository.path().join("index");
        fs::rename(copy, &path).map_err(GitError::io("write", path))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // One that stays is overwritten by the next.
        let _ = self.copy.take().map(fs::remove_file);
    }
}

/// `None` if attributes have changed: whoever reads the files then must know of them.
fn by_libgit2(repository: &Repository) -> Result<Option<Staged>, git2::Error> {
    let (mut nested, mut has_new_attributes) = (Vec::new(), false);
    let mut index = repository.index()?;
    let mut sort_out = |path: &Path, _: &[u8]| {
        let is_repository = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if is_repository {
            nested.push(path.components().collect());
        }
        has_new_attributes |= is_attributes(path);
        i32::from(is_repository || path.starts_with(OWN_FOLDER))
    };
    // Not an empty list: git2 then hands a null pattern to the callback and crashes.
    index.add_all(["*"], IndexAddOption::DEFAULT, Some(&mut sort_out))?;
    if has_new_attributes && Program::is_there() {
        index.read(true)?;
        return Ok(None);
    }
    Ok(Some(Staged { index, nested, copy: None }))
}

/// git gets a copy of the index: what is staged becomes the checkout's own only when it is committed.
fn by_git(repository: &Repository) -> Result<Staged, GitError> {
    let copy = repository.path().join("blueprint-index");
    copy_index(&repository.path().join("index"), &copy)?;
    let (nested, has_own) = left_out(repository, &copy)?;
    let own = has_own.then(|| PathBuf::from(OWN_FOLDER));
    let mut paths = b":(top)\0".to_vec();
    for path in nested.iter().chain(&own) {
        paths.extend([b":(exclude,top,literal)", path.as_os_str().as_encoded_bytes(), b"\0"].concat());
    }
    let mut program = Program::new("read the changes", root(repository)).var("GIT_INDEX_FILE", &copy);
    program = program.setting("core.safecrlf=false").args(["add", "--all"]);
    if is_sparse(repository) {
        program = program.args(["--sparse"]);
    }
    program.args(["--pathspec-from-file=-", "--pathspec-file-nul"]).stdin(paths).run()?;
    let index = Index::open(&copy).map_err(GitError::git("read the index", root(repository)))?;
    Ok(Staged { index, nested, copy: Some(copy) })
}

/// With its time: what was changed within the same moment as the index is looked at more closely.
fn copy_index(from: &Path, to: &Path) -> Result<(), GitError> {
    let _ = fs::remove_file(to);
    let time = match fs::metadata(from).and_then(|found| found.modified()) {
        Ok(time) => time,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(GitError::io("read", from)(error)),
    };
    fs::copy(from, to).map_err(GitError::io("copy", from))?;
    let set = File::options().write(true).open(to).and_then(|file| file.set_modified(time));
    set.map_err(GitError::io("write", to))
}

/// The repositories among the untracked files, and whether our own folder is there and not ignored. git would complain of a path that is
/// named to be left out and ignored as well.
fn left_out(repository: &Repository, index: &Path) -> Result<(Vec<PathBuf>, bool), GitError> {
    let program = Program::new("list new files", root(repository)).var("GIT_INDEX_FILE", index);
    let listed = program.args(["ls-files", "-z", "--others", "--exclude-standard"]).run()?;
    let lines = || listed.split(|byte| *byte == 0);
    let nested = lines().filter_map(|line| line.strip_suffix(b"/")).map(path_of).collect();
    Ok((nested, lines().any(|line| path_of(line).starts_with(OWN_FOLDER))))
}

/// Takes out what an agent's own `git add` may have taken in: our folder, and nested repositories. Submodules that `.gitmodules` declares
/// stay.
fn leave_out(repository: &Repository, index: &mut Index) -> Result<Vec<PathBuf>, git2::Error> {
    let tree = repository.head().and_then(|head| head.peel_to_tree()).ok();
    if tree.as_ref().is_none_or(|tree| tree.get_name(OWN_FOLDER).is_none()) {
        index.remove_dir(OWN_FOLDER.as_ref(), 0)?;
    }
    let in_head = |path: &PathBuf| tree.as_ref().is_some_and(|tree| tree.get_path(path).is_ok());
    let declared = |path: &PathBuf| {
        let name = path.to_str().unwrap_or_default();
        repository.find_submodule(name).is_ok_and(|module| matches!(module.url(), Ok(Some(_))))
    };
    let links = index.iter().filter(|entry| entry.mode == GITLINK).map(|entry| path_of(&entry.path));
    let nested: Vec<PathBuf> = links.filter(|path| !in_head(path) && !declared(path)).collect();
    for path in &nested {
        index.remove(path, 0)?;
    }
    Ok(nested)
}

fn is_sparse(repository: &Repository) -> bool {
    repository.config().and_then(|config| config.get_bool("core.sparsecheckout")).unwrap_or_default()
}

fn is_attributes(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".gitattributes")
}

fn root(repository: &Repository) -> &Path {
    repository.workdir().unwrap_or_else(|| repository.path())
}
