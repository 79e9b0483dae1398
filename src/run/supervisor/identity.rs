//! Processes that have no supervisor: which one it is, whether it lives, and how it is asked to end.

use std::sync::LazyLock;

use rustix::process::Signal;

use super::proc::{boot_id, descendants_of, signal, start_time};
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
}
