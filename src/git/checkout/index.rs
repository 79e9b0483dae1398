//! The index of a worktree that was just filled, written at once: each file's state with its entry, and the tree of each folder, so that
//! the first `git status` and the first commit find everything as they left it.
//!
//! libgit2 could write one, too; it would look up each object first, and leave the trees out.

use std::fs::{self, Metadata, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha1::{Digest, Sha1};

use super::super::GitError;
use super::listing::{File, Kind, Listing};

/// As long as a name may be for its length to be said.
const LONGEST_SAID: usize = 0xfff;

/// What the system says of a file, as an index keeps it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stat {
    /// Seconds and nanoseconds of the last change of state and of content.
    times: [u32; 4],
    device: u32,
    inode: u32,
    owners: [u32; 2],
    size: u32,
}

impl Stat {
    /// From what was asked of the open file.
    pub(super) fn of(file: &Metadata) -> Self {
        let times = [file.ctime(), file.ctime_nsec(), file.mtime(), file.mtime_nsec()];
        Self {
            times: times.map(|number| low(number.cast_unsigned())),
            device: low(file.dev()),
            inode: low(file.ino()),
            owners: [file.uid(), file.gid()],
            size: low(file.size()),
        }
    }
}

/// Writes the index of the git folder `admin`. `stats` are those of the listing's files, in their order.
pub(super) fn write(admin: &Path, listing: &Listing, stats: &[Stat]) -> Result<(), GitError> {
    let (lock, path) = (admin.join("index.lock"), admin.join("index"));
    let file = OpenOptions::new().write(true).create_new(true).open(&lock);
    let mut file = file.map_err(GitError::io("create", &lock))?;
    file.write_all(&bytes(listing, stats)).map_err(GitError::io("write", &lock))?;
    fs::rename(&lock, &path).map_err(GitError::io("write", path))
}

/// See git's `Documentation/gitformat-index.txt`, version 2.
fn bytes(listing: &Listing, stats: &[Stat]) -> Vec<u8> {
    let mut out = Vec::with_capacity(listing.files.len() * 128);
    out.extend_from_slice(b"DIRC");
    out.extend_from_slice(&2_u32.to_be_bytes());
    out.extend_from_slice(&low(listing.files.len() as u64).to_be_bytes());
    for (file, stat) in listing.files.iter().zip(stats) {
        entry(&mut out, file, stat);
    }
    trees(&mut out, listing);
    let sum = Sha1::digest(&out);
    out.extend_from_slice(&sum);
    out
}

fn entry(out: &mut Vec<u8>, file: &File, stat: &Stat) {
    let begin = out.len();
    let mode: u32 = match file.kind {
        Kind::Plain => 0o100_644,
        Kind::Executable => 0o100_755,
        Kind::Link => 0o120_000,
    };
    let [user, group] = stat.owners;
    for number in stat.times.into_iter().chain([stat.device, stat.inode, mode, user, group, stat.size]) {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(file.id.as_bytes());
    let said = u16::try_from(file.path.len().min(LONGEST_SAID)).unwrap_or_default();
    out.extend_from_slice(&said.to_be_bytes());
    out.extend_from_slice(&file.path);
    // At least one zero ends the path, and entries begin at multiples of eight.
    let length = out.len() - begin;
    out.resize(begin + (length / 8 + 1) * 8, 0);
}

/// The extension that says which tree each folder is.
fn trees(out: &mut Vec<u8>, listing: &Listing) {
    let mut body = Vec::with_capacity(listing.folders.len() * 48);
    for folder in &listing.folders {
        let path = folder.path.strip_suffix(b"/").unwrap_or(&folder.path);
        body.extend_from_slice(path.get(folder.name_at..).unwrap_or_default());
        body.extend_from_slice(format!("\0{} {}\n", folder.files, folder.folders).as_bytes());
        body.extend_from_slice(folder.id.as_bytes());
    }
    out.extend_from_slice(b"TREE");
    out.extend_from_slice(&low(body.len() as u64).to_be_bytes());
    out.extend_from_slice(&body);
}

/// An index keeps 32 bits of each number, and git compares no more.
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}
