use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;

/// All that the store does to files that are to last: so that a test can have each of these steps fail.
pub trait Disk: Debug + Send + Sync {
    /// Writes all of it where the file stands.
    ///
    /// # Errors
    /// What the system says; a part of it may have been written then.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;

    /// Waits until the file's content is on the device.
    ///
    /// # Errors
    /// What the system says; nobody knows then what is on the device.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Puts a file in another one's place, or where none is.
    ///
    /// # Errors
    /// What the system says; nothing has changed then.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Waits until the names in a folder are on the device.
    ///
    /// # Errors
    /// What the system says; nobody knows then which names are on the device.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The disk as it is.
#[derive(Debug)]
struct RealDisk;

impl Disk for RealDisk {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

static REAL: RealDisk = RealDisk;
static OF_THIS_PROCESS: OnceLock<&'static dyn Disk> = OnceLock::new();

/// The disk that everything is written to for which no other one was named: the real one, unless [`use_disk`] said otherwise.
pub(super) fn disk() -> &'static dyn Disk {
    *OF_THIS_PROCESS.get().unwrap_or(&(&REAL as &'static dyn Disk))
}

/// Everything that this process writes goes to that disk from now on. Only the first call counts, and it has to come before the first
/// write: it is for developers who have a whole program meet faults.
pub fn use_disk(disk: Box<dyn Disk>) {
    let _ = OF_THIS_PROCESS.set(Box::leak(disk));
}
