//! One attempt's processes, seen from the run: started through a supervisor, or found alive and adopted.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::record::ProcessId;
use super::supervisor::{self, End, Process, Processes, Walls, kill_orphans};
use crate::agent::CommandLine;
use crate::store::{AttemptDir, Lock, StoreError};

/// The name of the hidden verb that makes our program a supervisor.
pub const SUPERVISE: &str = "__supervise";

/// We time out first, if we live: then the reason is known for certain.
const HEADSTART: Duration = Duration::from_secs(2);

/// How long an attempt may take, how long it may give no sign of life, and how long it may take to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    pub(super) stall: Duration,
    pub(super) grace: Duration,
}

/// An attempt's supervisor.
pub(super) struct Supervised {
    dir: AttemptDir,
    child: Option<Child>,
}

impl Supervised {
    /// Starts a supervisor that starts the agent.
    ///
    /// The agent's environment and folder are the supervisor's own, so that no file has to hold them, secrets included.
    pub(super) fn start(
        program: &Path,
        command: &CommandLine,
        walls: Option<&Walls>,
        worktree: &Path,
        dir: &AttemptDir,
        limits: Limits,
    ) -> io::Result<Self> {
        let child = Command::new(program)
            .arg(SUPERVISE)
            .arg("--grace-ms")
            .arg(limits.grace.as_millis().to_string())
            .arg("--deadline-ms")
            .arg((limits.timeout + HEADSTART).as_millis().to_string())
            .arg("--patience-ms")
            .arg(limits.stall.as_millis().to_string())
            .args(walls.into_iter().flat_map(orders))
            .arg(dir.path())
            .arg("--")
            .arg(&command.program)
            .args(&command.args)
            .env_clear()
            .envs(command.env.iter().map(|(name, value)| (name, value)))
            .current_dir(worktree)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { dir: dir.clone(), child: Some(child) })
    }

    /// An attempt that an earlier run started: its supervisor lives, or has written the end, or neither. An agent that was stopped together
    /// with that run goes on.
    pub(super) fn adopt(dir: AttemptDir) -> Self {
        let process = Self { dir, child: None };
        if let Some(supervisor) = process.supervisor() {
            supervisor.tell(Signal::CONT);
        }
        process
    }

    /// The supervisor's process, as far as it is known yet.
    fn supervisor(&self) -> Option<Process> {
        let own = self.child.as_ref().and_then(Child::id).and_then(Process::with);
        own.or_else(|| Processes::read(&self.dir)?.supervisor)
    }

    /// Waits until the supervisor is gone, and says how the agent ended.
    ///
    /// If the supervisor was killed, whatever it left is killed, too.
    pub(super) async fn wait(&mut self) -> Result<End, StoreError> {
        if let Some(child) = &mut self.child {
            // How the supervisor itself ended is of no interest: what it wrote, or didn't, says it all.
            let _ = child.wait().await;
        }
        let dir = self.dir.clone();
        let waited = tokio::task::spawn_blocking(move || wait_for_end(&dir)).await;
        waited.unwrap_or_else(|_| Ok(End::unseen()))
    }

    /// How long the agent has been at work, if it was started since the machine was; by the clock of its supervisor, which stands while the
    /// agent is stopped and while the machine sleeps.
    pub(super) fn spent(&self) -> Option<Duration> {
        Processes::read(&self.dir).map(|noted| noted.spent())
    }

    /// What ends it, while it is waited for.
    pub(super) fn handle(&self) -> Handle {
        Handle { dir: self.dir.clone(), own: self.child.as_ref().and_then(Child::id) }
    }
}

/// The walls as the supervisor is told of them.
fn orders(walls: &Walls) -> Vec<OsString> {
    let named = |flag: &'static str, paths: &[PathBuf]| {
        let pairs = paths.iter().flat_map(move |path| [OsString::from(flag), path.into()]);
        pairs.collect::<Vec<_>>()
    };
    let by = [OsString::from("--sandbox"), walls.by.as_str().into()];
    by.into_iter()
        .chain(named("--may-write", &walls.write))
        .chain(named("--secret", &walls.secrets))
        .chain(named("--hidden", &walls.hidden))
        .chain(named("--may-read", &walls.read))
        .collect()
}

/// Asks a supervisor for the end.
pub(super) struct Handle {
    dir: AttemptDir,
    /// Our own child, if it is one; it is not reaped, so this is its process id, before `wait` has come back.
    own: Option<u32>,
}

impl Handle {
    /// Asks the supervisor to end the agent and all that it started.
    pub(super) fn end(&self) {
        self.signal(Signal::TERM);
        // An agent may have stopped it.
        self.signal(Signal::CONT);
    }

    /// Kills a supervisor that does not do what it is asked for; what it leaves is killed by whoever waits for it.
    pub(super) fn give_up(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.own.or_else(|| supervisor::pid(&self.dir));
        if let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw) {
            let _ = kill_process(pid, signal);
        }
    }

    /// The same, without grace.
    pub(super) fn kill(&self) {
        let _ = fs::write(self.dir.hurry(), "");
        self.end();
    }
}

/// Whom to tell that an attempt is to be stopped, and to go on, as soon as there is somebody: all of it that lives.
#[derive(Debug, Clone, Default)]
pub(super) struct Stoppable(Arc<Mutex<Vec<Told>>>);

#[derive(Debug, Clone, Copy)]
enum Told {
    Supervisor(Process),
    /// An agent that has none.
    Agent(Process),
}

impl Told {
    fn process(self) -> Process {
        match self {
            Self::Supervisor(process) | Self::Agent(process) => process,
        }
    }
}

impl Stoppable {
    /// Stops the agent with all that it has started, and the clock by which its time is up.
    pub(super) fn stop(&self) {
        for told in self.told() {
            match told {
                Told::Supervisor(supervisor) => supervisor.tell(Signal::TSTP),
                Told::Agent(agent) => supervisor::stop(agent),
            }
        }
    }

    /// Lets them go on.
    pub(super) fn go_on(&self) {
        for told in self.told() {
            match told {
                Told::Supervisor(supervisor) => supervisor.tell(Signal::CONT),
                Told::Agent(agent) => supervisor::go_on(agent),
            }
        }
    }

    pub(super) fn is_under(&self, process: &Supervised) {
        if let Some(supervisor) = process.supervisor() {
            self.tell(Told::Supervisor(supervisor));
        }
    }

    pub(super) fn is_agent(&self, agent: &ProcessId) {
        if let Some(start) = agent.start {
            self.tell(Told::Agent(Process { pid: agent.pid, start }));
        }
    }

    fn told(&self) -> Vec<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, told: Told) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|told| told.process().is_alive());
        all.push(told);
    }
}

/// Kills what an earlier run's attempt still has running, and waits until it is gone. An attempt without a folder, such as a person's, has
/// never had anything running.
pub(super) fn kill_leftover(dir: &AttemptDir) -> Result<(), StoreError> {
    if !dir.path().exists() {
        return Ok(());
    }
    if Lock::try_take(&dir.lock())?.is_none() {
        Supervised::adopt(dir.clone()).handle().kill();
    }
    wait_for_end(dir).map(drop)
}

/// The lock is free when the supervisor is gone. While we hold it, an end that is missing is written, so that a supervisor
/// which comes to life only now does nothing.
fn wait_for_end(dir: &AttemptDir) -> Result<End, StoreError> {
    let _gone = Lock::wait(&dir.lock())?;
    dir.sweep();
    if let Some(end) = End::read(dir)? {
        return Ok(end);
    }
    kill_orphans(dir);
    let end = End::unseen();
    end.write(dir)?;
    Ok(end)
}
