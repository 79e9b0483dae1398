use std::ffi::c_int;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, getppid};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::end::{End, Reason};
use super::processes::Processes;
use super::tree::{Tree, detached};
use super::vitals::Vitals;
use super::{Orders, spawn};

/// An agent at work, and all that is known of it.
pub(super) struct Watch<'a> {
    orders: &'a Orders,
    signals: Receiver<c_int>,
    tree: Tree,
    agent: u32,
    noted: Processes,
    vitals: Vitals,
    looked: Instant,
    /// Whose child we were when we stopped the agent: nobody lets it go on who is gone.
    stopped_for: Option<Pid>,
    asked: bool,
    reason: Option<Reason>,
}

impl<'a> Watch<'a> {
    /// Starts the agent.
    pub(super) fn begin(orders: &'a Orders) -> io::Result<Self> {
        // Before the agent: what comes for us must not end us.
        let signals = hear()?;
        let tree = Tree::become_reaper(orders.with_cgroup)?;
        let agent = spawn(orders)?;
        let noted = Processes::of(agent, tree.cgroup().map(Path::to_owned));
        let vitals = Vitals::new(orders.patience);
        let looked = Instant::now();
        let (stopped_for, asked, reason) = (None, false, None);
        let watch = Self { orders, signals, tree, agent, noted, vitals, looked, stopped_for, asked, reason };
        watch.note();
        Ok(watch)
    }

    /// Waits until the agent has ended, and ends whoever it leaves behind.
    pub(super) fn finish(mut self) -> End {
        while self.tree.status_of(self.agent).is_none() {
            let signal = self.signals.recv_timeout(self.until_look());
            match signal {
                Ok(SIGTERM) => self.end(None),
                Ok(SIGTSTP) => self.stop(),
                Ok(SIGCONT) => self.go_on(),
                // A terminal's own signals are for the run, which tells us what it wants.
                Ok(_) | Err(_) => self.tree.reap(),
            }
            if self.until_look().is_zero() {
                self.look();
            }
        }
        if !self.asked {
            self.tree.linger();
        }
        let left_behind = self.end_all();
        self.tree.disband();
        let ran_ms = u64::try_from(self.noted.watch.elapsed().as_millis()).ok();
        let (asked, reason) = (self.asked, self.reason);
        End { asked, reason, left_behind, ran_ms, ..End::of(self.tree.status_of(self.agent)) }
    }

    /// Without an order to look, because time is up or because there is something to see, once in a while.
    fn look(&mut self) {
        self.looked = Instant::now();
        if self.noted.watch.is_stopped() {
            if self.stopped_for != getppid() {
                self.go_on();
            }
            return;
        }
        let detached = detached(self.agent);
        if detached != self.noted.detached {
            self.noted.detached = detached;
            self.note();
        }
        if let Some(reason) = self.reason_to_end() {
            self.end(Some(reason));
        }
    }

    fn until_look(&self) -> Duration {
        let mut interval = self.vitals.interval();
        if !self.asked && !self.noted.watch.is_stopped() {
            interval = interval.min(self.orders.deadline.saturating_sub(self.noted.watch.elapsed()));
        }
        interval.saturating_sub(self.looked.elapsed())
    }

    fn reason_to_end(&mut self) -> Option<Reason> {
        let now = self.noted.watch.elapsed();
        if now >= self.orders.deadline {
            return Some(Reason::TimedOut);
        }
        let printed = [self.orders.dir.stdout(), self.orders.dir.stderr()].map(|file| size(&file));
        if printed.iter().any(|size| *size > self.orders.most_output) {
            return Some(Reason::TooMuchOutput);
        }
        let tree = &self.tree;
        let is_silent = self.vitals.look(now, printed.iter().sum(), || tree.processor());
        is_silent.then_some(Reason::Silent)
    }

    /// TERM, grace, KILL, once.
    fn end(&mut self, reason: Option<Reason>) {
        if !self.asked {
            self.asked = true;
            self.reason = reason;
            self.noted.watch.go_on();
            self.end_all();
        }
    }

    fn end_all(&mut self) -> usize {
        // The run leaves a file when it wants the end at once: signals that come meanwhile would have to be sorted from those of ending
        // children.
        let hurry = self.orders.dir.hurry();
        self.tree.end(self.orders.grace, &mut || hurry.exists())
    }

    fn stop(&mut self) {
        if !self.noted.watch.is_stopped() {
            self.noted.watch.stop();
            self.stopped_for = getppid();
            self.tree.stop();
            self.note();
        }
    }

    fn go_on(&mut self) {
        if self.noted.watch.is_stopped() {
            self.noted.watch.go_on();
            self.tree.go_on();
            self.note();
        }
    }

    /// The agent works on where that can't be written: it is found by its environment, too.
    fn note(&self) {
        let _ = self.noted.write(&self.orders.dir);
    }
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |file| file.len())
}

/// The signals that come for us, one after another.
fn hear() -> io::Result<Receiver<c_int>> {
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGCONT])?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        loop {
            let mut together: Vec<_> = signals.wait().collect();
            // In which order they came nobody knows: better an agent that goes on than one that is stopped for ever.
            together.sort_by_key(|signal| *signal == SIGCONT);
            if together.into_iter().any(|signal| sender.send(signal).is_err()) {
                return;
            }
        }
    });
    Ok(receiver)
}
