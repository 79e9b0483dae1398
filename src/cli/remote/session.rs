use std::sync::atomic::Ordering;
use std::time::Duration;

use super::given_back::{not_saved, say_kept, say_left};
use super::signals::{heed_signals, kind_of_signal};
use super::{in_repository, remote_of_job, site};
use crate::cli::branches::refs;
use crate::cli::config::Strategy;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::{job_owner, output};
use crate::git::{Remote, TimeLeft};
use crate::report::clean;
use crate::run::Asides;
use crate::run::records::{RecordsError, TakenIn, Venue, end_left_behind, give_way};
use crate::run::remote::{
    Keeper, Lease, RemotePlan, Restored, Saver, refuse_claimed, refuse_lacking, restore, settle,
};

/// A plan that is ours alone, as the remote has it, until this is ended.
pub(in crate::cli) struct Session {
    saver: Option<Saver>,
    taken: TakenIn,
    remote: Remote,
    time_left: TimeLeft,
}

/// What living jobs are to a session, which have single tasks of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Jobs {
    /// They keep it from beginning.
    Refuse,
    /// They go on: their tasks are left to them.
    LetBe,
}

impl Session {
    /// Takes the lease, fetches, and makes what the remote knows the state of this clone, with what jobs have left there of single tasks.
    ///
    /// # Errors
    /// [`Kind::Busy`] if somebody else works at the plan.
    pub(in crate::cli) fn begin(
        context: &Context,
        remote: &str,
        lasts: Duration,
        jobs: Jobs,
    ) -> Result<Self, CliError> {
        context.refuse_a_rival()?;
        let repo = in_repository(context)?;
        let time_left = heed_signals()?;
        let there = remote_of_job(repo, remote, &time_left)?;
        let (remote, site) = (there.lasting(), site(context, repo)?);
        let plan = RemotePlan { remote: there, refs: refs(context)? };
        let strategy = context.config()?.config.strategy.map_or_else(Default::default, Strategy::of_git);
        let owner = job_owner::owner();
        // What goes wrong here ends the session.
        let (time, asides) = (time_left.clone(), Asides::default());
        let venue = Venue { site: &site, plan, strategy, base: None, owner, time_left: time, lasts, asides };
        let begun = begin(context, &venue, jobs, &remote);
        // Broken off by a signal: that is what it ended by, and not what git made of it.
        if time_left.is_called_off().load(Ordering::SeqCst) {
            drop(begun);
            return Err(CliError::new(
                kind_of_signal(),
                "broken off before the run began; nothing was changed",
            ));
        }
        let (saver, taken) = begun?;
        Ok(Self { saver: Some(saver), taken, remote, time_left })
    }

    /// What jobs have left of single tasks.
    pub(in crate::cli) fn taken_in(&self) -> &TakenIn {
        &self.taken
    }

    /// Keeps the remote up to date beside a run, which tells what `asides` take.
    pub(in crate::cli) fn keep(mut self, asides: Asides) -> Option<Keeper> {
        let saver = self.saver.take()?;
        Some(Keeper::start(saver, self.time_left.clone(), asides))
    }

    /// Saves what was done here, and gives the lease back.
    pub(in crate::cli) fn end(mut self, context: &Context) -> Result<(), CliError> {
        let Some(saver) = self.saver.take() else { return Ok(()) };
        let closed = saver.end(&self.time_left).map_err(|error| not_saved(context, error))?;
        say_left(&closed.left);
        let remote = clean(self.remote.name());
        output::say(&if closed.has_saved {
            format!("note    saved in remote `{remote}`")
        } else {
            format!("note    remote `{remote}` has all of it already: nothing was pushed")
        });
        Ok(())
    }
}

impl Drop for Session {
    /// Whatever went wrong: nobody shall wait for us.
    fn drop(&mut self) {
        if let Some(saver) = self.saver.take()
            && let Err(error) = saver.give_up()
        {
            say_kept(&error);
        }
    }
}

fn begin(
    context: &Context,
    venue: &Venue<'_>,
    jobs: Jobs,
    remote: &Remote,
) -> Result<(Saver, TakenIn), CliError> {
    let lease = Lease::take(&venue.plan, venue.site, &venue.owner, venue.lasts)
        .map_err(|error| CliError::state(&context.path, error))?;
    // What is given back and saved is not broken off.
    match take_up(venue, jobs) {
        Ok((restored, taken)) => {
            restored.notes.iter().for_each(|note| output::say(&format!("note    {}", clean(note))));
            Ok((Saver::new(venue.site.clone(), lease, restored).through(remote.clone()), taken))
        }
        Err(error) => {
            if let Err(error) = lease.through(remote.clone()).release() {
                say_kept(&error);
            }
            Err(CliError::records(&context.path, error))
        }
    }
}

fn take_up(venue: &Venue<'_>, jobs: Jobs) -> Result<(Restored, TakenIn), RecordsError> {
    let mut fetched = venue.plan.fetch()?;
    match jobs {
        Jobs::Refuse => refuse_claimed(&venue.plan, &mut fetched)?,
        Jobs::LetBe => {}
    }
    refuse_lacking(venue.site, &venue.plan, &fetched)?;
    give_way(venue.site, &venue.plan, &fetched)?;
    let mut restored = restore(venue.site, &venue.plan, &fetched)?;
    for task in end_left_behind(venue.site, &venue.plan, &fetched)? {
        restored
            .notes
            .push(format!("{task} was in progress on another machine, which is gone: it is pending again"));
    }
    let taken = venue.take_in(&fetched)?;
    settle(venue.site)?;
    Ok((restored, taken))
}
