//! The repository's list of worktrees, `<common dir>/worktrees`, written as git writes it.
//!
//! libgit2 registers and checks out in one step, and races with itself for the first registration of a repository. So this is done here:
//! an entry is made complete in a folder of our own and then renamed into the list, under a lock in this process and one across
//! processes, and is marked as locked (which `git worktree prune` respects) until its files are checked out.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::git::refs::slugs;
use crate::git::repo::settled;
use crate::git::worktree::{path_of, place};
use crate::git::{BranchName, GitError, Repo};

/// What the `locked` file of an entry says while its worktree is being made. The maker also holds a lock on the file, which ends with it.
const BEING_MADE: &str = "blueprint: being made\n";
/// How often the list may vanish under our hands: git removes it with its last entry.
const TURNS: u32 = 100;

/// File locks of one process may be shared by its threads (NFS), so the threads need one of their own.
static THREADS: Mutex<()> = Mutex::new(());

/// The right to change the list.
pub(super) struct Registry<'a> {
    common_dir: &'a Path,
    _threads: MutexGuard<'static, ()>,
    _processes: File,
}

impl<'a> Registry<'a> {
    /// Waits for the right to change the list.
    pub(super) fn lock(common_dir: &'a Path) -> Result<Self, GitError> {
        let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = common_dir.join("blueprint");
        fs::create_dir_all(&folder).map_err(GitError::io("create", &folder))?;
        let path = folder.join("worktrees.lock");
        let processes = File::create(&path).map_err(GitError::io("create", &path))?;
        processes.lock().map_err(GitError::io("lock", &path))?;
        Ok(Self { common_dir, _threads: threads, _processes: processes })
    }

    /// Adds an entry, marked as being made for as long as the file returned is open.
    pub(super) fn add(&self, path: &Path, branch: &BranchName) -> Result<(Registration, File), GitError> {
        let staged = self.common_dir.join("blueprint/worktree.new");
        forget(&staged)?;
        let marker = write_entry(&staged, path, branch).map_err(GitError::io("write", &staged))?;
        let admin = self.publish(&staged, branch)?;
        Ok((Registration { admin, path: path.to_owned() }, marker))
    }

    /// Renames a complete entry into the list, under a name that is free.
    fn publish(&self, staged: &Path, branch: &BranchName) -> Result<PathBuf, GitError> {
        let list = self.common_dir.join("worktrees");
        let plain = slugs(&[branch.as_str()]).pop().unwrap_or_default();
        let mut cause = ErrorKind::AlreadyExists.into();
        for turn in 1..=TURNS {
            let admin = list.join(if turn == 1 { plain.clone() } else { format!("{plain}{turn}") });
            fs::create_dir_all(&list).map_err(GitError::io("create", &list))?;
            if admin.symlink_metadata().is_ok() {
                continue;
            }
            match fs::rename(staged, &admin) {
                Ok(()) => return Ok(admin),
                Err(error) => cause = error,
            }
        }
        Err(GitError::io("register a worktree in", list)(cause))
    }

    /// Takes an entry off the list.
    pub(super) fn remove(&self, registration: &Registration) -> Result<(), GitError> {
        debug_assert!(registration.admin.starts_with(self.common_dir));
        forget(&registration.admin)
    }
}

/// One entry of the list.
#[derive(Debug, Clone)]
pub(in crate::git) struct Registration {
    admin: PathBuf,
    path: PathBuf,
}

impl Registration {
    /// Where the worktree is.
    pub(in crate::git) fn path(&self) -> &Path {
        &self.path
    }

    /// The branch in its `HEAD`.
    fn branch(&self) -> Option<BranchName> {
        head_branch(&self.admin)
    }

    /// Why it must be left alone, if it is locked: by a person, or by somebody who is making it right now.
    pub(in crate::git) fn locked(&self) -> Option<String> {
        let reason = fs::read(self.admin.join("locked")).ok()?;
        let reason = String::from_utf8_lossy(&reason).trim().to_owned();
        (!self.broke_off()).then_some(reason)
    }

    /// Whether its maker died: it says that it is being made, and nobody holds it.
    pub(in crate::git) fn broke_off(&self) -> bool {
        let marker = self.admin.join("locked");
        let ours = fs::read(&marker).is_ok_and(|text| text == BEING_MADE.as_bytes());
        ours && File::open(&marker)
            .is_ok_and(|file| !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Says that it is complete.
    pub(super) fn complete(&self) -> Result<(), GitError> {
        let marker = self.admin.join("locked");
        fs::remove_file(&marker).map_err(GitError::io("remove", marker))
    }
}

impl Repo {
    /// The checkout that has `branch`, if any: the main one or a linked worktree.
    pub fn checked_out_at(&self, branch: &BranchName) -> Result<Option<PathBuf>, GitError> {
        let linked = registrations(self.common_dir())?;
        if let Some(entry) = linked.into_iter().find(|entry| entry.branch().as_ref() == Some(branch)) {
            return Ok(Some(entry.path));
        }
        if head_branch(self.common_dir()).as_ref() != Some(branch) {
            return Ok(None);
        }
        let main = git2::Repository::open(self.common_dir());
        let main = main.map_err(GitError::git("open the repository", self.common_dir()))?;
        Ok(main.workdir().map(settled))
    }
}

/// The entry of the worktree at `path` (as [`place`] gives it).
pub(in crate::git) fn registration_at(
    common_dir: &Path,
    path: &Path,
) -> Result<Option<Registration>, GitError> {
    Ok(registrations(common_dir)?.into_iter().find(|entry| entry.path == path))
}

/// The entry of a worktree that may be taken away from `path`.
///
/// # Errors
/// [`GitError::NotAWorktree`] if there is none, [`GitError::WorktreeLocked`] if somebody has locked it.
pub(super) fn unlocked_at(common_dir: &Path, path: &Path) -> Result<Registration, GitError> {
    let path = path.to_owned();
    let Some(entry) = registration_at(common_dir, &path)? else {
        return Err(GitError::NotAWorktree { path, reason: "it is not registered" });
    };
    match entry.locked() {
        Some(reason) => Err(GitError::WorktreeLocked { path, reason }),
        None => Ok(entry),
    }
}

/// Every entry: where its worktree is, and the branch in its `HEAD`.
pub(in crate::git) fn registered(common_dir: &Path) -> Result<Vec<(PathBuf, Option<BranchName>)>, GitError> {
    let listed = registrations(common_dir)?.into_iter();
    Ok(listed.map(|entry| (entry.path.clone(), entry.branch())).collect())
}

pub(in crate::git) fn registrations(common_dir: &Path) -> Result<Vec<Registration>, GitError> {
    let list = common_dir.join("worktrees");
    match fs::read_dir(&list) {
        Ok(entries) => Ok(entries.flatten().filter_map(|entry| read_entry(entry.path())).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(GitError::io("read", list)(error)),
    }
}

/// An entry that can't be read is none of ours, and git's to complain about.
pub(in crate::git) fn read_entry(admin: PathBuf) -> Option<Registration> {
    let mut text = fs::read(admin.join("gitdir")).ok()?;
    text.truncate(text.trim_ascii_end().len());
    // Newer git can write it relative to the entry.
    let dot_git = admin.join(path_of(&text));
    let path = place(&lexical(dot_git.parent()?)).ok()?;
    Some(Registration { admin, path })
}

/// Takes `..` out of a path that may no longer exist.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn head_branch(git_dir: &Path) -> Option<BranchName> {
    let head = fs::read_to_string(git_dir.join("HEAD")).ok()?;
    BranchName::new(head.trim_end().strip_prefix("ref: refs/heads/")?)
}

fn write_entry(admin: &Path, path: &Path, branch: &BranchName) -> std::io::Result<File> {
    fs::create_dir_all(admin)?;
    let mut marker = File::create(admin.join("locked"))?;
    marker.lock()?;
    marker.write_all(BEING_MADE.as_bytes())?;
    let dot_git = path.join(".git").into_os_string().into_vec();
    fs::write(admin.join("gitdir"), [dot_git.as_slice(), b"\n"].concat())?;
    fs::write(admin.join("commondir"), "../..\n")?;
    fs::write(admin.join("HEAD"), format!("ref: {}\n", branch.full()))?;
    Ok(marker)
}

/// What the `.git` file of a worktree says.
pub(super) fn dot_git(registration: &Registration) -> Vec<u8> {
    [b"gitdir: ", registration.admin.as_os_str().as_bytes(), b"\n"].concat()
}

fn forget(folder: &Path) -> Result<(), GitError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(GitError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}
