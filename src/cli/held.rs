//! A plan under its lock, for a person's decision about its tasks: journaled first, then written into the plan file, as a run does.

use super::context::Context;
use super::error::{CliError, Kind};
use crate::genesis::{Edit, Genesis};
use crate::run::{Fact, History, Record, TransitionRecord, ledger, open_journal};
use crate::store::{Found, KnownPlan, RunLock, RunOwner, Saved, StoreError};

/// How often a save starts over when somebody without our lock changes the file at the same moment.
const SAVE_TRIES: usize = 20;

/// How often the lock is tried for, each time for a moment.
const HOLD_TRIES: usize = 100;

/// A plan that nobody of ours changes while this lives.
pub(super) struct Held<'a> {
    context: &'a Context,
    plan: KnownPlan,
    /// What the journal says.
    pub(super) history: History,
    /// The document with everything in it that the journal has.
    pub(super) genesis: Genesis,
    /// The live run, if there is one.
    pub(super) run: Option<RunOwner>,
}

impl<'a> Held<'a> {
    /// Waits for the lock, and reads plan and journal as they are then.
    pub(super) fn open(context: &'a Context) -> Result<Self, CliError> {
        let read =
            || KnownPlan::read(context.plan_file()?).map_err(|error| CliError::load(&context.path, error));
        let mut plan = read()?;
        hold(&mut plan)?;
        // Whoever had the lock before may have changed it.
        look_again(context, &mut plan)?;
        let history = context.history()?;
        let genesis = ledger::caught_up(plan.genesis().clone(), &history);
        let genesis = genesis.map_err(|error| CliError::edit(&error))?;
        let run = RunLock::live_owner(&context.state.run_lock())?;
        Ok(Self { context, plan, history, genesis, run })
    }

    /// Journals the fact: from then on it holds, even if we are killed. Does what it brings with it, and writes the plan file.
    pub(super) fn settle(
        mut self,
        fact: Fact,
        transitions: &[TransitionRecord],
        meanwhile: impl FnOnce() -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        open_journal(&self.context.state.journal())?.append(&Record::now(fact))?;
        meanwhile()?;
        for _ in 0..SAVE_TRIES {
            let before = &self.history;
            let saved = self.plan.commit(|now| written(now, before, transitions));
            if saved.map_err(|error| CliError::commit(&self.context.path, error))? != Saved::Stale {
                return Ok(());
            }
            look_again(self.context, &mut self.plan)?;
        }
        let text = "somebody changes the plan file all the time; the journal has what was decided, and the next run writes it";
        Err(CliError::new(Kind::Environment, text))
    }
}

/// A run that decides something has the lock for longer than a moment.
fn hold(plan: &mut KnownPlan) -> Result<(), CliError> {
    for _ in 1..HOLD_TRIES {
        match plan.hold() {
            Err(StoreError::Held { .. }) => {}
            held => return Ok(held?),
        }
    }
    Ok(plan.hold()?)
}

fn look_again(context: &Context, plan: &mut KnownPlan) -> Result<(), CliError> {
    match plan.look()? {
        None => {}
        Some(Found::Document(seen)) => drop(plan.adopt(*seen)),
        Some(Found::Broken(invalid)) => {
            return Err(CliError::invalid(&context.path, &invalid.source, &invalid.diagnostics));
        }
        Some(Found::NoFile | Found::Nothing) => {
            return Err(CliError::usage(format!("the plan `{}` is gone", context.path.display()))
                .hint("bring it back, for example by `git checkout -- genesis.xml`; the journal knows what happened"));
        }
    }
    Ok(())
}

/// The edit that makes the journal's document of this one, with these changes after all others.
fn written(now: &Genesis, before: &History, transitions: &[TransitionRecord]) -> Result<Edit, CliError> {
    let edit = || {
        let mut after = ledger::caught_up(now.clone(), before)?;
        for record in transitions {
            after.edit(&ledger::edit_of(record, &after)?)?;
        }
        Ok(Edit::between(now.source(), after.source()))
    };
    edit().map_err(|error| CliError::edit(&error))
}
