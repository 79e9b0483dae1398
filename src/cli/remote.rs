//! A plan whose state lies in a git remote: taken up here, worked at, and given back.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::branches::refs;
use super::config::Strategy;
use super::context::Context;
use super::error::{CliError, Kind};
use super::{job_owner, output};
use crate::git::{Remote, Repo};
use crate::report::clean;
use crate::run::Site;
use crate::run::records::{RecordsError, TakenIn, Venue, give_way};
use crate::run::remote::{Keeper, Lease, RemotePlan, Restored, Saver, StateError, refuse_claimed, restore};

/// Who has the lease says so again and again; who is not heard of for so long counts as dead.
pub(super) const LEASE: Duration = Duration::from_mins(2);
/// A remote that takes longer for one call is away.
const CALL: Duration = Duration::from_mins(2);

/// `--remote`, for verbs that a person calls.
#[derive(Debug, Default, clap::Args)]
pub(super) struct RemoteArgs {
    /// Work on the plan's state in a git remote, as `run --ci` keeps it there [default NAME: origin].
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "origin")]
    remote: Option<String>,
}

impl RemoteArgs {
    /// The remote, if one is meant, and the other arguments: what follows the flag may be one of these.
    pub(super) fn split(&self, arguments: &[String]) -> (Option<String>, Vec<String>) {
        let mut arguments = arguments.to_vec();
        let Some(name) = &self.remote else { return (None, arguments) };
        if is_remote(name) {
            return (Some(name.clone()), arguments);
        }
        arguments.insert(0, name.clone());
        (Some("origin".to_owned()), arguments)
    }
}

/// Where no repository is found, that is told of later.
fn is_remote(name: &str) -> bool {
    let repo = Repo::discover(Path::new(".")).ok().flatten();
    repo.and_then(|repo| repo.remotes().ok()).is_some_and(|remotes| remotes.iter().any(|known| known == name))
}

/// A plan that is ours alone, as the remote has it, until this is ended.
pub(super) struct Session {
    saver: Option<Saver>,
    taken: TakenIn,
    remote: Remote,
    called_off: Arc<AtomicBool>,
}

/// What living jobs are to a session, which have single tasks of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jobs {
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
    pub(super) fn begin(
        context: &Context,
        remote: &str,
        lasts: Duration,
        jobs: Jobs,
    ) -> Result<Self, CliError> {
        context.refuse_a_rival()?;
        let repo = in_repository(context)?;
        let called_off = heed_signals()?;
        let plan = remote_plan(context, repo, remote)?;
        let (remote, site) = (plan.remote.clone(), site(context, repo)?);
        let plan = RemotePlan { remote: plan.remote.until(&called_off), ..plan };
        let strategy = context.config()?.config.strategy.map_or_else(Default::default, Strategy::of_git);
        let owner = job_owner::owner();
        let venue = Venue { site: &site, plan, strategy, base: None, owner, lasts };
        let begun = begin(context, &venue, jobs, &remote);
        // Broken off by a signal: that is what it ended by, and not what git made of it.
        if called_off.load(Ordering::SeqCst) {
            drop(begun);
            return Err(CliError::new(
                Kind::BrokenOff,
                "broken off before the run began; nothing was changed",
            ));
        }
        let (saver, taken) = begun?;
        Ok(Self { saver: Some(saver), taken, remote, called_off })
    }

    /// What jobs have left of single tasks.
    pub(super) fn taken_in(&self) -> &TakenIn {
        &self.taken
    }

    /// Keeps the remote up to date beside a run.
    pub(super) fn keep(mut self) -> Option<Keeper> {
        let saver = self.saver.take()?;
        Some(Keeper::start(saver, Arc::clone(&self.called_off)))
    }

    /// Saves what was done here, and gives the lease back.
    pub(super) fn end(mut self, context: &Context) -> Result<(), CliError> {
        let Some(saver) = self.saver.take() else { return Ok(()) };
        let left = saver.end().map_err(|error| not_saved(context, error))?;
        say_left(&left);
        output::say(&format!("note    saved in remote `{}`", clean(self.remote.name())));
        Ok(())
    }
}

impl Drop for Session {
    /// Whatever went wrong: nobody shall wait for us.
    fn drop(&mut self) {
        if let Some(saver) = self.saver.take()
            && let Err(error) = saver.give_up()
        {
            tracing::warn!(%error, "the lease could not be given back; it is free when its time is over");
        }
    }
}

fn begin(
    context: &Context,
    venue: &Venue<'_>,
    jobs: Jobs,
    remote: &Remote,
) -> Result<(Saver, TakenIn), CliError> {
    let lease = Lease::take(&venue.plan, &venue.owner, venue.lasts)
        .map_err(|error| CliError::state(&context.path, error))?;
    // What is given back and saved is not broken off.
    match take_up(venue, jobs) {
        Ok((restored, taken)) => {
            restored.notes.iter().for_each(|note| output::say(&format!("note    {}", clean(note))));
            Ok((Saver::new(venue.site.clone(), lease, restored).through(remote.clone()), taken))
        }
        Err(error) => {
            if let Err(error) = lease.through(remote.clone()).release() {
                tracing::warn!(%error, "the lease could not be given back; it is free when its time is over");
            }
            Err(CliError::records(&context.path, error))
        }
    }
}

fn take_up(venue: &Venue<'_>, jobs: Jobs) -> Result<(Restored, TakenIn), RecordsError> {
    let fetched = venue.plan.fetch()?;
    match jobs {
        Jobs::Refuse => refuse_claimed(&venue.plan, &fetched)?,
        Jobs::LetBe => {}
    }
    give_way(venue.site, &venue.plan, &fetched)?;
    let restored = restore(venue.site, &venue.plan, &fetched)?;
    Ok((restored, venue.take_in(&fetched)?))
}

/// A signal that comes before a run listens breaks off what goes on until then, and does not kill us with the lease in our hands.
fn heed_signals() -> Result<Arc<AtomicBool>, CliError> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&flag))
            .map_err(|error| CliError::new(Kind::Environment, format!("can't listen to signals: {error}")))?;
    }
    Ok(flag)
}

/// The plan as a remote has it.
pub(super) fn remote_plan(context: &Context, repo: &Repo, remote: &str) -> Result<RemotePlan, CliError> {
    Ok(RemotePlan { refs: refs(context)?, remote: repo.remote(remote)?.within(CALL) })
}

pub(super) fn in_repository(context: &Context) -> Result<&Repo, CliError> {
    context.repo.as_ref().ok_or_else(|| {
        let folder = context.folder().display();
        CliError::usage(format!("the plan's folder `{folder}` is in no git repository"))
            .hint("a remote is one of a repository: clone it, and work there")
    })
}

pub(super) fn site(context: &Context, repo: &Repo) -> Result<Site, CliError> {
    let (state, epic) = (context.state.clone(), context.epic.clone());
    Ok(Site { plan: context.plan_file()?, repo: repo.clone(), state, epic })
}

/// What a run, or a verb, has done and could not save.
pub(super) fn not_saved(context: &Context, error: StateError) -> CliError {
    let error = CliError::state(&context.path, error);
    let message =
        format!("{error}\nwhat was done is in this clone, but not, or not all of it, in the remote");
    let hint =
        error.hint.unwrap_or_else(|| "`blueprint run --ci` here goes on, and saves it, too".to_owned());
    CliError::new(Kind::Environment, message).hint(hint)
}

pub(super) fn say_left(left: &[String]) {
    for name in left {
        output::say(&format!(
            "warning somebody else has moved {} in the remote: it is left there, and was not overwritten",
            clean(name)
        ));
    }
}

impl CliError {
    /// What keeps a plan from being worked at by way of a remote.
    pub(super) fn state(plan: &Path, error: StateError) -> Self {
        let hint = error.hint();
        match error {
            StateError::Remote(error) => error.into(),
            StateError::Run(error) => Self::run(plan, error),
            StateError::Held(_) | StateError::Claimed { .. } => Self { hint, ..Self::new(Kind::Busy, error) },
            StateError::Diverged { .. } => Self { hint, ..Self::usage(error) },
            StateError::Lost(_) | StateError::Overwritten { .. } | StateError::Unreadable { .. } => {
                Self { hint, ..Self::new(Kind::Environment, error) }
            }
        }
    }
}
