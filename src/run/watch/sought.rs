//! What is to be watched, and which changes of it matter.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::WatchFlags;
use rustix::fs::{Mode, OFlags, fstatfs, open};

/// Opens what is to be watched, as it is at that moment.
type Open = Box<dyn Fn() -> io::Result<Opened> + Send + Sync>;

/// A file or folder, and which of its changes matter.
pub(in crate::run) struct Sought {
    open: Open,
}

/// What is to be watched, open.
pub(in crate::run) struct Opened {
    pub(super) fd: OwnedFd,
    pub(super) flags: WatchFlags,
    pub(super) matters: Matters,
    /// Only the way to what is sought, which is not there yet.
    pub(super) is_on_the_way: bool,
}

impl Opened {
    /// A folder into which files come; those whose names begin with a dot don't count.
    pub(in crate::run) fn arrivals(fd: OwnedFd) -> Self {
        let flags = WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE;
        Self { fd, flags, matters: Matters::AllButDotFiles, is_on_the_way: false }
    }

    /// A folder in which one of that name is to come.
    pub(in crate::run) fn parent_of(name: &str, fd: OwnedFd) -> Self {
        let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO;
        Self { fd, flags, matters: Matters::Only(name.into()), is_on_the_way: true }
    }
}

/// What in a folder matters, by its name.
#[derive(Debug, Clone)]
pub(super) enum Matters {
    Everything,
    Only(OsString),
    /// Such are files that are not whole yet.
    AllButDotFiles,
}

impl Matters {
    pub(super) fn concerns(&self, name: &[u8]) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(wanted) => wanted.as_bytes() == name,
            Self::AllButDotFiles => !name.starts_with(b"."),
        }
    }
}

impl Sought {
    /// A file, however it is replaced, written or taken away: its folder tells. Whoever writes it in place is heard when done.
    pub(in crate::run) fn file_by_folder(path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let flags = WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE;
        let matters = path.file_name().map_or(Matters::Everything, |name| Matters::Only(name.to_owned()));
        Self::by(move || {
            let fd = at(&folder, OFlags::DIRECTORY)?;
            Ok(Opened { fd, flags, matters: matters.clone(), is_on_the_way: false })
        })
    }

    /// A file that others open, add to and close. Who keeps it open, as we do, is not heard.
    pub(in crate::run) fn added_to_by_others(path: &Path) -> Self {
        let path = path.to_owned();
        Self::by(move || {
            let (fd, flags) = (at(&path, OFlags::empty())?, WatchFlags::CLOSE_WRITE);
            Ok(Opened { fd, flags, matters: Matters::Everything, is_on_the_way: false })
        })
    }

    /// A file that somebody writes and keeps open.
    pub(in crate::run) fn growing(path: &Path) -> Self {
        let path = path.to_owned();
        Self::by(move || {
            let (fd, flags) = (at(&path, OFlags::empty())?, WatchFlags::MODIFY);
            Ok(Opened { fd, flags, matters: Matters::Everything, is_on_the_way: false })
        })
    }

    /// What is opened by `open`, which may be careful.
    pub(in crate::run) fn by(open: impl Fn() -> io::Result<Opened> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open) }
    }

    pub(super) fn open(&self) -> io::Result<Opened> {
        let found = (self.open)()?;
        if is_remote(&found.fd)? {
            return Err(io::Error::other("its file system may be changed from elsewhere"));
        }
        Ok(found)
    }
}

fn at(path: &Path, more: OFlags) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::PATH | OFlags::CLOEXEC | more, Mode::empty())?)
}

/// Nobody here is told what another machine, or a program in user space, does to the files.
fn is_remote(found: &OwnedFd) -> io::Result<bool> {
    const NFS: u32 = 0x6969;
    const SMB: u32 = 0x517B;
    const CIFS: u32 = 0xFF53_4D42;
    const SMB2: u32 = 0xFE53_4D42;
    const PLAN9: u32 = 0x0102_1997;
    const CEPH: u32 = 0x00C3_6400;
    const AFS: u32 = 0x5346_414F;
    const FUSE: u32 = 0x6573_5546;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of 32 bits, in a wide field"
    )]
    let kind = fstatfs(found)?.f_type as u32;
    Ok([NFS, SMB, CIFS, SMB2, PLAN9, CEPH, AFS, FUSE].contains(&kind))
}
