//! Stopping and killing trees of processes that try to get away.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cgroup;
use super::proc::{Process, Stat, all_processes, signal, visit_descendants};
use super::processes::Processes;
use super::tree::GIVE_UP;
use crate::agent::STEP;
use crate::store::AttemptDir;

/// Between two rounds.
const LOOK: Duration = Duration::from_millis(10);
/// Whoever starts children faster than that many rounds can see is not caught by stopping alone.
const ROUNDS: usize = 200;

/// Stops an agent that has no supervisor, with all that it has started.
pub(in crate::run) fn stop(agent: Process) {
    agent.tell(Signal::STOP);
    stop_descendants(agent.pid);
}

/// Lets them go on, whoever stopped them.
pub(in crate::run) fn go_on(agent: Process) {
    visit_descendants(agent.pid, &mut |pid| signal(pid, Signal::CONT));
    agent.tell(Signal::CONT);
}

/// Stops all descendants of `root`, round after round until nobody new is found: who is stopped forks no more. Says who was stopped that
/// was not before.
pub(super) fn stop_descendants(root: u32) -> HashSet<u32> {
    let (mut seen, mut stopped) = (HashSet::new(), HashSet::new());
    for _ in 0..ROUNDS {
        let before = seen.len();
        visit_descendants(root, &mut |pid| {
            if seen.insert(pid) {
                // Whoever was stopped by somebody else stays so.
                if Stat::of(pid).is_some_and(|stat| !stat.is_stopped()) {
                    stopped.insert(pid);
                }
                signal(pid, Signal::STOP);
            }
        });
        if seen.len() == before {
            break;
        }
    }
    stopped
}

/// A variable of an agent's environment, which all that it starts inherit, with the path of a file of its attempt.
const MARK: &str = "BLUEPRINT_PROMPT_FILE";

/// What those have in their environment that belong to an attempt, or to a step, whose folder is that.
fn marks(dir: &AttemptDir) -> [Vec<u8>; 2] {
    let mark =
        |name: &str, path: &Path| [name.as_bytes(), b"=", path.as_os_str().as_encoded_bytes()].concat();
    [mark(MARK, &dir.prompt()), mark(STEP, dir.path())]
}

/// Kills the agent of an attempt and whoever it started, where its supervisor can't any more: all in its control group; the noted
/// processes with their descendants; and those that have the attempt in their environment, since the supervisor may have died before it
/// noted anything.
///
/// Where there is no control group, one thing is not found: who detached itself from the agent in the last second before the supervisor
/// was killed, and has cleared its environment.
pub(in crate::run) fn kill_orphans(dir: &AttemptDir) {
    let noted = Processes::read(dir);
    if let Some(group) = noted.as_ref().and_then(|noted| noted.cgroup.as_deref()) {
        cgroup::end(group, GIVE_UP);
    }
    let roots: Vec<_> =
        noted.iter().flat_map(|noted| noted.agent.iter().chain(&noted.detached).copied()).collect();
    kill_all(|| with_descendants(&roots));
    let marks = marks(dir);
    kill_all(|| with_variable(&marks));
    // While a process becomes another program it shows no environment for a moment.
    sleep(LOOK);
    kill_all(|| with_variable(&marks));
    if let Some(group) = noted.and_then(|noted| noted.cgroup) {
        cgroup::remove(&group);
    }
}

/// Again and again, as long as any are found.
fn kill_all(find: impl Fn() -> Vec<u32>) {
    let deadline = Instant::now() + GIVE_UP;
    loop {
        let left = find();
        if left.is_empty() || Instant::now() >= deadline {
            return;
        }
        kill_each(&left);
        sleep(LOOK);
    }
}

fn kill_each(pids: &[u32]) {
    for pid in pids {
        signal(*pid, Signal::KILL);
    }
}

/// Those of `roots` that live, and all that descend from them, stopped: where we are nobody's reaper, whose parent ends before it is found
/// is lost.
fn with_descendants(roots: &[Process]) -> Vec<u32> {
    let mut found = Vec::new();
    for root in roots.iter().filter(|root| root.is_alive()) {
        signal(root.pid, Signal::STOP);
        stop_descendants(root.pid);
        visit_descendants(root.pid, &mut |pid| found.push(pid));
        found.push(root.pid);
    }
    found
}

/// All others that have one of these variables (`NAME=value`) in their environment, whoever their parents are. They are killed as they are found:
/// who forks and ends at once has a higher process id by then, and is met again.
fn with_variable(variables: &[Vec<u8>]) -> Vec<u32> {
    let has = |pid: u32| {
        let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        env.split(|byte| *byte == 0).any(|found| variables.iter().any(|variable| found == variable))
    };
    let others = all_processes().filter(|(pid, stat)| *pid != std::process::id() && stat.is_alive());
    let found = others.map(|(pid, _)| pid).filter(|pid| has(*pid));
    found.inspect(|pid| kill_each(&[*pid])).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").env_clear().spawn().unwrap()
    }

    fn attempt(folder: &tempfile::TempDir) -> AttemptDir {
        AttemptDir::at(folder.path().to_owned())
    }

    #[test]
    fn orphans_that_were_noted_are_killed_though_nothing_else_shows_whose_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (mut agent, mut detached) = (sleeper(), sleeper());
        let noted = Processes::of(agent.id(), None);
        let found = Process::with(detached.id()).into_iter().collect();
        Processes { detached: found, ..noted }.write(&attempt(&folder)).unwrap();
        kill_orphans(&attempt(&folder));
        for child in [&mut agent, &mut detached] {
            assert_eq!(child.wait().unwrap().signal(), Some(9));
        }
    }

    #[test]
    fn whoever_has_got_a_noted_process_id_since_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut other = sleeper();
        let noted = Processes::of(other.id(), None);
        let before = noted.agent.map(|agent| Process { start: agent.start - 1, ..agent });
        Processes { agent: before, ..noted.clone() }.write(&attempt(&folder)).unwrap();
        kill_orphans(&attempt(&folder));
        Processes { boot: "another".to_owned(), ..noted }.write(&attempt(&folder)).unwrap();
        kill_orphans(&attempt(&folder));
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn whoever_was_stopped_before_is_not_counted_as_stopped_by_us() {
        let mut child = Command::new("sh").args(["-c", "sleep 600 & wait"]).spawn().unwrap();
        let sleeps = || !super::super::proc::children_of(child.id()).is_empty();
        while !sleeps() {
            sleep(LOOK);
        }
        assert_eq!(stop_descendants(child.id()).len(), 1);
        while super::super::proc::descendants_of(child.id())
            .into_iter()
            .filter_map(Stat::of)
            .any(|s| !s.is_stopped())
        {
            sleep(LOOK);
        }
        assert_eq!(stop_descendants(child.id()).len(), 0);
        visit_descendants(child.id(), &mut |pid| signal(pid, Signal::KILL));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
