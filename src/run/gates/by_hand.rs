//! A person's work, and the gates that are commands: a review, or another person's approval, it needs none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::{Place, run_command};
use super::exact::Exact;
use super::pass::Ran;
use super::twice::{Looked, look};
use super::{Check, Gate, GateEnded};
use crate::git::{GitError, Oid, Stand};
use crate::plan::TaskId;
use crate::run::attempt::Link;
use crate::run::handover::{Hands, Outfit, until_broken_off};
use crate::run::step;
use crate::run::{RunError, start};
use crate::store::{AttemptDir, StoreError};

/// Work that a person has done, and what its gates need.
#[derive(Debug)]
pub struct GivenWork<'a> {
    /// The task.
    pub hands: &'a Hands<'a>,
    /// The person's attempt at it.
    pub attempt: u32,
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

/// What a person should know while gates run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// The gate of that name has begun.
    Begun(&'a str),
    /// What a gate has done to the worktree.
    Warning(&'a str),
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
    /// The person has changed the work meanwhile, so that they have not seen what there is now.
    Changed,
}

/// Runs those of the gates that are commands and matter for the work, one after another until one is not passed.
///
/// `tell` hears how far they are.
///
/// # Errors
/// [`RunError::Store`] if what an earlier call has left running can't be ended; [`RunError::Git`] if the worktree can't be put back as the
/// work is.
pub fn pass_by_hand(
    gates: &[Arc<Gate>],
    work: &GivenWork<'_>,
    tell: &dyn Fn(Told<'_>),
) -> Result<ByHand, RunError> {
    let logs = work.dir.steps();
    step::end_leftovers(&logs)?;
    let runtime = start::runtime().map_err(StoreError::io("start threads in", &logs))?;
    Ok(runtime.block_on(until_broken_off(async |link| one_by_one(gates, work, link, tell).await))?)
}

async fn one_by_one(
    gates: &[Arc<Gate>],
    work: &GivenWork<'_>,
    link: &Link,
    tell: &dyn Fn(Told<'_>),
) -> Result<ByHand, GitError> {
    let means = work.outfit.means();
    let logs = work.dir.steps();
    let place =
        Place { means, folder: work.worktree, env: work.variables, logs: &logs, confined_as: None, link };
    let exact = work.exact()?;
    let mut all = Vec::new();
    for (number, gate) in (1..).zip(gates).filter(|(_, gate)| gate.when.holds(work.changed)) {
        let Check::Command(command) = &gate.check else { continue };
        tell(Told::Begun(&gate.name));
        let of = (TaskId::from(work.hands.task), work.attempt);
        let plain = GateEnded::plain(of, gate, Some(work.head));
        let run = async || run_command(place, (number, gate), command, &[], plain.clone()).await;
        let ran = match look(&exact, gate, &|text| tell(Told::Warning(text)), run).await? {
            Looked::At(ran) => ran,
            Looked::Elsewhere => return Ok(ByHand::Changed),
        };
        match ran {
            Ran::Ended(ended) => {
                let passed = ended.passed;
                all.push(ended.masked(means.secrets));
                if !passed {
                    break;
                }
            }
            Ran::Stopped(_) => return Ok(ByHand::Stopped),
            Ran::NotRun(why, _) => return Ok(ByHand::NotRun(gate.name.clone(), why)),
            Ran::Waits => {}
        }
    }
    Ok(ByHand::Ended(all))
}

impl GivenWork<'_> {
    /// What could not be committed stays where it is: it is the person's.
    fn exact(&self) -> Result<Exact, GitError> {
        let Hands { repo, refs, slug, .. } = *self.hands;
        Ok(Exact {
            repo: repo.clone(),
            refs: refs.clone(),
            slug: slug.to_owned(),
            attempt: self.attempt,
            path: self.worktree.to_owned(),
            dir: self.dir.path().to_owned(),
            stand: Stand { branch: refs.branch(slug), tip: self.head, head: self.head },
            stubborn: repo.strays(self.worktree, self.head)?,
        })
    }
}
