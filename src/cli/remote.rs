//! A plan whose state lies in a git remote: taken up here, worked at, and given back.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use tempfile::TempDir;

use super::args::Global;
use super::branches::refs;
use super::config::Strategy;
use super::context::{Context, Known, find};
use super::error::{CliError, Kind};
use super::person::refuse_inside_an_attempt;
use super::slow::saving;
use super::{job_owner, output};
use crate::genesis::Genesis;
use crate::git::{EpicRefs, Remote, Repo, TimeLeft, epic_slug};
use crate::report::{clean, shell_word};
use crate::run::records::{
    RecordsError, TakenIn, Venue, end_left_behind, give_way, known_claims, live_claims,
};
use crate::run::remote::{
    Closed, Doubts, FromAfar, Holder, Keeper, Lease, RemotePlan, Restored, Saver, StateError, Untaken,
    refuse_claimed, refuse_lacking, restore, settle,
};
use crate::run::{Asides, Site, ledger};
use crate::store::{LoadError, RunOwner, StateDir, read_plan};

/// Who has the lease says so again and again; who is not heard of for so long counts as dead.
pub(super) const LEASE: Duration = Duration::from_mins(2);
/// The remote that is meant where none is named.
pub(super) const DEFAULT: &str = "origin";
/// What follows a person's decision there.
pub(super) const NEXT_JOB: &str = "next    the next `blueprint run --ci`, in whatever clone, takes that up";
/// A remote that takes longer for one call is away.
const CALL: Duration = Duration::from_mins(2);
/// Systems that cancel a job kill it ten seconds later, or more: what is not saved by then is in this clone only, and that is to be said.
const GRACE: Duration = Duration::from_secs(8);

/// `--remote`, for verbs that a person calls.
#[derive(Debug, Default, clap::Args)]
pub(super) struct RemoteArgs {
    /// Work on the plan's state in a git remote, as `run --ci` keeps it there [default NAME: origin].
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "origin")]
    remote: Option<String>,
}

impl RemoteArgs {
    /// The remote, if one is meant, and the arguments: what follows the flag may be the first of these.
    pub(super) fn split(&self, arguments: &[String]) -> (Option<String>, Vec<String>) {
        let Some(name) = &self.remote else { return (None, arguments.to_vec()) };
        if is_remote(name) {
            return (Some(name.clone()), arguments.to_vec());
        }
        let arguments = std::iter::once(name).chain(arguments).cloned().collect();
        (Some(DEFAULT.to_owned()), arguments)
    }
}

/// Where no repository is found, that is told of later.
fn is_remote(name: &str) -> bool {
    let repo = Repo::discover(Path::new(".")).ok().flatten();
    let known = repo.and_then(|repo| repo.remotes().ok()).unwrap_or_default();
    name == DEFAULT || known.iter().any(|known| known == name)
}

/// A plan that is worked at by a verb: as this clone has it, or a remote.
pub(super) struct Workplace {
    pub(super) context: Context,
    session: Option<Session>,
    /// A plan that this checkout does not have lies there meanwhile.
    _folder: Option<TempDir>,
}

impl Workplace {
    /// The plan that `arguments` mean, and the tasks that they name.
    ///
    /// # Errors
    /// [`CliError`] if there is no such plan, or if somebody else has it.
    pub(super) fn open<'a>(
        verb: &str,
        (remote, jobs): (Option<&str>, Jobs),
        arguments: &'a [String],
        global: &Global,
    ) -> Result<(Self, &'a [String]), CliError> {
        let (context, names, folder) = match (find(arguments), remote) {
            (Ok((path, names)), _) => {
                refuse_inside_an_attempt(verb, Some(&path))?;
                (Context::open(path, global)?.context(), names, None)
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some(remote)) => {
                let (context, names, folder) = fetched(remote, arguments, global, error)?;
                (context, names, Some(folder))
            }
        };
        let session = remote.map(|remote| Session::begin(&context, remote, LEASE, jobs)).transpose()?;
        Ok((Self { context, session, _folder: folder }, names))
    }

    /// What was done is done; with a remote it is there, too, from now on. Gives whether there is one.
    pub(super) fn close(self) -> Result<bool, CliError> {
        let Some(session) = self.session else { return Ok(false) };
        session.end(&self.context)?;
        Ok(true)
    }
}

/// The plan that `arguments` mean as a remote knows it now, and the tasks that they name. Nothing changes here.
///
/// # Errors
/// [`CliError`] if there is no such plan, or if nobody has worked at it by way of that remote.
pub(super) fn look<'a>(
    remote: &str,
    arguments: &'a [String],
    global: &Global,
) -> Result<(Context, Known, &'a [String]), CliError> {
    let (context, names) = match find(arguments) {
        Ok((path, names)) => (Context::open(path, global)?.context(), names),
        Err(error) => {
            let (context, names, _folder) = fetched(remote, arguments, global, error)?;
            (context, names)
        }
    };
    let plan = remote_plan(&context, in_repository(&context)?, remote)?;
    let there = plan.fetch()?;
    let failed = |error| CliError::state(&context.path, error);
    let Some(FromAfar { plan: saved, history }) = plan.look(&there).map_err(failed)? else {
        let text = format!("remote `{remote}` has no state of this plan");
        return Err(CliError::usage(text).hint("`blueprint run --ci` puts it there"));
    };
    let genesis = match saved {
        Some(bytes) => {
            Genesis::parse(bytes).map_err(|error| CliError::load(&context.path, LoadError::Invalid(error)))?
        }
        None => read_plan(&context.path).map_err(|error| CliError::load(&context.path, error))?,
    };
    let genesis = ledger::caught_up(genesis, &history).map_err(|error| CliError::edit(&error))?;
    let valid = Arc::new(context.valid(&genesis)?);
    let run = plan.holder(&there).map_err(failed)?.map(owner);
    let known = Known { genesis, plan: valid, history, run, claims: live_claims(&plan, &there)? };
    Ok((context, known, names))
}

fn owner(holder: Holder) -> RunOwner {
    let Holder { pid, host, run, taken, .. } = holder;
    RunOwner { pid, host, run, started: taken }
}

/// A plan that only the remote has, by its epic's name, in a folder of its own.
fn fetched<'a>(
    remote: &str,
    arguments: &'a [String],
    global: &Global,
    error: CliError,
) -> Result<(Context, &'a [String], TempDir), CliError> {
    let Some((epic, names)) = arguments.split_first() else { return Err(error) };
    let Some(repo) = Repo::discover(Path::new("."))? else { return Err(error) };
    let refs = EpicRefs::new(&epic_slug(epic), EpicRefs::DEFAULT_TEMPLATE)?;
    let plan = RemotePlan { remote: repo.remote(remote)?.within(CALL), refs };
    let records = format!("{}*", plan.refs.records());
    let state = plan.remote.fetch(&[&plan.refs.plan(), &records])?;
    let Some(saved) = plan.saved(&state).map_err(|error| CliError::state(Path::new(epic), error))? else {
        return Err(stateless(error, remote, epic, !state.is_empty()));
    };
    let failed =
        |error| CliError::new(Kind::Environment, format!("can't keep the plan for a while: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    let path = folder.path().join("genesis.xml");
    std::fs::write(&path, &saved.plan).map_err(failed)?;
    let path = std::fs::canonicalize(&path).map_err(failed)?;
    let context = Context::open(path, global)?.context();
    let (slug, root) = (epic_slug(&context.epic), folder.path().join(".blueprint"));
    let state = StateDir::locate(&root, &slug, &context.path);
    Ok((Context { repo: Some(repo), state, ..context }, names, folder))
}

/// There is no plan of that name here, nor in the remote, where jobs of single tasks may have left what they did.
fn stateless(error: CliError, remote: &str, epic: &str, has_records: bool) -> CliError {
    let epic = clean(epic);
    if !has_records {
        let text = format!("{error}, and remote `{remote}` has no state of an epic `{epic}`");
        return CliError { message: text, ..error };
    }
    let text = format!(
        "{error}, and remote `{remote}` has records of jobs of the epic `{epic}` alone, not its plan"
    );
    CliError { message: text, ..error }.hint(format!(
        "`blueprint sync`, in a checkout that has the plan's file, folds them in; then `{epic}` is known everywhere"
    ))
}

/// A plan that is ours alone, as the remote has it, until this is ended.
pub(super) struct Session {
    saver: Option<Saver>,
    taken: TakenIn,
    remote: Remote,
    time_left: TimeLeft,
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
        let time_left = heed_signals()?;
        let there = remote_of_job(repo, remote, &time_left)?;
        let (remote, site) = (there.lasting(), site(context, repo)?);
        let plan = RemotePlan { remote: there, refs: refs(context)? };
        let strategy = context.config()?.config.strategy.map_or_else(Default::default, Strategy::of_git);
        let owner = job_owner::owner();
        // What goes wrong here ends the session.
        let (time, asides) = (time_left.clone(), Asides::default());
        let told = &|text: &str| output::say(&format!("note    {}", clean(text)));
        let venue =
            Venue { site: &site, plan, strategy, base: None, owner, time_left: time, lasts, told, asides };
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
    pub(super) fn taken_in(&self) -> &TakenIn {
        &self.taken
    }

    /// Keeps the remote up to date beside a run, which tells what `asides` take.
    pub(super) fn keep(mut self, asides: Asides) -> Option<Keeper> {
        let saver = self.saver.take()?;
        Some(Keeper::start(saver, self.time_left.clone(), asides))
    }

    /// Saves what was done here, and gives the lease back.
    pub(super) fn end(mut self, context: &Context) -> Result<(), CliError> {
        let Some(saver) = self.saver.take() else { return Ok(()) };
        let closed = saving(self.remote.name(), || saver.end(&self.time_left));
        let closed = closed.map_err(|error| not_saved(context, error))?;
        say_saved(self.remote.name(), &closed)?;
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

/// The lease could not be given back.
fn say_kept(error: &StateError) {
    let why = clean(&error.to_string());
    output::say(&format!(
        "warning the lease on the plan could not be given back, and is free when its time is over: {why}"
    ));
}

fn begin(
    context: &Context,
    venue: &Venue<'_>,
    jobs: Jobs,
    remote: &Remote,
) -> Result<(Saver, TakenIn), CliError> {
    begin_with(context, venue, (jobs, &mut Doubts::default()), remote)
}

fn begin_with(
    context: &Context,
    venue: &Venue<'_>,
    (jobs, doubts): (Jobs, &mut Doubts),
    remote: &Remote,
) -> Result<(Saver, TakenIn), CliError> {
    let lease = Lease::take(&venue.plan, venue.site, &venue.owner, venue.lasts, venue.told)
        .map_err(|error| CliError::state(&context.path, error))?;
    // What is given back and saved is not broken off.
    match take_up(venue, jobs, doubts) {
        Ok(None) => {
            // Nobody has to wait for us meanwhile.
            lease.through(remote.clone()).release().map_err(|error| CliError::state(&context.path, error))?;
            doubts.look(&venue.plan.remote)?;
            begin_with(context, venue, (jobs, doubts), remote)
        }
        Ok(Some((restored, taken))) => {
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

/// Nothing, if it is not known yet whether jobs live that have single tasks.
fn take_up(
    venue: &Venue<'_>,
    jobs: Jobs,
    doubts: &mut Doubts,
) -> Result<Option<(Restored, TakenIn)>, RecordsError> {
    let mut fetched = venue.plan.fetch()?;
    let claims = known_claims(&venue.plan, &fetched, doubts)?;
    if let Some(patience) = doubts.patience() {
        let seconds = patience.as_secs().max(1);
        let tasks: Vec<_> = claims.iter().map(|(task, _)| task.as_str()).collect();
        (venue.told)(&format!(
            "of jobs at work at {} some may be dead: that is looked at for {seconds} s, since clocks may be wrong",
            tasks.join(", ")
        ));
        return Ok(None);
    }
    match jobs {
        Jobs::Refuse => refuse_claimed(&venue.plan, &mut fetched, doubts)?,
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
    let taken = venue.take_in(&fetched, doubts)?;
    settle(venue.site)?;
    Ok(Some((restored, taken)))
}

/// TERM has come: signals are of the process, and so is this.
static TERMINATED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// TERM or Ctrl-C has come.
static CALLED_OFF: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// What a process that was called off ends by.
pub(super) fn kind_of_signal() -> Kind {
    if TERMINATED.load(Ordering::SeqCst) { Kind::Terminated } else { Kind::BrokenOff }
}

/// A signal that comes before a run listens breaks off what goes on until then, and does not kill us with the lease in our hands.
pub(super) fn heed_signals() -> Result<TimeLeft, CliError> {
    let flag = Arc::new(AtomicBool::new(false));
    // What tells the signals apart comes first: whoever sees the flag finds it.
    let ours = [(SIGTERM, &*TERMINATED), (SIGTERM, &*CALLED_OFF), (SIGINT, &*CALLED_OFF)];
    for (signal, flag) in ours.into_iter().chain([(SIGTERM, &flag), (SIGINT, &flag)]) {
        signal_hook::flag::register(signal, Arc::clone(flag))
            .map_err(|error| CliError::new(Kind::Environment, format!("can't listen to signals: {error}")))?;
    }
    Ok(TimeLeft::new(flag, GRACE))
}

/// A remote for a job: its calls have limits, and a signal breaks them off, those that only read at once.
pub(super) fn remote_of_job(repo: &Repo, name: &str, time_left: &TimeLeft) -> Result<Remote, CliError> {
    Ok(repo.remote(name)?.within(CALL).in_time(time_left).until(time_left.is_called_off()))
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
    // Who has lost the plan has told itself to end.
    let kind = if error.is_of_others() { Kind::Environment } else { kind_of_unsaved() };
    let CliError { message, hint, .. } = CliError::state(&context.path, error);
    let message = format!(
        "{message}\nwhat was done is in this clone, but not, or not all of it, in the remote: \
         `blueprint run --ci` here goes on, and saves it, too"
    );
    CliError { hint, ..CliError::new(kind, message) }
}

/// As what a job ends that could not save all: as told, where it was told to end.
pub(super) fn kind_of_unsaved() -> Kind {
    if CALLED_OFF.load(Ordering::SeqCst) { kind_of_signal() } else { Kind::Environment }
}

/// What was left out of the last save.
///
/// # Errors
/// [`CliError`] names work that the remote does not take.
pub(super) fn say_saved(remote: &str, closed: &Closed) -> Result<(), CliError> {
    closed.untold.iter().for_each(|text| output::say(&format!("warning {}", clean(text))));
    match &*closed.untaken {
        [] => Ok(()),
        untaken @ [first, ..] => Err(not_taken(remote, first, untaken)),
    }
}

fn not_taken(remote: &str, first: &Untaken, untaken: &[Untaken]) -> CliError {
    let remote = clean(remote);
    let one = |untaken: &Untaken| {
        let (task, branch) = (clean(untaken.task.as_str()), clean(untaken.branch.as_str()));
        format!("the work of task `{task}`, on branch {branch}: {}", clean(&untaken.said))
    };
    let all: Vec<_> = untaken.iter().map(one).collect();
    let text = format!(
        "remote `{remote}` does not take {}\nthat is in this clone only, and blocked; all else is saved in `{remote}`",
        all.join("\nnor ")
    );
    let task = shell_word(first.task.as_str());
    CliError::new(kind_of_unsaved(), text).hint(format!(
        "`blueprint retry {task} --note TEXT --remote {remote}` has its agent make it anew, without what is refused; or have the remote take it, then \
         `blueprint take {task}` and `blueprint give {task}` in this clone, and `blueprint run --ci`"
    ))
}

impl CliError {
    /// What keeps a plan from being worked at by way of a remote.
    pub(super) fn state(plan: &Path, error: StateError) -> Self {
        let hint = error.hint();
        match error {
            StateError::Remote(error) => error.into(),
            StateError::Run(error) => Self::run(plan, error),
            StateError::Unreturned { .. } => Self { hint, ..Self::new(Kind::Environment, error) },
            StateError::Held(_) | StateError::Claimed { .. } => Self { hint, ..Self::new(Kind::Busy, error) },
            StateError::Diverged { .. } | StateError::Lacking { .. } => Self { hint, ..Self::usage(error) },
            StateError::Lost(_) | StateError::Overwritten { .. } | StateError::Unreadable { .. } => {
                Self { hint, ..Self::new(Kind::Environment, error) }
            }
        }
    }
}
