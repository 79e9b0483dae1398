use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::StoreError;

/// An exclusive lock on a file made for that purpose; given back when dropped, and by the kernel when we die.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Waits until the lock is ours, however long that takes.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file can't be made or locked.
    pub fn wait(path: &Path) -> Result<Self, StoreError> {
        let file = open(path)?;
        file.lock().map_err(StoreError::io("lock", path))?;
        Ok(Self { file })
    }

    /// Waits until the lock is ours, but not longer than that.
    ///
    /// # Errors
    /// [`StoreError::Held`] names who has it; another one when the lock file can't be made or locked.
    pub fn wait_at_most(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let (file, begun) = (open(path)?, Instant::now());
        let mut pause = Duration::from_micros(200);
        while !is_taken(&file, path)? {
            if begun.elapsed() >= patience {
                return Err(StoreError::Held { path: path.to_owned(), holder: holder(path) });
            }
            std::thread::sleep(pause.mul_f64(0.5 + fastrand::f64()));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(Self { file })
    }

    /// Takes the lock if nobody has it.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file can't be made or locked.
    pub fn try_take(path: &Path) -> Result<Option<Self>, StoreError> {
        let file = open(path)?;
        Ok(is_taken(&file, path)?.then_some(Self { file }))
    }
}

/// Whether it is ours now; not, if somebody else has it.
fn is_taken(file: &File, path: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path)(error)),
    }
}

/// Between two looks whether a lock is free.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The process that has a file locked, as the kernel tells; nothing where it doesn't.
fn holder(path: &Path) -> Option<u32> {
    let locked = fs::metadata(path).ok()?;
    let (major, minor) = (rustix::fs::major(locked.dev()), rustix::fs::minor(locked.dev()));
    let place = format!("{major:02x}:{minor:02x}:{}", locked.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let holder = |line: &str| {
        // Its number, or an arrow in the line of somebody who waits; then the kind, how strict it is, and what for.
        let mut fields = line.split_ascii_whitespace().skip(1);
        let is_held = fields.next()? == "FLOCK" && fields.nth(1)? == "WRITE";
        let pid = fields.next()?.parse().ok()?;
        (is_held && fields.next()? == place).then_some(pid)
    };
    locks.lines().find_map(holder)
}

fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(StoreError::io("open lock file", path))
}

/// Who runs a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOwner {
    /// Process id of the run.
    pub pid: u32,
    /// The machine's host name.
    pub host: String,
    /// The run's id, as in the journal.
    pub run: String,
    /// When it began.
    pub started: jiff::Timestamp,
}

/// The right to run a plan; while it is held, the lock file says by whom.
#[derive(Debug)]
pub struct RunLock {
    _lock: Lock,
}

impl RunLock {
    /// Takes the plan's run lock, or gives the owner that holds it (as far as it can be read).
    ///
    /// # Errors
    /// [`StoreError`] when the lock file can't be used.
    pub fn take(path: &Path, owner: &RunOwner) -> Result<Result<Self, Option<RunOwner>>, StoreError> {
        let Some(mut lock) = try_for_a_moment(path)? else {
            return Ok(Err(read_owner(path)));
        };
        let text = serde_json::to_string(owner)
            .map_err(|source| StoreError::Encode { path: path.to_owned(), source })?;
        lock.write(&text).map_err(StoreError::io("write", path))?;
        Ok(Ok(Self { _lock: lock }))
    }

    /// The owner of a live run, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file can't be used.
    pub fn live_owner(path: &Path) -> Result<Option<RunOwner>, StoreError> {
        if !path.exists() || !is_held(path)? {
            return Ok(None);
        }
        Ok(read_owner(path))
    }
}

/// Asked with a shared lock, so that any number may ask at once, also those who may only read.
fn is_held(path: &Path) -> Result<bool, StoreError> {
    match File::open(path).map_err(StoreError::io("open lock file", path))?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path)(error)),
    }
}

/// Whoever asks for a live run's owner holds the lock for an instant: that is no run.
fn try_for_a_moment(path: &Path) -> Result<Option<Lock>, StoreError> {
    const TRIES: u32 = 20;
    for _ in 1..TRIES {
        if let Some(lock) = Lock::try_take(path)? {
            return Ok(Some(lock));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Lock::try_take(path)
}

impl Lock {
    /// Writes into the lock file who has the lock.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

fn read_owner(path: &Path) -> Option<RunOwner> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_is_refused_and_told_who_has_the_plan() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.lock");
        let owner =
            RunOwner { pid: 7, host: "here".into(), run: "r1".into(), started: jiff::Timestamp::UNIX_EPOCH };
        let held = RunLock::take(&path, &owner).unwrap().unwrap();
        assert_eq!(RunLock::live_owner(&path).unwrap(), Some(owner.clone()));
        assert_eq!(RunLock::take(&path, &owner).unwrap().unwrap_err(), Some(owner.clone()));
        drop(held);
        assert_eq!(RunLock::live_owner(&path).unwrap(), None);
        assert!(RunLock::take(&path, &owner).unwrap().is_ok());
    }

    #[test]
    fn who_does_not_give_a_lock_back_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.lock");
        let held = Lock::try_take(&path).unwrap().unwrap();
        let error = Lock::wait_at_most(&path, Duration::from_millis(30)).unwrap_err();
        let us = std::process::id();
        assert!(matches!(&error, StoreError::Held { holder: Some(pid), .. } if *pid == us), "{error}");
        drop(held);
        // A child that a test beside this one starts right now has our files for a moment.
        drop(Lock::wait_at_most(&path, Duration::from_mins(1)).unwrap());
    }
}
