//! What is to be watched, and which changes of it matter.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::WatchFlags;
use rustix::fs::{Mode, OFlags, fstatfs, open};

/// Opens the file or folder, as it is at that moment.
type Open = Box<dyn Fn() -> io::Result<OwnedFd> + Send + Sync>;

/// A file or folder, and which of its changes matter.
pub(in crate::run) struct Sought {
    open: Open,
    pub(super) flags: WatchFlags,
    pub(super) matters: Matters,
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
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF;
        let name = path.file_name().map(ToOwned::to_owned);
        Self {
            open: Box::new(move || at(&folder, OFlags::DIRECTORY)),
            flags,
            matters: name.map_or(Matters::Everything, Matters::Only),
        }
    }

    /// A file that others open, add to and close. Who keeps it open, as we do, is not heard.
    pub(in crate::run) fn added_to_by_others(path: &Path) -> Self {
        Self::file(path, WatchFlags::CLOSE_WRITE)
    }

    fn file(path: &Path, flags: WatchFlags) -> Self {
        let path = path.to_owned();
        let flags = flags | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        Self { open: Box::new(move || at(&path, OFlags::empty())), flags, matters: Matters::Everything }
    }

    /// A folder into which files come; those whose names begin with a dot don't count. It is opened by `open`, which may be careful.
    pub(in crate::run) fn arrivals(open: impl Fn() -> io::Result<OwnedFd> + Send + Sync + 'static) -> Self {
        let flags =
            WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        Self { open: Box::new(open), flags, matters: Matters::AllButDotFiles }
    }

    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        let found = (self.open)()?;
        if is_remote(&found)? {
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
