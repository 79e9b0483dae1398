//! A person's work, and the gates that are commands: a review, or another person's approval, it needs none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::ctrl_c;
use tokio::sync::{mpsc, watch};

use super::command::{Place, run_command};
use super::pass::Ran;
use super::{Check, Gate, GateEnded};
use crate::agent::{BaseEnv, EnvPolicy};
use crate::git::Oid;
use crate::plan::TaskId;
use crate::run::attempt::Link;
use crate::run::process::Stoppable;
use crate::run::step::{self, Means};
use crate::run::watch::Watcher;
use crate::run::{RunError, Stage, start};
use crate::store::AttemptDir;

/// Work that a person has done, and what its gates need.
#[derive(Debug)]
pub struct GivenWork<'a> {
    /// The task and the person's attempt at it.
    pub of: (TaskId, u32),
    /// Its last commit.
    pub head: Oid,
    /// The files that it changes.
    pub changed: &'a [PathBuf],
    /// Where it is.
    pub worktree: &'a Path,
    /// The attempt's folder, in which the gates have their logs.
    pub dir: &'a AttemptDir,
    /// Our own program, which supervises commands.
    pub program: &'a Path,
    /// Between TERM and KILL.
    pub kill_grace: Duration,
    /// The environment that we were started with.
    pub env: &'a BaseEnv,
    /// What of it is passed on beside the usual.
    pub env_policy: &'a EnvPolicy,
    /// Beside it, what they are told of the task.
    pub variables: &'a [(OsString, OsString)],
}

/// What became of the gates that a person's work went through.
#[derive(Debug, Clone, PartialEq)]
pub enum ByHand {
    /// They ended so, the first one first; the last one may not be passed.
    Ended(Vec<GateEnded>),
    /// The one of that name could not be run, for that reason.
    NotRun(String, String),
    /// The person has ended them.
    Stopped,
}

/// Runs those of the gates that are commands and matter for the work, one after another until one is not passed.
///
/// # Errors
/// [`RunError::Store`] if what an earlier call has left running can't be ended.
pub fn pass_by_hand(
    gates: &[Arc<Gate>],
    work: &GivenWork<'_>,
    tell: &dyn Fn(&str),
) -> Result<ByHand, RunError> {
    step::end_leftovers(&work.dir.steps())?;
    let ended = start::runtime()?.block_on(async {
        let stop = watch::Sender::new(None);
        let stopped = watch::Sender::new(Duration::ZERO);
        let (messages, _heard) = mpsc::unbounded_channel();
        let link = Link {
            messages,
            stop: stop.subscribe(),
            stopped: stopped.subscribe(),
            stoppable: Stoppable::default(),
            watcher: Watcher::default(),
        };
        let running = one_by_one(gates, work, &link, tell);
        tokio::pin!(running);
        loop {
            tokio::select! {
                ended = &mut running => break ended,
                // They are ended as those of a run are, and nothing is left running.
                _ = ctrl_c() => drop(stop.send_replace(Some(Stage::End))),
            }
        }
    });
    Ok(ended)
}

async fn one_by_one(gates: &[Arc<Gate>], work: &GivenWork<'_>, link: &Link, tell: &dyn Fn(&str)) -> ByHand {
    let GivenWork { program, kill_grace, env, env_policy, .. } = *work;
    let means = Means { program, kill_grace, env, env_policy };
    let logs = work.dir.steps();
    let place =
        Place { means, folder: work.worktree, env: work.variables, logs: &logs, confined_as: None, link };
    let mut all = Vec::new();
    for (number, gate) in (1..).zip(gates).filter(|(_, gate)| gate.when.holds(work.changed)) {
        let Check::Command(command) = &gate.check else { continue };
        tell(&gate.name);
        let plain = GateEnded::plain(work.of.clone(), gate, Some(work.head));
        match run_command(place, (number, gate), command, &[], plain).await {
            Ran::Ended(ended) => {
                let passed = ended.passed;
                all.push(*ended);
                if !passed {
                    break;
                }
            }
            Ran::Stopped => return ByHand::Stopped,
            Ran::NotRun(why) => return ByHand::NotRun(gate.name.clone(), why),
            Ran::Waits => {}
        }
    }
    ByHand::Ended(all)
}
