//! Processes that have no supervisor: which one it is, whether it lives, and how it is asked to end.

use std::fs;
use std::sync::LazyLock;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, test_kill_process};

use super::proc::{Stat, boot_id, descendants_of, signal, start_time};
use super::processes::Processes;
use crate::run::record::ProcessId;
use crate::store::AttemptDir;

/// Which boot of the machine this is: with each one, numbers of processes and their times begin anew.
static BOOT: LazyLock<String> = LazyLock::new(boot_id);

/// What tells the process from all others that ever have its number.
pub(in crate::run) fn identity(pid: u32) -> ProcessId {
    ProcessId { pid, start: start_time(pid), boot: BOOT.clone() }
}

/// The agent of an attempt, as its supervisor noted it; nothing before it was started.
pub(in crate::run) fn agent_of(dir: &AttemptDir) -> Option<ProcessId> {
    let agent = Processes::read(dir)?.agent?;
    Some(ProcessId { pid: agent.pid, start: Some(agent.start), boot: BOOT.clone() })
}

/// Whether that very process lives.
pub(in crate::run) fn is_alive(process: &ProcessId) -> bool {
    process.boot == *BOOT && process.start.is_some() && start_time(process.pid) == process.start
}

/// Whether that very process is known to have ended. What can't be seen is not known.
pub(in crate::run) fn is_gone(process: &ProcessId) -> bool {
    let Some(start) = process.start.filter(|_| !BOOT.is_empty() && process.boot == *BOOT) else {
        return false;
    };
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    // Who may not look at other users' processes still gets this answer.
    let is_nobodys = pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH));
    is_nobodys || Stat::of(process.pid).is_some_and(|stat| !stat.is(start))
}

/// Which numbers of processes mean the same: those of containers may be others; empty where nobody says so.
pub(in crate::run) fn namespace() -> String {
    let own = fs::read_link("/proc/self/ns/pid");
    own.map(|own| own.to_string_lossy().into_owned()).unwrap_or_default()
}

/// TERM for a process and everybody who descends from it, whatever session they are in.
pub(in crate::run) fn ask_to_end(pid: u32) {
    for pid in descendants_of(pid).into_iter().chain([pid]) {
        signal(pid, Signal::TERM);
        // A stopped process sees its TERM only once it goes on.
        signal(pid, Signal::CONT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_as_itself_only() {
        let own = identity(std::process::id());
        assert!(is_alive(&own));
        assert!(!is_alive(&ProcessId { start: own.start.map(|start| start + 1), ..own.clone() }));
        assert!(!is_alive(&ProcessId { boot: "another".to_owned(), ..own.clone() }));
        assert!(!is_alive(&ProcessId { start: None, ..own }));
    }

    #[test]
    fn a_process_is_gone_only_where_that_is_certain() {
        let own = identity(std::process::id());
        assert!(!is_gone(&own));
        assert!(is_gone(&ProcessId { start: own.start.map(|start| start + 1), ..own.clone() }));
        assert!(is_gone(&ProcessId { pid: i32::MAX as u32, ..own.clone() }));
        assert!(!is_gone(&ProcessId { boot: "another".to_owned(), pid: i32::MAX as u32, ..own.clone() }));
        assert!(!is_gone(&ProcessId { start: None, ..own }));
    }
}
