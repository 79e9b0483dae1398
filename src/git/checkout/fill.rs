//! Writing the files of a listing: several threads, each with the repository opened for itself.

use std::fs;
use std::io::{self, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use git2::{Odb, Repository};
use rustix::fs::{Mode, OFlags};

use super::super::worktree::path_of;
use super::super::{GitError, Worktree};
use super::index::Stat;
use super::listing::{File, Kind, Listing};

/// How many files a thread takes at a time.
const PORTION: usize = 64;
/// As few files as are worth a thread: to start one and to open the repository costs as much as writing so many.
const WORTH_A_THREAD: usize = 200;
/// More would wait for the file system and for one another.
const MOST_THREADS: usize = 8;

/// Writes all folders, files and links. Gives what the system says of each file, in the listing's order. Nothing that is there is
/// overwritten, and no link is followed.
pub(super) fn fill(worktree: &Worktree, listing: &Listing) -> Result<Vec<Stat>, GitError> {
    trust_objects();
    let root = open_folder(worktree.path()).map_err(GitError::io("open", worktree.path()))?;
    make_folders(worktree.path(), &root, listing)?;
    let work = Work { worktree, root, listing, next: AtomicUsize::new(0), failed: AtomicBool::new(false) };
    let threads = threads_for(listing.files.len());
    let parts = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work.work())).collect();
        let own = work.work();
        let others = others.into_iter().map(|other| other.join().unwrap_or_else(|_| Err(panicked(worktree))));
        [own].into_iter().chain(others).collect::<Result<Vec<_>, _>>()
    })?;
    let mut portions: Vec<Portion> = parts.into_iter().flatten().collect();
    portions.sort_by_key(|portion| portion.at);
    Ok(portions.into_iter().flat_map(|portion| portion.stats).collect())
}

/// libgit2 computes the hash of each object that it reads, which takes longer than all else about a file. git does not do so to check out,
/// either: that what was read is whole, the sums inside of packs and loose objects show.
fn trust_objects() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| git2::opts::strict_hash_verification(false));
}

fn threads_for(files: usize) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    processors.min(MOST_THREADS).min(files / WORTH_A_THREAD).max(1)
}

fn panicked(worktree: &Worktree) -> GitError {
    GitError::io("write files to", worktree.path())(io::Error::other("a thread panicked"))
}

fn make_folders(path: &Path, root: &OwnedFd, listing: &Listing) -> Result<(), GitError> {
    for folder in listing.folders.iter().skip(1) {
        let name = folder.path.strip_suffix(b"/").unwrap_or(&folder.path);
        let made = rustix::fs::mkdirat(root, name, Mode::from_raw_mode(0o777));
        made.map_err(|error| GitError::io("create", path.join(path_of(name)))(error.into()))?;
    }
    Ok(())
}

/// What the threads share.
struct Work<'a> {
    worktree: &'a Worktree,
    root: OwnedFd,
    listing: &'a Listing,
    /// The first file that nobody has taken.
    next: AtomicUsize,
    /// One has failed: the others need not go on.
    failed: AtomicBool,
}

/// What one thread wrote in one go.
struct Portion {
    /// The place of its first file in the listing.
    at: usize,
    stats: Vec<Stat>,
}

impl Work<'_> {
    /// Writes portions until none is left.
    fn work(&self) -> Result<Vec<Portion>, GitError> {
        let done = self.write_portions();
        if done.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        done
    }

    fn write_portions(&self) -> Result<Vec<Portion>, GitError> {
        let store = Repository::open_bare(self.worktree.common_dir());
        let store = store.map_err(self.worktree.failed("open the repository"))?;
        let objects = store.odb().map_err(self.worktree.failed("open the objects"))?;
        let mut hand = Hand { work: self, objects: &objects, folder: None };
        let mut portions = Vec::new();
        while !self.failed.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(PORTION, Ordering::Relaxed);
            let files = self.listing.files.iter().skip(at).take(PORTION);
            let stats = files.map(|file| hand.write(file)).collect::<Result<Vec<_>, _>>()?;
            if stats.is_empty() {
                break;
            }
            portions.push(Portion { at, stats });
        }
        Ok(portions)
    }
}

/// One thread's means.
struct Hand<'a> {
    work: &'a Work<'a>,
    objects: &'a Odb<'a>,
    /// The folder that it wrote to last.
    folder: Option<(usize, OwnedFd)>,
}

impl Hand<'_> {
    fn write(&mut self, file: &File) -> Result<Stat, GitError> {
        let blob = self.objects.read(file.id).map_err(self.work.worktree.failed("check out files"))?;
        let written = self.write_bytes(file, blob.data());
        written.map_err(|error| GitError::io("write", self.place(file))(error))
    }

    fn write_bytes(&mut self, file: &File, bytes: &[u8]) -> io::Result<Stat> {
        let folder = self.folder_of(file)?;
        let name = file.path.get(file.name_at..).unwrap_or_default();
        let mode = match file.kind {
            Kind::Link => {
                rustix::fs::symlinkat(bytes, folder, name)?;
                return Ok(Stat::of(&self.place(file).symlink_metadata()?));
            }
            Kind::Plain => 0o666,
            Kind::Executable => 0o777,
        };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut written = fs::File::from(rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(mode))?);
        written.write_all(bytes)?;
        Ok(Stat::of(&written.metadata()?))
    }

    /// Opened once for all files in it that come one after the other: the system then has no long path to walk for each.
    fn folder_of(&mut self, file: &File) -> io::Result<&OwnedFd> {
        let opened = match self.folder.take() {
            Some(opened) if opened.0 == file.folder => opened,
            _ => (file.folder, self.open(file)?),
        };
        Ok(&self.folder.insert(opened).1)
    }

    fn open(&self, file: &File) -> io::Result<OwnedFd> {
        let path = self.work.listing.folders.get(file.folder).map(|folder| folder.path.as_slice());
        match path.unwrap_or_default() {
            b"" => self.work.root.try_clone(),
            path => Ok(rustix::fs::openat(&self.work.root, path, FOLDER, Mode::empty())?),
        }
    }

    fn place(&self, file: &File) -> PathBuf {
        self.work.worktree.path().join(path_of(&file.path))
    }
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(rustix::fs::CWD, path, FOLDER, Mode::empty())?)
}
