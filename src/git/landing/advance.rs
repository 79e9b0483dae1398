//! A branch of the user's takes a step, and the checkout that has it with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::carry::Carry;
use super::hooks;
use crate::git::{BranchName, GitError, Landing, Oid, PlanFate, Repo};

/// What is being done, written down before it is begun: whoever comes after somebody who was killed finds it, and ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advance {
    /// The branch.
    pub branch: String,
    /// Where it is.
    pub from: String,
    /// Where it is to be.
    pub to: String,
    /// The checkout that has the branch.
    pub checkout: Option<PathBuf>,
    /// A file in it that is there already as it is to be.
    pub keep: Option<PathBuf>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advanced {
    /// The branch is there.
    Done,
    /// These paths of the checkout hold uncommitted work, or are in the way. Nothing was changed.
    InTheWay(Vec<PathBuf>),
}

/// What became of a step that somebody was killed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// It is done now, or was.
    Done,
    /// The branch has gone elsewhere since: what is left of the step in the checkout is for a person to see.
    Overtaken,
    /// These files are neither as before nor as after. Nothing was changed.
    Stray(Vec<PathBuf>),
}

impl Repo {
    /// The step that a landing is. `plan` is the plan's file, relative to the checkout that it lies in.
    pub fn step(&self, landing: &Landing, plan: Option<&Path>) -> Result<Advance, GitError> {
        let checkout = self.checked_out_at(&landing.branch)?;
        let is_here = checkout.as_deref().is_some_and(|checkout| Some(checkout) == self.workdir());
        let lies_there = |plan: &&Path| match landing.plan {
            PlanFate::Committed => true,
            // The work that lands may bring it, where jobs of other machines have.
            PlanFate::Nothing => self.lies_as_in(landing.to, plan).unwrap_or(false),
            PlanFate::Left => false,
        };
        let keep = plan.filter(|plan| is_here && lies_there(plan)).map(Path::to_owned);
        Ok(Advance {
            branch: landing.branch.as_str().to_owned(),
            from: landing.from.to_string(),
            to: landing.to.to_string(),
            checkout,
            keep,
        })
    }

    /// What of the checkout keeps the step from being made; nothing if it is possible.
    pub fn in_the_way(&self, step: &Advance) -> Result<Vec<PathBuf>, GitError> {
        let (_, from, to) = step.read()?;
        let Some(checkout) = &step.checkout else { return Ok(Vec::new()) };
        self.refuse_unfinished_at(checkout)?;
        step.carry(checkout, from, to).in_the_way(self)
    }

    /// Makes the step: files and index first, then the user's `hook`, if one is to be asked, then the branch. One that is refused is taken
    /// back, and so is one whose hook is broken off because `is_over` is set.
    ///
    /// # Errors
    /// [`GitError::HalfDone`] if it broke off in the middle: [`Repo::resume`] goes on from there. After any other error all is as it was.
    pub fn take_step(
        &self,
        step: &Advance,
        hook: Option<&'static str>,
        is_over: &Arc<AtomicBool>,
    ) -> Result<Advanced, GitError> {
        let (branch, from, to) = step.read()?;
        let Some(checkout) = &step.checkout else {
            return self.move_branch(self.place(), &branch, from, to).map(|()| Advanced::Done);
        };
        let found = self.in_the_way(step)?;
        if !found.is_empty() {
            return Ok(Advanced::InTheWay(found));
        }
        let carry = step.carry(checkout, from, to);
        if let Err(error) = carry.run(self) {
            return Err(self.after_failure(&carry, error));
        }
        let agreed = hook.map_or(Ok(()), |hook| hooks::run(checkout, hook, &[], is_over));
        if let Err(error) = agreed.and_then(|()| self.move_branch(checkout, &branch, from, to)) {
            return Err(self.taken_back(&carry, error));
        }
        // What it says has no effect on a step that is made.
        let _ = hooks::run(checkout, "post-merge", &["0"], is_over);
        Ok(Advanced::Done)
    }

    fn after_failure(&self, carry: &Carry<'_>, error: GitError) -> GitError {
        let is_as_before = carry.is_untouched(self).unwrap_or(false) && carry.unkeep(self).is_ok();
        if is_as_before { error } else { half_done(carry, &error) }
    }

    /// The plan's file stays as it is on disk, whatever the index says of it meanwhile.
    fn taken_back(&self, carry: &Carry<'_>, error: GitError) -> GitError {
        let back = Carry { from: carry.to, to: carry.from, ..carry.clone() };
        if back.run(self).is_ok() { error } else { half_done(carry, &error) }
    }

    /// Ends a step in which somebody was killed.
    pub fn resume(&self, step: &Advance) -> Result<Resumed, GitError> {
        let (branch, from, to) = step.read()?;
        let store = self.open_store()?;
        let tip = crate::git::refs::target(&store, &branch.full());
        if tip.is_some_and(|tip| crate::git::refs::contains(&store, tip, to)) {
            return Ok(Resumed::Done);
        }
        if tip != Some(from) {
            return Ok(Resumed::Overtaken);
        }
        let there = self.checked_out_at(&branch)?;
        match (&step.checkout, &there) {
            (None, None) => self.move_branch(self.place(), &branch, from, to)?,
            (Some(checkout), Some(there)) if checkout == there => {
                self.refuse_unfinished_at(checkout)?;
                let carry = step.carry(checkout, from, to);
                let stray = carry.mend(self)?;
                if !stray.is_empty() {
                    return Ok(Resumed::Stray(stray));
                }
                carry.run(self)?;
                self.move_branch(checkout, &branch, from, to)?;
            }
            (None, Some(_)) | (Some(_), _) => return Ok(Resumed::Overtaken),
        }
        Ok(Resumed::Done)
    }
}

impl Advance {
    fn read(&self) -> Result<(BranchName, Oid, Oid), GitError> {
        let unreadable =
            || GitError::UnknownRevision { spec: self.to.clone(), path: self.branch.clone().into() };
        let branch = BranchName::new(&self.branch).ok_or_else(unreadable)?;
        let id = |text: &str| text.parse::<Oid>().map_err(|_| unreadable());
        Ok((branch, id(&self.from)?, id(&self.to)?))
    }

    fn carry<'a>(&'a self, checkout: &'a Path, from: Oid, to: Oid) -> Carry<'a> {
        Carry { checkout, from, to, keep: self.keep.as_deref() }
    }
}

fn half_done(carry: &Carry<'_>, error: &GitError) -> GitError {
    GitError::HalfDone { path: carry.checkout.to_owned(), why: error.to_string() }
}
