use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, set_child_subreaper, wait,
};

/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(10);
/// What an agent leaves behind is often about to end by itself, such as the maintenance that a commit starts.
const LINGER: Duration = Duration::from_secs(1);
/// A process that the kernel can't end (stuck in a device) must not keep us for ever.
const GIVE_UP: Duration = Duration::from_mins(1);

/// All descendants of this process.
///
/// As their reaper we inherit those whose parents end, so that agents which start children in sessions of their own lose nobody;
/// and "no child left" is the kernel's word that nobody is left.
pub(super) struct Tree {
    ended: HashMap<u32, WaitStatus>,
}

impl Tree {
    pub(super) fn become_reaper() -> io::Result<Self> {
        set_child_subreaper(Some(getpid()))?;
        Ok(Self { ended: HashMap::new() })
    }

    /// How a direct child ended, if it did.
    pub(super) fn status_of(&self, pid: u32) -> Option<WaitStatus> {
        self.ended.get(&pid).copied()
    }

    /// Takes note of all children that have ended.
    pub(super) fn reap(&mut self) {
        let _ = self.reap_all();
    }

    /// Gives whoever is left a moment to end by itself.
    pub(super) fn linger(&mut self) {
        let deadline = Instant::now() + LINGER;
        while !self.reap_all() && Instant::now() < deadline {
            sleep(LOOK);
        }
    }

    /// TERM, grace, KILL, until nobody is left; says how many were told. `hurry` cuts the grace short.
    pub(super) fn end(&mut self, grace: Duration, hurry: &mut dyn FnMut() -> bool) -> usize {
        let deadline = Instant::now() + grace;
        let mut told = HashSet::new();
        while !self.reap_all() {
            if Instant::now() >= deadline || hurry() {
                self.kill();
                break;
            }
            for pid in descendants_of(std::process::id()) {
                if told.insert(pid) {
                    signal(pid, Signal::TERM);
                    // A stopped process sees its TERM only once it goes on.
                    signal(pid, Signal::CONT);
                }
            }
            sleep(LOOK);
        }
        told.len()
    }

    /// KILL for everybody, again and again: a fork in flight escapes one round, not the next.
    pub(super) fn kill(&mut self) {
        let deadline = Instant::now() + GIVE_UP;
        while !self.reap_all() && Instant::now() < deadline {
            for pid in descendants_of(std::process::id()) {
                signal(pid, Signal::KILL);
            }
            sleep(LOOK);
        }
    }

    /// Reaps what has ended; true when no child is left.
    fn reap_all(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    self.ended.insert(pid.as_raw_nonzero().get().unsigned_abs(), status);
                }
                Ok(None) => return false,
                Err(Errno::INTR) => {}
                Err(_) => return true,
            }
        }
    }
}

/// Kills a process and its descendants, when none of them is ours to reap.
pub(super) fn kill_from(root: u32) {
    kill_all(|| {
        let mut left = descendants_of(root);
        if start_time(root).is_some() {
            left.push(root);
        }
        left
    });
}

/// Kills all others that have this variable (`NAME=value`) in their environment, whoever their parents are.
pub(super) fn kill_with_variable(variable: &[u8]) {
    kill_all(|| with_variable(variable));
}

/// Again and again, as long as any are found.
fn kill_all(find: impl Fn() -> Vec<u32>) {
    let deadline = Instant::now() + GIVE_UP;
    loop {
        let left = find();
        if left.is_empty() || Instant::now() >= deadline {
            return;
        }
        for pid in left {
            signal(pid, Signal::KILL);
        }
        sleep(LOOK);
    }
}

fn with_variable(variable: &[u8]) -> Vec<u32> {
    let has = |pid: u32| {
        let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        env.split(|byte| *byte == 0).any(|found| found == variable)
    };
    let others = all_processes().filter(|(pid, stat)| *pid != std::process::id() && stat.is_alive());
    others.map(|(pid, _)| pid).filter(|pid| has(*pid)).collect()
}

pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, signal);
    }
}

/// Everybody who descends from `root`, zombies left out.
pub(super) fn descendants_of(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (pid, stat) in all_processes() {
        if stat.is_alive() {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        let direct = children.remove(&parent).unwrap_or_default();
        found.extend(&direct);
        open.extend(direct);
    }
    found
}

fn all_processes() -> impl Iterator<Item = (u32, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, Stat::read(pid)?)))
}

/// When a process was started, in clock ticks since boot; nothing if it has ended.
pub(super) fn start_time(pid: u32) -> Option<u64> {
    Stat::read(pid).filter(|stat| stat.state != 'Z').map(|stat| stat.start)
}

/// Who started it, or adopted it since.
pub(super) fn parent_of(pid: u32) -> Option<u32> {
    Stat::read(pid).map(|stat| stat.parent).filter(|parent| *parent != 0)
}

/// What we need of `/proc/PID/stat` (see `proc_pid_stat(5)`).
struct Stat {
    state: char,
    parent: u32,
    start: u64,
}

impl Stat {
    /// Not only an entry that waits for its parent to take note.
    fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name in parentheses, and may contain blanks and parentheses itself.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.get(line.rfind(')')? + 1..)?.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let start = fields.nth(17)?.parse().ok()?;
        Some(Self { state, parent, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_parentheses_and_blanks_confuses_nothing() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.state, stat.parent, stat.start), ('S', 7, 12345));
    }

    #[test]
    fn we_are_a_running_process_with_a_start_time() {
        assert!(start_time(std::process::id()).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }
}
