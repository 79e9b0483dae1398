use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, test_kill_process_group};
use tokio::process::{Child, Command};
use tokio::task::spawn_blocking;

use crate::agent::CommandLine;
use crate::run::record::ProcessId;
use crate::run::supervisor::{self, Exit};
use crate::store::AttemptDir;

/// An agent without a supervisor.
pub(super) struct Direct {
    process: ProcessId,
    /// Nothing, if an earlier run started it.
    child: Option<Child>,
    dir: AttemptDir,
}

impl Direct {
    /// Starts the agent in `folder`, in a process group of its own, with its output in files.
    ///
    /// Nothing here may keep `posix_spawn` from being used: to fork a large process takes many times as long. That is why the program is
    /// looked for here, and why nothing is done between fork and exec.
    pub(super) fn start(command: &CommandLine, folder: &Path, dir: &AttemptDir) -> io::Result<Self> {
        let child = Command::new(located(command))
            .args(&command.args)
            .env_clear()
            .envs(command.env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(input(&command.stdin)?)
            .stdout(append(&dir.stdout())?)
            .stderr(append(&dir.stderr())?)
            .process_group(0)
            .spawn()?;
        let process = supervisor::identity(child.id().unwrap_or_default());
        Ok(Self { process, child: Some(child), dir: dir.clone() })
    }

    /// An agent that an earlier run started, if it lives.
    pub(super) fn found(process: ProcessId, dir: &AttemptDir) -> Option<Self> {
        supervisor::is_alive(&process).then(|| Self { process, child: None, dir: dir.clone() })
    }

    pub(super) fn process(&self) -> &ProcessId {
        &self.process
    }

    pub(super) fn handle(&self) -> Handle {
        Handle { pid: self.process.pid, dir: self.dir.clone() }
    }

    /// Waits for its end. Of one that is no child of ours nobody learns how it ended.
    pub(super) async fn wait(&mut self) -> Exit {
        if let Some(child) = &mut self.child {
            return child.wait().await.map_or(Exit::Unseen, Exit::of);
        }
        let process = self.process.clone();
        // It can't fail but by a panic.
        let _ = spawn_blocking(move || wait_until_gone(&process)).await;
        Exit::Unseen
    }
}

/// Ends an agent, while it is waited for, and what it left.
pub(super) struct Handle {
    pid: u32,
    dir: AttemptDir,
}

impl Handle {
    /// Asks the agent and all that it started to end.
    pub(super) fn end(&self) {
        supervisor::ask_to_end(self.pid);
    }

    /// Kills the agent and its process group; what has left both is killed when the agent is gone.
    pub(super) fn kill(&self) {
        self.signal_group(Signal::KILL);
    }

    /// Whether anybody is left in the agent's process group.
    pub(super) fn has_group(&self) -> bool {
        self.group().is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    /// Gives who is left a moment, then TERM, grace, KILL. With `searched`, also for those in groups of their own, whom only a search
    /// through all processes finds. How many process groups were left, for which one is said. Blocking.
    pub(super) fn end_leftovers(&self, grace: Duration, searched: bool) -> usize {
        let mut left_behind = 0;
        if !searched && !self.is_gone_within(LINGER) {
            left_behind = 1;
            self.signal_group(Signal::TERM);
            self.signal_group(Signal::CONT);
        }
        if !self.is_gone_within(grace) {
            self.signal_group(Signal::KILL);
        }
        if searched {
            supervisor::kill_orphans(&self.dir);
        }
        left_behind
    }

    fn is_gone_within(&self, time: Duration) -> bool {
        let began = std::time::Instant::now();
        while self.has_group() {
            if began.elapsed() >= time {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = self.group() {
            // It may be gone.
            let _ = kill_process_group(group, signal);
        }
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw)
    }
}

/// What an agent leaves behind is often about to end by itself.
const LINGER: Duration = Duration::from_secs(1);
/// Between two looks at a process group: nothing tells when one is empty.
const LOOK: Duration = Duration::from_millis(10);

/// The program as a path, which `PATH` of the agent's own environment leads to.
fn located(command: &CommandLine) -> OsString {
    if command.program.as_encoded_bytes().contains(&b'/') {
        return command.program.clone();
    }
    let path = command.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let folders = std::env::split_paths(path.unwrap_or(OsStr::new("/usr/bin:/bin")));
    let mut files = folders.map(|folder| folder.join(&command.program));
    files.find(|file| is_program(file)).map_or_else(|| command.program.clone(), PathBuf::into_os_string)
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A file that no disk has to hold: read once, and gone with its last reader.
fn input(bytes: &[u8]) -> io::Result<Stdio> {
    if bytes.is_empty() {
        return Ok(Stdio::null());
    }
    let mut file = File::from(memfd_create("prompt", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

fn append(path: &Path) -> io::Result<Stdio> {
    OpenOptions::new().create(true).append(true).open(path).map(Stdio::from)
}

fn wait_until_gone(process: &ProcessId) {
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
    let Some(handle) = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return };
    // The number may have been given to another process before we had a handle on it.
    while supervisor::is_alive(process) {
        let _ = poll(&mut [PollFd::new(&handle, PollFlags::IN)], None);
    }
}

pub(super) fn described(error: &io::Error, command: &CommandLine) -> String {
    format!("can't start `{}`: {error}", command.program.to_string_lossy())
}
