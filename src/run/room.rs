//! Whether the machine has room for one more attempt.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use super::sharing::Sharing;

/// What a machine must have before an attempt starts.
#[derive(Debug, Default)]
pub(super) struct Room {
    min_free_disk: Option<u64>,
    max_load: Option<f64>,
    /// Folders whose disks fill up; those that are still to come count as the nearest one that is there.
    folders: Vec<PathBuf>,
}

impl Room {
    pub(super) fn new(sharing: &Sharing, folders: Vec<PathBuf>) -> Self {
        Self { min_free_disk: sharing.min_free_disk, max_load: sharing.max_load, folders }
    }

    /// What there is too little of now, said so that a person knows what to do; nothing, if there is enough. What can't be found out
    /// keeps nobody waiting.
    pub(super) fn lack(&self) -> Option<String> {
        let disks = self.folders.iter().find_map(|folder| self.lack_on(folder));
        disks.or_else(|| self.lack_of_power(self.max_load.and_then(|_| load())?))
    }

    /// Whether it is the disk of the worktrees that runs short.
    pub(super) fn is_full(&self) -> bool {
        self.folders.first().is_some_and(|folder| self.lack_on(folder).is_some())
    }

    fn lack_on(&self, folder: &Path) -> Option<String> {
        self.min_free_disk?;
        let there = nearest(folder)?;
        self.lack_of_disk(there, free(there)?)
    }

    fn lack_of_disk(&self, folder: &Path, free: u64) -> Option<String> {
        let least = self.min_free_disk.filter(|least| free < *least)?;
        let (free, least) = (bytes(free), bytes(least));
        Some(format!("the disk of {} has {free} left, and min-free-disk is {least}", folder.display()))
    }

    fn lack_of_power(&self, load: f64) -> Option<String> {
        let most = self.max_load.filter(|most| load > *most)?;
        Some(format!("the machine's load is {load:.1}, and max-load is {most}"))
    }
}

/// The folder, or the nearest one above it that is there.
pub(super) fn nearest(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.exists())
}

/// Free for us, in bytes.
pub(super) fn free(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The mean of the last minute.
fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// `1.5 GB`.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1_000.0 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 100.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(min_free_disk: Option<u64>, max_load: Option<f64>) -> Room {
        let sharing = Sharing { min_free_disk, max_load, ..Sharing::default() };
        Room::new(&sharing, vec![PathBuf::from("/tmp/not there yet")])
    }

    #[test]
    fn what_is_not_asked_for_is_never_lacking() {
        assert_eq!(room(None, None).lack(), None);
        assert_eq!(room(Some(0), Some(f64::MAX)).lack(), None);
    }

    #[test]
    fn a_full_disk_and_a_busy_machine_are_said_with_their_figures() {
        let room = room(Some(2_000_000_000), Some(8.0));
        let (full, busy) = (room.lack_of_disk(Path::new("/work"), 512_000_000), room.lack_of_power(11.25));
        assert_eq!(full.unwrap(), "the disk of /work has 512 MB left, and min-free-disk is 2.0 GB");
        assert_eq!(busy.unwrap(), "the machine's load is 11.2, and max-load is 8");
        assert_eq!(room.lack_of_disk(Path::new("/work"), 2_000_000_000), None);
        assert_eq!(room.lack_of_power(8.0), None);
    }

    #[test]
    fn a_disk_is_named_by_a_folder_that_is_there() {
        let lack = room(Some(u64::MAX), None).lack().unwrap();
        assert!(lack.starts_with("the disk of /tmp has"), "{lack}");
    }
}
