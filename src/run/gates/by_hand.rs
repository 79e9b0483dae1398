//! A person's work, and the gates that are commands: a review, or another person's approval, it needs none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::{Place, run_command};
use super::pass::Ran;
use super::{Check, Gate, GateEnded};
use crate::git::Oid;
use crate::plan::TaskId;
use crate::run::attempt::Link;
use crate::run::handover::{Outfit, until_broken_off};
use crate::run::step;
use crate::run::{RunError, start};
use crate::store::{AttemptDir, StoreError};

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
    /// By which means commands are run.
    pub outfit: &'a Outfit,
    /// What they are told of the task.
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
    let logs = work.dir.steps();
    step::end_leftovers(&logs)?;
    let runtime = start::runtime().map_err(StoreError::io("start threads in", &logs))?;
    Ok(runtime.block_on(until_broken_off(async |link| one_by_one(gates, work, link, tell).await)))
}

async fn one_by_one(gates: &[Arc<Gate>], work: &GivenWork<'_>, link: &Link, tell: &dyn Fn(&str)) -> ByHand {
    let means = work.outfit.means();
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
                all.push(ended.masked(means.secrets));
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
