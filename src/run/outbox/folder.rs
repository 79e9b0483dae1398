//! A folder that somebody else may change at any moment: no link is followed in it, and nothing is opened that could make us wait.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);
const LISTABLE: u32 = 0o755;
const READABLE: u32 = 0o644;
const SECRET: u32 = 0o600;

impl From<Folder> for OwnedFd {
    fn from(folder: Folder) -> Self {
        folder.0
    }
}

impl Folder {
    /// A folder whose path nobody else can change.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(openat(CWD, path, FOLDER, Mode::empty())?))
    }

    /// A folder in this one.
    pub(super) fn folder(&self, name: &str) -> io::Result<Self> {
        Ok(Self(openat(&self.0, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// The same, made if it isn't there.
    pub(super) fn make(&self, name: &str) -> io::Result<Self> {
        match mkdirat(&self.0, name, Mode::from_raw_mode(LISTABLE)) {
            Ok(()) | Err(Errno::EXIST) => self.folder(name),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in it that `is_wanted`, sorted; of the first so many.
    pub(super) fn names(&self, is_wanted: impl Fn(&str) -> bool, most: usize) -> io::Result<Vec<String>> {
        let entries = Dir::read_from(self.0.as_fd())?.take(most).filter_map(Result::ok);
        let names = entries.filter_map(|entry| Some(entry.file_name().to_str().ok()?.to_owned()));
        let mut names: Vec<_> = names.filter(|name| is_wanted(name)).collect();
        names.sort();
        Ok(names)
    }

    /// The bytes of a plain file; an error if it is something else, or longer than `most`.
    pub(super) fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        // A FIFO that nobody writes to would make us wait.
        let file = openat(&self.0, name, FILE | OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?;
        let file = File::from(file);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::other(format!("it is longer than {most} bytes")));
        }
        Ok(bytes)
    }

    /// Writes a file that everybody may read, whole or not at all; in the place of nothing but a file.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(name, bytes, READABLE, false)
    }

    /// Writes a file that nobody else may read and that outlasts a power cut, whole or not at all.
    pub(super) fn write_secret(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(name, bytes, SECRET, true)?;
        Ok(fsync(&self.0)?)
    }

    fn put(&self, name: &str, bytes: &[u8], mode: u32, durably: bool) -> io::Result<()> {
        let temp = format!(".{name}.{:08x}", fastrand::u32(..));
        let flags = FILE | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let mut file = File::from(openat(&self.0, &temp, flags, Mode::from_raw_mode(mode))?);
        file.write_all(bytes)?;
        if durably {
            file.sync_data()?;
        }
        Ok(renameat(&self.0, &temp, &self.0, name)?)
    }

    /// Removes a file. One that can't be removed stays.
    pub(super) fn remove(&self, name: &str) {
        let _ = unlinkat(&self.0, name, AtFlags::empty());
    }
}
