//! Programs that were started to tell somebody: each runs beside the run, for so long and no longer, and none outlives it for ever.

use std::cell::{Cell, RefCell};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::report::short;
use crate::run::Asides;

/// A program may take so long while the run lasts.
const LONGEST: Duration = Duration::from_mins(1);
/// And so long when it is over: what is told last is told by then, and a system that runs jobs kills what outlives them.
const AFTER: Duration = Duration::from_secs(10);
/// The same where a signal has ended the run: whoever sent it kills soon.
const HURRIED: Duration = Duration::from_secs(2);
/// Between TERM and KILL.
const GRACE: Duration = Duration::from_millis(300);
/// How often it is looked whether they have ended.
const LOOK: Duration = Duration::from_millis(50);
/// While there are none.
const NEVER: Duration = Duration::from_hours(24);

/// Has an eye on them.
#[derive(Default)]
pub(in crate::cli) struct Programs {
    asides: Asides,
    watch: RefCell<Option<Watch>>,
    /// When it was over, and how long it is waited for them from then on.
    over: Cell<Option<(Instant, Duration)>>,
}

struct Watch {
    say: Sender<Child>,
    thread: JoinHandle<Vec<Overseen>>,
    failed: Failed,
}

/// How the first of them ended that did not succeed.
type Failed = Arc<Mutex<Option<ExitStatus>>>;

struct Overseen {
    child: Child,
    since: Instant,
}

impl Programs {
    /// What goes wrong while the run lasts is said by way of `asides`.
    pub(in crate::cli) fn new(asides: Asides) -> Self {
        Self { asides, ..Self::default() }
    }

    /// One was started, as the first of a process group of its own.
    pub(super) fn watch(&self, child: Child) {
        let mut watch = self.watch.borrow_mut();
        let watch = watch.get_or_insert_with(|| Watch::begin(self.asides.clone(), LONGEST));
        // The thread ends when nobody can say anything any more, and not before.
        let _ = watch.say.send(child);
    }

    /// The run is over, and by a signal if it is hurried: from now on it is waited for them.
    pub(super) fn are_the_last(&self, is_hurried: bool) {
        self.over.set(Some((Instant::now(), if is_hurried { HURRIED } else { AFTER })));
    }

    /// Waits for them, and ends those that take too long; says whether there were any, and how long they had, or else whether any has failed.
    pub(in crate::cli) fn end(&self) -> Option<String> {
        let Watch { say, thread, failed } = self.watch.take()?;
        drop(say);
        let running = thread.join().unwrap_or_default();
        let (since, limit) = self.over.get().unwrap_or_else(|| (Instant::now(), AFTER));
        let had = end_all(running, since, limit, (&called_off(), &failed));
        let what = match (had, *failed.lock().unwrap_or_else(PoisonError::into_inner)) {
            (Some(had), _) => format!("had not ended {} after the run, and was ended", short(had)),
            (None, Some(status)) => {
                format!("failed ({status}; what it printed is in notify.log, beside the journal)")
            }
            (None, None) => return None,
        };
        Some(format!("a program of `notify` {what}: what it was to tell may not have arrived"))
    }
}

impl Watch {
    fn begin(asides: Asides, longest: Duration) -> Self {
        let (say, heard) = mpsc::channel();
        let failed = Failed::default();
        let of_thread = Arc::clone(&failed);
        Self { say, thread: thread::spawn(move || oversee(&heard, &asides, longest, &of_thread)), failed }
    }
}

/// Until there can be no more of them; gives those that run then.
fn oversee(heard: &Receiver<Child>, asides: &Asides, longest: Duration, failed: &Failed) -> Vec<Overseen> {
    let mut running: Vec<Overseen> = Vec::new();
    let mut has_said = false;
    loop {
        match heard.recv_timeout(if running.is_empty() { NEVER } else { LOOK }) {
            Ok(child) => running.push(Overseen { child, since: Instant::now() }),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return running,
        }
        running.retain_mut(|program| program.is_running(failed));
        let (over, rest) = running.into_iter().partition(|program| program.since.elapsed() > longest);
        running = rest;
        if end_now(over) && !has_said {
            has_said = true;
            let longest = short(longest);
            asides.warn(format!("a program of `notify` took longer than {longest}, and was ended: what it was to tell may not have arrived"));
        }
    }
}

/// Waits for them, so long after that moment; a signal makes it shorter. Gives how long they had, if any had to be ended.
fn end_all(
    mut running: Vec<Overseen>,
    mut since: Instant,
    mut limit: Duration,
    (is_called_off, failed): (&AtomicBool, &Failed),
) -> Option<Duration> {
    loop {
        running.retain_mut(|program| program.is_running(failed));
        if limit > HURRIED && is_called_off.load(Ordering::SeqCst) {
            (since, limit) = (Instant::now(), HURRIED);
        }
        if running.is_empty() || since.elapsed() >= limit {
            return end_now(running).then_some(limit);
        }
        thread::sleep(LOOK);
    }
}

/// Ends them with all that they have started; whether there were any.
fn end_now(mut programs: Vec<Overseen>) -> bool {
    if programs.is_empty() {
        return false;
    }
    for program in &programs {
        program.signal(Signal::TERM);
    }
    thread::sleep(GRACE);
    for program in &mut programs {
        // Nobody has waited for it yet, so that its number is still its own.
        program.signal(Signal::KILL);
        let _ = program.child.wait();
    }
    true
}

impl Overseen {
    /// Notes how it ended, if it has, and did not succeed.
    fn is_running(&mut self, failed: &Failed) -> bool {
        let ended = self.child.try_wait();
        if let Ok(Some(status)) = &ended
            && !status.success()
        {
            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(*status);
        }
        matches!(ended, Ok(None))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // One that has ended this very moment needs none.
            let _ = kill_process_group(group, signal);
        }
    }
}

/// Is set by a signal that comes from now on.
fn called_off() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Where that can't be done, the wait is as long as ever.
        let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
    }
    flag
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::{ChildStdout, Command, Stdio};

    use super::*;
    use crate::run::RunEvent;

    fn started(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// Nobody has its output open any more.
    fn wait_until_gone(output: Option<ChildStdout>) {
        output.unwrap().read_to_end(&mut Vec::new()).unwrap();
    }

    #[test]
    fn one_that_takes_too_long_is_ended_with_its_children_while_the_run_goes_on() {
        let asides = Asides::default();
        let watch = Watch::begin(asides.clone(), Duration::from_millis(10));
        for script in ["trap '' TERM; sleep 1000 & wait; sleep 1000", "sleep 1000"] {
            let mut child = started(script);
            let output = child.stdout.take();
            watch.say.send(child).unwrap();
            wait_until_gone(output);
        }
        drop(watch.say);
        assert!(watch.thread.join().unwrap().is_empty());
        let told = asides.take();
        assert!(
            matches!(&*told, [RunEvent::Warning { text, .. }] if text.contains("took longer")),
            "{told:?}"
        );
    }

    #[test]
    fn those_that_end_in_time_are_waited_for_and_a_signal_shortens_the_wait() {
        let program = |script: &str| vec![Overseen { child: started(script), since: Instant::now() }];
        let (now, long, off) = (Instant::now(), Duration::from_hours(1), AtomicBool::new(false));
        let failed = Failed::default();
        assert_eq!(end_all(program("sleep 0.2; exit 3"), now, long, (&off, &failed)), None);
        assert_eq!(failed.lock().unwrap().and_then(|status| status.code()), Some(3));
        off.store(true, Ordering::SeqCst);
        let mut hangs = program("sleep 1000 & sleep 1000");
        let output = hangs[0].child.stdout.take();
        assert_eq!(end_all(hangs, now, long, (&off, &failed)), Some(HURRIED));
        wait_until_gone(output);
    }
}
