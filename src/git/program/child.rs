//! A program that ends by itself within its time, or is ended with all that it has started.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

/// Names the call in the environment of all that it starts: who has left the process group, or lost its parent, is still known by it.
const MARK: &str = "BLUEPRINT_GIT_CALL";
/// What is told to end has so long until it is killed.
const GRACE: Duration = Duration::from_secs(3);
/// Between two looks at whether it is to be broken off.
const ATTENTION: Duration = Duration::from_millis(100);
/// Between two looks at what is left.
const LOOK: Duration = Duration::from_millis(20);

/// How often everything under way was broken off so far.
static BREAKS: AtomicU64 = AtomicU64::new(0);

/// Ends all calls of git that are under way in this process; those that come later are let be.
pub fn break_off_calls() {
    BREAKS.fetch_add(1, Ordering::SeqCst);
}

/// How it ended.
pub(super) enum Ran {
    /// By itself.
    Ended(Output),
    /// Not within its time, and was ended.
    TimedOut,
    /// It was to be broken off, and was ended.
    BrokenOff,
}

/// Runs it to its end, which has to come within `limit`, and before `is_over` says so.
///
/// What it prints goes to files: a pipe would stay open for as long as anybody has it whom a hook has left in the background.
pub(super) fn run(mut command: Command, limit: Duration, is_over: &dyn Fn() -> bool) -> io::Result<Ran> {
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let (mark, breaks) = (mark(), BREAKS.load(Ordering::SeqCst));
    let is_over = || is_over() || breaks != BREAKS.load(Ordering::SeqCst);
    command.env(MARK, &mark).process_group(0);
    command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut child = command.spawn()?;
    let Some(status) = wait(&mut child, limit, &is_over)? else {
        end(&mut child, &mark)?;
        return Ok(if is_over() { Ran::BrokenOff } else { Ran::TimedOut });
    };
    Ok(Ran::Ended(Output { status, stdout: content(&mut stdout)?, stderr: content(&mut stderr)? }))
}

fn mark() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed))
}

fn content(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn wait(child: &mut Child, limit: Duration, is_over: &dyn Fn() -> bool) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    let ending = pid_of(child.id()).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() || is_over() {
            return Ok(None);
        }
        pause(ending.as_ref(), left.min(ATTENTION));
    }
}

/// Until the program ends, the time is up, or somebody interrupts.
fn pause(ending: Option<&OwnedFd>, left: Duration) {
    match (ending, Timespec::try_from(left)) {
        (Some(ending), Ok(left)) => drop(poll(&mut [PollFd::new(ending, PollFlags::IN)], Some(&left))),
        // A kernel before 5.3.
        (None, _) | (_, Err(_)) => sleep(LOOK.min(left)),
    }
}

/// TERM, so that git takes its locks away; then KILL.
fn end(child: &mut Child, mark: &str) -> io::Result<()> {
    tell(child, mark, Signal::TERM);
    let begun = Instant::now();
    let mut is_over = false;
    while !is_over && begun.elapsed() < GRACE {
        sleep(LOOK);
        is_over = child.try_wait()?.is_some() && marked(mark).is_empty();
    }
    // Who starts others meanwhile escapes the first look at who is there, and the kernel takes its time to end somebody.
    let killed = Instant::now();
    while !is_over && killed.elapsed() < GRACE {
        tell(child, mark, Signal::KILL);
        sleep(LOOK);
        is_over = child.try_wait()?.is_some() && marked(mark).is_empty();
    }
    child.wait().map(drop)
}

fn tell(child: &mut Child, mark: &str, signal: Signal) {
    // Its id is its own as long as nobody has taken note of its end, and so is that of its group.
    if matches!(child.try_wait(), Ok(None))
        && let Some(group) = pid_of(child.id())
    {
        let _ = kill_process_group(group, signal);
    }
    for pid in marked(mark) {
        let _ = kill_process(pid, signal);
    }
}

/// Everybody alive who has the mark.
fn marked(mark: &str) -> Vec<Pid> {
    let mark = format!("{MARK}={mark}");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let has_mark = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(has_mark);
    pids.filter_map(pid_of).collect()
}

fn pid_of(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
