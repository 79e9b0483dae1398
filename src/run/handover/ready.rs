//! A person's worktree gets what those of agents get: ignored files, ports, folders of a build cache, and what the setup steps make.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::{Hands, PERSON};
use crate::agent::{BaseEnv, EnvPolicy, Secrets};
use crate::run::attempt::Link;
use crate::run::process::Stoppable;
use crate::run::provision::{NotSetUp, PortBlock, Ports, Provisioning, Provisions};
use crate::run::record::AttemptStarted;
use crate::run::start::runtime;
use crate::run::step::{Means, StepPlace};
use crate::run::watch::Watcher;
use crate::run::{RunError, Stage};
use crate::store::StoreError;

/// What worktrees get, and by which means; as for a run.
#[derive(Debug)]
pub struct Outfit {
    /// What they get.
    pub provisioning: Provisioning,
    /// The environment that we were started with.
    pub env: BaseEnv,
    /// What of it setup steps get beside the usual.
    pub env_policy: EnvPolicy,
    /// Our own program, which supervises them.
    pub program: PathBuf,
    /// Between TERM and KILL.
    pub kill_grace: Duration,
    /// What is masked in their logs.
    pub secrets: Secrets,
}

impl Outfit {
    /// What steps need.
    pub(in crate::run) fn means(&self) -> Means<'_> {
        let Self { env, env_policy, program, kill_grace, secrets, .. } = self;
        Means { program, kill_grace: *kill_grace, env, env_policy, secrets }
    }
}

/// What a worktree has got. The ports are kept for it as long as this lives.
#[derive(Debug)]
pub struct Ready {
    /// Variables for who works in it.
    pub env: Vec<(OsString, OsString)>,
    /// What was brought into it, relative to it.
    pub brought: Vec<PathBuf>,
    /// What the person should know.
    pub warnings: Vec<String>,
    /// The person has broken it off: it is not ready.
    pub is_broken_off: bool,
    ports: Option<PortBlock>,
}

impl Ready {
    /// Ports for what is started in it, where some are free.
    pub fn ports(&self) -> Option<RangeInclusive<u16>> {
        self.ports.as_ref().map(PortBlock::ports)
    }

    /// The first of them.
    pub fn port_base(&self) -> Option<u16> {
        self.ports.as_ref().map(PortBlock::base)
    }
}

/// Makes a worktree ready that is `new`; of another one it says what it has. What goes wrong is the person's to know, and no reason not to
/// work there. The attempt must not be under the plan's lock: steps take their time.
///
/// # Errors
/// [`RunError::Store`] if the folders of a build cache can't be made.
pub fn make_ready(
    hands: &Hands<'_>,
    outfit: &Outfit,
    started: &AttemptStarted,
    genesis: &Path,
    is_new: bool,
) -> Result<Ready, RunError> {
    let provisions = Provisions::new(outfit.provisioning.clone(), hands.state.build_cache());
    let ports = match started.port_base {
        Some(base) => Some(PortBlock::given(base)),
        None => Ports::default().claim(),
    };
    let env = provisions.environment(ports.as_ref())?;
    let own = [("GENESIS_FILE_PATH", genesis), ("WORKTREE_PATH", started.worktree.as_path())];
    let own = own.into_iter().map(|(name, value)| (name.into(), value.into()));
    let mut ready = Ready {
        env: own.chain(env).collect(),
        brought: started.brought.clone(),
        warnings: Vec::new(),
        is_broken_off: false,
        ports,
    };
    if is_new {
        ready.bring(hands, &provisions, started);
        ready.set_up(hands, outfit, &provisions, started)?;
    }
    Ok(ready)
}

impl Ready {
    fn bring(&mut self, hands: &Hands<'_>, provisions: &Provisions, started: &AttemptStarted) {
        match provisions.bring(hands.repo, &started.worktree) {
            Ok(brought) => {
                self.brought = brought.paths;
                self.warnings.extend(brought.notes);
            }
            Err(error) => self.warnings.push(error.to_string()),
        }
    }

    fn set_up(
        &mut self,
        hands: &Hands<'_>,
        outfit: &Outfit,
        provisions: &Provisions,
        started: &AttemptStarted,
    ) -> Result<(), RunError> {
        if !provisions.has_setup() {
            return Ok(());
        }
        let logs = hands.state.attempt(hands.slug, started.attempt).steps();
        let number = started.attempt.to_string();
        let own = [("TASK_ID", hands.task), ("BLUEPRINT_AGENT", PERSON), ("BLUEPRINT_ATTEMPT", &number)];
        let own = own.into_iter().map(|(name, value)| (name.into(), value.into()));
        let vars: Vec<_> = own.chain(self.env.iter().cloned()).collect();
        let place = StepPlace {
            means: outfit.means(),
            folder: &started.worktree,
            env: &vars,
            logs: &logs,
            slug: "",
            confined_as: None,
        };
        let runtime = runtime().map_err(StoreError::io("start threads in", &logs))?;
        match runtime.block_on(until_broken_off(async |link| provisions.set_up(place, link).await)) {
            Ok(()) => {}
            Err(NotSetUp::Stopped) => self.is_broken_off = true,
            Err(NotSetUp::Failed(why)) => self.warnings.push(why),
        }
        Ok(())
    }
}

/// Ctrl-C ends the steps that run with that link, and a second one at once: whoever asks is a person who waits for them.
pub(in crate::run) async fn until_broken_off<T>(steps: impl AsyncFnOnce(&Link) -> T) -> T {
    let ends = Arc::new(watch::Sender::new(None));
    let (messages, _unheard) = mpsc::unbounded_channel();
    let (_never, stopped) = watch::channel(Duration::ZERO);
    let link = Link {
        messages,
        stop: ends.subscribe(),
        stopped,
        stoppable: Stoppable::default(),
        watcher: Watcher::default(),
    };
    let listening = tokio::spawn(pass_on_signals(Arc::clone(&ends)));
    let done = steps(&link).await;
    listening.abort();
    done
}

async fn pass_on_signals(ends: Arc<watch::Sender<Option<Stage>>>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        ends.send_modify(|stage| *stage = Some(if stage.is_some() { Stage::Kill } else { Stage::End }));
    }
}
