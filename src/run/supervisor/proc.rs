use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// The kernel's clock ticks per second, as `/proc` has them: 100 on every machine that Linux runs on today (`sysconf(_SC_CLK_TCK)`).
const TICKS: u64 = 100;

/// A process id that means one process, however often the id itself is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::run) struct Process {
    pub(in crate::run) pid: u32,
    /// When the kernel started it, in clock ticks since boot.
    pub(in crate::run) start: u64,
}

impl Process {
    /// The process that has this id now.
    pub(in crate::run) fn with(pid: u32) -> Option<Self> {
        Some(Self { pid, start: start_time(pid)? })
    }

    /// Whether it lives, given that the machine was not booted since.
    pub(in crate::run) fn is_alive(self) -> bool {
        start_time(self.pid) == Some(self.start)
    }

    /// Sends it a signal, if it lives.
    pub(in crate::run) fn tell(self, what: Signal) {
        if self.is_alive() {
            signal(self.pid, what);
        }
    }
}

/// Which boot of the machine this is; empty where nobody says so.
pub(super) fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Sends a signal. The process may have ended meanwhile.
pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Visits everybody who descends from `root`, ended ones that nobody took note of included. Each is visited as soon as it is found: one
/// that forks and ends at once is gone when a list is complete.
pub(super) fn visit_descendants(root: u32, visit: &mut dyn FnMut(u32)) {
    let mut seen = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for child in children_of(parent) {
            if seen.insert(child) {
                visit(child);
                open.push(child);
            }
        }
    }
}

/// Everybody who descends from `root`, ended ones left out.
pub(in crate::run) fn descendants_of(root: u32) -> Vec<u32> {
    let mut found = Vec::new();
    visit_descendants(root, &mut |pid| found.push(pid));
    found.retain(|pid| start_time(*pid).is_some());
    found
}

/// The kernel has a list for each thread; one that is not configured to have it is asked for everybody's parents.
pub(super) fn children_of(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    let mut children = Vec::new();
    for thread in threads {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(list) => {
                children.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
            }
            Err(_) if !has_lists() => return children_by_parent(pid),
            Err(_) => {}
        }
    }
    children
}

fn has_lists() -> bool {
    let own = std::process::id();
    fs::exists(format!("/proc/{own}/task/{own}/children")).unwrap_or(false)
}

fn children_by_parent(parent: u32) -> Vec<u32> {
    all_processes().filter(|(_, stat)| stat.parent == parent).map(|(pid, _)| pid).collect()
}

/// Everybody on the machine.
pub(super) fn all_processes() -> impl Iterator<Item = (u32, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, Stat::of(pid)?)))
}

/// When a process was started, in clock ticks since boot; nothing if it has ended.
pub(super) fn start_time(pid: u32) -> Option<u64> {
    Stat::of(pid).filter(Stat::is_alive).map(|stat| stat.start)
}

/// Who started it, or adopted it since.
pub(in crate::run) fn parent_of(pid: u32) -> Option<u32> {
    Stat::of(pid).map(|stat| stat.parent).filter(|parent| *parent != 0)
}

/// What we need of `/proc/PID/stat` (see `proc_pid_stat(5)`).
pub(super) struct Stat {
    state: char,
    parent: u32,
    start: u64,
    /// Processor time in ticks: its own, and that of children whose end it took note of.
    own: u64,
    childrens: u64,
}

impl Stat {
    pub(super) fn of(pid: u32) -> Option<Self> {
        // The kernel cuts a program's name to 15 bytes, within a character, too.
        Self::parse(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?))
    }

    /// Not only an entry that waits for its parent to take note.
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// Whether it is the process that was started then, and lives.
    pub(super) fn is(&self, start: u64) -> bool {
        self.start == start && self.is_alive()
    }

    /// Somebody has stopped it.
    pub(super) fn is_stopped(&self) -> bool {
        self.state == 'T'
    }

    /// The processor time of it and of its ended children.
    pub(super) fn processor(&self) -> Duration {
        ticks(self.own + self.childrens)
    }

    /// The processor time of its ended children alone.
    pub(super) fn processor_of_ended(&self) -> Duration {
        ticks(self.childrens)
    }

    /// The second field is the program's name in parentheses, and may contain blanks and parentheses itself.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<_> = line.get(line.rfind(')')? + 1..)?.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            start: number(19)?,
            own: number(11)?.saturating_add(number(12)?),
            childrens: number(13)?.saturating_add(number(14)?),
        })
    }
}

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count.saturating_mul(1000 / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_parentheses_and_blanks_confuses_nothing() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 1 0 0 0 1 2 3 4 20 0 1 0 12345 0 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.state, stat.parent, stat.start, stat.own, stat.childrens), ('S', 7, 12345, 3, 7));
        assert_eq!(stat.processor(), Duration::from_millis(100));
    }

    #[test]
    fn we_are_a_running_process_with_a_start_time() {
        let own = Process::with(std::process::id()).unwrap();
        assert!(own.is_alive());
        assert!(!Process { start: own.start + 1, ..own }.is_alive(), "the same id, another process");
        assert_eq!(start_time(u32::MAX), None);
    }

    #[test]
    fn a_program_whose_name_is_cut_within_a_character_is_a_process_like_others() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("мойагент");
        fs::copy("/bin/sleep", &program).unwrap();
        let mut child = std::process::Command::new(&program).arg("60").spawn().unwrap();
        assert!(Process::with(child.id()).is_some_and(Process::is_alive));
        assert!(children_of(std::process::id()).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn both_ways_to_ask_for_children_find_the_same() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let own = std::process::id();
        assert!(children_of(own).contains(&child.id()));
        assert!(children_by_parent(own).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
