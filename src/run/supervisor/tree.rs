use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Signal, WaitOptions, WaitStatus, getpid, set_child_subreaper, wait};
use rustix::time::{ClockId, clock_gettime};

use super::cgroup::Cgroup;
use super::proc::{Process, Stat, children_of, descendants_of, signal, visit_descendants};
use super::sweep::stop_descendants;

/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(10);
/// What an agent leaves behind is often about to end by itself, such as the maintenance that a commit starts.
const LINGER: Duration = Duration::from_secs(1);
/// A process that the kernel can't end (stuck in a device) must not keep us for ever.
pub(super) const GIVE_UP: Duration = Duration::from_mins(1);

/// All descendants of this process.
///
/// As their reaper we inherit those whose parents end, so that agents which start children in sessions of their own lose nobody;
/// and "no child left" is the kernel's word that nobody is left.
pub(super) struct Tree {
    ended: HashMap<u32, WaitStatus>,
    cgroup: Option<Cgroup>,
    /// Those that we have stopped, and shall let go on.
    stopped: HashSet<u32>,
}

impl Tree {
    /// Everybody who is started from now on belongs to it; in a control group, too, where `with_cgroup` and the system permit it.
    pub(super) fn become_reaper(with_cgroup: bool) -> io::Result<Self> {
        set_child_subreaper(Some(getpid()))?;
        let cgroup = with_cgroup.then(Cgroup::enter).flatten();
        Ok(Self { ended: HashMap::new(), cgroup, stopped: HashSet::new() })
    }

    pub(super) fn cgroup(&self) -> Option<&Path> {
        self.cgroup.as_ref().map(Cgroup::path)
    }

    /// How a direct child ended, if it did.
    pub(super) fn status_of(&self, pid: u32) -> Option<WaitStatus> {
        self.ended.get(&pid).copied()
    }

    /// Takes note of all children that have ended.
    pub(super) fn reap(&mut self) {
        let _ = self.reap_all();
    }

    /// The processor time that they have used so far.
    ///
    /// Without a control group, that of a process whose parent takes no note of its end is lost: then the sum becomes less.
    pub(super) fn processor(&self) -> Duration {
        if let Some(used) = self.cgroup.as_ref().and_then(Cgroup::processor) {
            // We are in there ourselves.
            return used.saturating_sub(our_own());
        }
        let own = Stat::of(std::process::id()).map(|own| own.processor_of_ended()).unwrap_or_default();
        let live = descendants_of(std::process::id());
        let used = live.into_iter().filter_map(Stat::of).map(|stat| stat.processor());
        used.fold(own, Duration::saturating_add)
    }

    /// Stops everybody who is not stopped already.
    pub(super) fn stop(&mut self) {
        self.stopped = stop_descendants(std::process::id());
    }

    /// Lets those go on that we have stopped.
    pub(super) fn go_on(&mut self) {
        for pid in std::mem::take(&mut self.stopped) {
            signal(pid, Signal::CONT);
        }
    }

    /// Nobody is left, and nobody will be started any more.
    pub(super) fn disband(&mut self) {
        if let Some(cgroup) = self.cgroup.take() {
            cgroup.disband();
        }
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

    /// KILL for everybody, until nobody is left. They are stopped first: what forks and forks is not outrun otherwise.
    pub(super) fn kill(&mut self) {
        let deadline = Instant::now() + GIVE_UP;
        while !self.reap_all() && Instant::now() < deadline {
            if let Some(cgroup) = &mut self.cgroup {
                cgroup.kill();
            }
            stop_descendants(std::process::id());
            visit_descendants(std::process::id(), &mut |pid| signal(pid, Signal::KILL));
            sleep(LOOK / 10);
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

/// Our own children but that one: those that detached themselves from whoever started them.
pub(super) fn detached(agent: u32) -> Vec<Process> {
    let others = children_of(std::process::id()).into_iter().filter(|pid| *pid != agent);
    others.filter_map(Process::with).collect()
}

fn our_own() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).unwrap_or_default())
}
