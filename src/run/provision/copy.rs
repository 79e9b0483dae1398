//! Copying a file or a whole folder, by several threads, sharing the disk's blocks where the file system can.

use std::fs::{self, File, FileTimes, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, available_parallelism};

use rustix::fs::ioctl_ficlone;

use super::bring::{BringError, How};

/// More threads than this wait for the disk.
const MOST_THREADS: usize = 4;

/// What came of a copy.
#[derive(Debug, Default)]
pub(super) struct Copied {
    /// Whether anything was copied.
    pub(super) brought: bool,
    /// How many things were left out: links that lead out of the checkout, sockets and the like.
    pub(super) left_out: usize,
    /// One of them.
    pub(super) first: Option<PathBuf>,
    /// Nothing was copied, since blocks can't be shared.
    pub(super) without_reflink: bool,
}

/// Copies `source` to `target`, a folder wholly, with modes, times and links. What is there already stays as it is. Links that lead to
/// something in `checkout` lead to the same in `worktree`.
pub(super) fn copy_tree(
    source: &Path,
    target: &Path,
    how: How,
    checkout: &Path,
    worktree: &Path,
) -> Result<Copied, BringError> {
    if how == How::Reflink && !can_share(source, target) {
        return Ok(Copied { without_reflink: true, ..Copied::default() });
    }
    let sharing = Sharing::default();
    let kind = source.symlink_metadata().map_err(BringError::io("look at", source))?.file_type();
    if kind.is_dir() {
        return Walk { checkout, worktree, source, target, sharing }.copy();
    }
    Ok(Copied { brought: kind.is_file() && copy_file(source, target, &sharing)?, ..Copied::default() })
}

/// Whether files there could share their blocks with files here: tried with the first one that is found.
pub(super) fn can_share(source: &Path, target: &Path) -> bool {
    let probe = tempfile::tempfile_in(target.parent().unwrap_or(target));
    let (Some(file), Ok(probe)) = (first_file(source), probe) else { return true };
    File::open(file).is_ok_and(|file| ioctl_ficlone(&probe, &file).is_ok())
}

fn first_file(place: &Path) -> Option<PathBuf> {
    let kind = place.symlink_metadata().ok()?.file_type();
    if kind.is_file() {
        return Some(place.to_owned());
    }
    let below = kind.is_dir().then(|| fs::read_dir(place).ok()).flatten()?;
    below.filter_map(Result::ok).find_map(|entry| first_file(&entry.path()))
}

/// A file to be copied, and where to.
type Pair = (PathBuf, PathBuf);

struct Walk<'a> {
    checkout: &'a Path,
    worktree: &'a Path,
    source: &'a Path,
    target: &'a Path,
    sharing: Sharing,
}

/// Whether files share their blocks with their copies.
#[derive(Default)]
struct Sharing {
    /// It is not worth trying any more.
    is_impossible: AtomicBool,
}

impl Walk<'_> {
    /// One thread makes folders and links, the others copy files as they are found.
    fn copy(&self) -> Result<Copied, BringError> {
        let threads = available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let (found, files) = channel::<Pair>();
        let files = Mutex::new(files);
        let (copied, ended) = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.work(&files))).collect();
            let copied = self.make_folders(&found);
            drop(found);
            let ended: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
            (copied, ended)
        });
        let mut copied = copied?;
        for worker in ended {
            let bug = |_| BringError::io("copy", self.source)(io::Error::other("a thread panicked"));
            copied.brought |= worker.map_err(bug)??;
        }
        Ok(copied)
    }

    /// Copies files until none come any more; whether there were any.
    fn work(&self, files: &Mutex<Receiver<Pair>>) -> Result<bool, BringError> {
        let mut any = false;
        loop {
            let next = files.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((from, to)) = next else { return Ok(any) };
            any |= copy_file(&from, &to, &self.sharing)?;
        }
    }

    fn make_folders(&self, found: &Sender<Pair>) -> Result<Copied, BringError> {
        let mut copied = Copied::default();
        let mut folders = vec![(self.source.to_owned(), self.target.to_owned())];
        while let Some((from, to)) = folders.pop() {
            if !make_folder(&from, &to)? {
                continue;
            }
            copied.brought = true;
            for entry in fs::read_dir(&from).map_err(BringError::io("read", &from))? {
                let entry = entry.map_err(BringError::io("read", &from))?;
                let kind = entry.file_type().map_err(BringError::io("look at", &entry.path()))?;
                let (from, to) = (entry.path(), to.join(entry.file_name()));
                if kind.is_dir() {
                    folders.push((from, to));
                } else if kind.is_file() {
                    // Workers that have ended have an error to tell.
                    let _ = found.send((from, to));
                } else if !(kind.is_symlink() && self.copy_link(&from, &to)?) {
                    copied.left_out += 1;
                    copied.first.get_or_insert(from.strip_prefix(self.checkout).unwrap_or(&from).to_owned());
                }
            }
        }
        Ok(copied)
    }

    /// False for a link that leads out of the checkout by steps from where it is; one that names its goal in full leads there from
    /// everywhere.
    fn copy_link(&self, from: &Path, to: &Path) -> Result<bool, BringError> {
        let goal = fs::read_link(from).map_err(BringError::io("read link", from))?;
        let goal = match goal.strip_prefix(self.checkout) {
            Ok(inside) => self.worktree.join(inside),
            Err(_) if goal.is_absolute() || self.stays_inside(from, &goal) => goal,
            Err(_) => return Ok(false),
        };
        match symlink(goal, to) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
            made => made.map(|()| true).map_err(BringError::io("make link", to)),
        }
    }

    fn stays_inside(&self, link: &Path, goal: &Path) -> bool {
        let mut place = link.parent().unwrap_or(link).to_owned();
        for part in goal.components() {
            match part {
                Component::ParentDir => {
                    place.pop();
                }
                part => place.push(part),
            }
            if !place.starts_with(self.checkout) {
                return false;
            }
        }
        true
    }
}

/// A folder with the mode that the other one has; false where something else is in the way, through which one might leave the worktree.
fn make_folder(like: &Path, folder: &Path) -> Result<bool, BringError> {
    match fs::create_dir(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Ok(folder.symlink_metadata().is_ok_and(|there| there.is_dir()));
        }
        Err(error) => return Err(BringError::io("create folder", folder)(error)),
    }
    let mode = like.metadata().map_or(0o755, |like| like.permissions().mode());
    // One has to be able to write in it.
    let permissions = fs::Permissions::from_mode(mode | 0o700);
    fs::set_permissions(folder, permissions).map_err(BringError::io("set the mode of", folder))?;
    Ok(true)
}

/// False where something is there already, or the file has gone from where it was.
fn copy_file(from: &Path, to: &Path, sharing: &Sharing) -> Result<bool, BringError> {
    let source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(BringError::io("read", from)(error)),
    };
    let like = source.metadata().map_err(BringError::io("look at", from))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(like.permissions().mode()).open(to);
    let target = match made {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(BringError::io("create", to)(error)),
    };
    if !sharing.share(&source, &target) {
        io::copy(&mut &source, &mut &target).map_err(BringError::io("write", to))?;
    }
    // Build tools go by it.
    if let Ok(modified) = like.modified() {
        let _ = target.set_times(FileTimes::new().set_modified(modified));
    }
    Ok(true)
}

impl Sharing {
    /// Gives the copy the blocks of its original, if the file system can.
    fn share(&self, source: &File, target: &File) -> bool {
        if self.is_impossible.load(Ordering::Relaxed) {
            return false;
        }
        let shared = ioctl_ficlone(target, source).is_ok();
        if !shared {
            self.is_impossible.store(true, Ordering::Relaxed);
        }
        shared
    }
}
