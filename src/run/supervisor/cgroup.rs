use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::proc::Process;

/// Groups are named after the process that made them: its id and its start time.
const PREFIX: &str = "blueprint-";
/// Between two looks at who is left.
const LOOK: Duration = Duration::from_millis(5);

/// A control group (version 2) of an attempt: the kernel's own list of everybody whom its supervisor has started, and whom those have,
/// whatever sessions, parents and environments they have given themselves.
///
/// There is one where we may make a child of the group that we are in, as it is delegated to whoever uses systemd's user sessions, and to
/// root. No limit is set in it: it only says who belongs together.
#[derive(Debug)]
pub(super) struct Cgroup {
    path: PathBuf,
    /// We are in it ourselves, since whom we start has to begin in there.
    with_us: bool,
}

impl Cgroup {
    /// Makes one and enters it; nothing where that is not permitted.
    pub(super) fn enter() -> Option<Self> {
        let (own, us) = (own()?, Process::with(std::process::id())?);
        remove_forgotten(&own);
        let path = own.join(format!("{PREFIX}{}-{}", us.pid, us.start));
        fs::create_dir(&path).ok()?;
        let group = Self { path, with_us: true };
        if move_us_to(&group.path).is_err() {
            remove(&group.path);
            return None;
        }
        Some(group)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Kills everybody in it at once, forks in flight included. We leave it before.
    pub(super) fn kill(&mut self) {
        self.leave();
        if !self.with_us {
            let _ = kill(&self.path);
        }
    }

    /// Removes it when nobody else is left in it.
    pub(super) fn disband(mut self) {
        self.leave();
        remove(&self.path);
    }

    fn leave(&mut self) {
        if self.with_us {
            let left = self.path.parent().map(move_us_to);
            self.with_us = !matches!(left, Some(Ok(())));
        }
    }

    /// The processor time that all in it have used so far.
    pub(super) fn processor(&self) -> Option<Duration> {
        let stat = fs::read_to_string(self.path.join("cpu.stat")).ok()?;
        let used = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
        used.trim().parse().ok().map(Duration::from_micros)
    }
}

/// Kills everybody in a group, and waits until they are gone, at most so long.
pub(super) fn end(group: &Path, patience: Duration) {
    let deadline = Instant::now() + patience;
    while is_populated(group) && Instant::now() < deadline {
        if kill(group).is_err() {
            return;
        }
        sleep(LOOK);
    }
}

fn kill(group: &Path) -> io::Result<()> {
    fs::write(group.join("cgroup.kill"), "1")
}

/// Not where the group is gone.
fn is_populated(group: &Path) -> bool {
    let events = fs::read_to_string(group.join("cgroup.events")).unwrap_or_default();
    events.lines().any(|line| line == "populated 1")
}

/// Removes a group with those below it that agents have made, as far as nobody is in them.
pub(super) fn remove(group: &Path) {
    let entries = fs::read_dir(group).into_iter().flatten().filter_map(Result::ok);
    for folder in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        remove(&folder.path());
    }
    let _ = fs::remove_dir(group);
}

/// Those that killed supervisors have left. One with somebody in it can't be removed.
fn remove_forgotten(own: &Path) {
    let entries = fs::read_dir(own).into_iter().flatten().filter_map(Result::ok);
    for entry in entries {
        if entry.file_name().to_str().and_then(maker).is_some_and(|maker| !maker.is_alive()) {
            remove(&entry.path());
        }
    }
}

fn maker(name: &str) -> Option<Process> {
    let (pid, start) = name.strip_prefix(PREFIX)?.split_once('-')?;
    Some(Process { pid: pid.parse().ok()?, start: start.parse().ok()? })
}

fn move_us_to(group: &Path) -> io::Result<()> {
    fs::write(group.join("cgroup.procs"), "0")
}

/// The folder of the group that we are in.
fn own() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    folder(&groups, &String::from_utf8_lossy(&mounts))
}

/// From `/proc/self/cgroup` and `/proc/self/mountinfo`: where the hierarchy of version 2 is mounted, whole or in part, and where in it we
/// are.
fn folder(groups: &str, mounts: &str) -> Option<PathBuf> {
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        if kind.split(' ').next() != Some("cgroup2") {
            return None;
        }
        let mut fields = mount.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        let below = Path::new(group).strip_prefix(root).ok()?;
        let is_plain = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        is_plain.then(|| Path::new(place).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_group_is_found_where_it_is_mounted() {
        let hybrid = "33 32 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                      34 33 0:29 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
        let at = |groups: &str, mounts: &str| folder(groups, mounts).map(|path| path.display().to_string());
        let (user, whole) =
            ("1:cpu:/\n0::/user.slice/a.scope\n", "/sys/fs/cgroup/unified/user.slice/a.scope");
        assert_eq!(at(user, hybrid).as_deref(), Some(whole));
        let part = "34 33 0:29 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
        assert_eq!(at(user, part).as_deref(), Some("/sys/fs/cgroup/a.scope"));
        assert_eq!(at("0::/other", part), None, "not in what is mounted");
        assert_eq!(at("0::/../..", "34 33 0:29 / /x rw - cgroup2 cgroup2 rw"), None, "above it");
        assert_eq!(at("4:memory:/x\n", hybrid), None);
        assert_eq!(at("0::/", "no mount at all"), None);
    }

    #[test]
    fn a_groups_name_says_who_made_it_and_others_groups_are_nobodys() {
        assert_eq!(maker("blueprint-12-345"), Some(Process { pid: 12, start: 345 }));
        for name in ["blueprint-12", "blueprint-x-1", "blueprint--1-2", "user.slice", "blueprint.service"] {
            assert_eq!(maker(name), None, "{name}");
        }
    }
}
