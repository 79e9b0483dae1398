//! `run GENESIS TASK --ci`: one task as a job of its own, with all that it needs from a remote, and all that comes of it put there.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use super::{Args, Beside, Listener, Unbegun, View, start, unbegun};
use crate::cli::args::Global;
use crate::cli::context::{Context, Known};
use crate::cli::elsewhere::Elsewhere;
use crate::cli::error::{CliError, Kind};
use crate::cli::remote::{heed_signals, kind_of_signal, kind_of_unsaved, remote_of_job, say_saved};
use crate::cli::slow::saving;
use crate::cli::{job_owner, output};
use crate::genesis::Status;
use crate::git::{EpicRefs, Repo, TimeLeft, epic_slug};
use crate::plan::{TaskId, TaskIndex};
use crate::report::clean;
use crate::run::records::{Begun, Job, JobClaim, RecordsError, Venue};
use crate::run::remote::{Closed, RemotePlan};
use crate::run::{RunEvent, Settings, Verdict};

/// What systems that cancel a job wait at least before they kill it.
const GRACE: Duration = Duration::from_secs(4);

/// Runs the one task that `settings` name.
pub(super) fn run(
    (args, global): (&Args, &Global),
    (context, known): (&Context, &Known),
    repo: &Repo,
    settings: Settings,
    around: (View, &Beside),
) -> Result<u8, CliError> {
    let Some(index) = settings.only.first().and_then(|task| known.plan.find(task.as_str())) else {
        return Err(CliError::usage("no task is named"));
    };
    let task = &known.plan.task(index).id;
    let time_left = heed_signals()?;
    let begun = begin(args, (context, known), repo, &settings, index, &time_left);
    if time_left.is_called_off().load(Ordering::SeqCst) {
        return give_back(context, task, begun);
    }
    let ground = (context, global);
    match begun.map_err(|error| unbegun::broken(args.files(), ground, error))? {
        Begun::Job(job) => run_job((args, global), context, repo, settings, around, (job, time_left)),
        Begun::LeftTo(claim) => Err(unbegun::broken(args.files(), ground, left_to(task, &claim))),
        Begun::Completed => {
            output::say(&format!("task `{}` is completed already: there is nothing to do", shown(task)));
            let next = Elsewhere::of(context, args.remote()).sync();
            end(args, ground, Verdict::Completed, (Vec::new(), next))
        }
        Begun::Waits(open) => {
            output::say(&format!("task `{}` waits for {}", shown(task), listed(&open)));
            let next = Elsewhere::of(context, args.remote()).at_a_distance("status", None, "");
            end(args, ground, Verdict::Blocked, (vec![task.clone()], next))
        }
        Begun::Conflict(other, paths) => {
            let next = tell_conflict(&Elsewhere::of(context, args.remote()), task, &other, &paths);
            end(args, ground, Verdict::Blocked, (vec![task.clone()], next))
        }
    }
}

/// There is nothing to run: that is how it ends.
fn end(
    args: &Args,
    ground: (&Context, &Global),
    verdict: Verdict,
    (not_run, next): (Vec<TaskId>, String),
) -> Result<u8, CliError> {
    let unbegun = Unbegun { verdict, not_run, integration: None, next };
    unbegun::write_down(args.files(), ground, unbegun)?;
    Ok(verdict.exit_code())
}

/// Gives what one would type now.
fn tell_conflict(elsewhere: &Elsewhere, task: &TaskId, other: &TaskId, paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
    output::say(&format!(
        "task `{}` can't begin: the work of `{}` conflicts with that of its other prerequisites, in {}",
        shown(task),
        shown(other),
        paths.join(", ")
    ));
    let next = format!("{}   (then {} has its agent resolve that)", elsewhere.sync(), elsewhere.job(None));
    output::say(&format!("next    {next}"));
    next
}

fn begin(
    args: &Args,
    (context, known): (&Context, &Known),
    repo: &Repo,
    settings: &Settings,
    index: TaskIndex,
    time_left: &TimeLeft,
) -> Result<Begun, CliError> {
    let site = super::site(context, repo, context.plan_file()?);
    let venue = Venue {
        site: &site,
        plan: RemotePlan {
            remote: remote_of_job(repo, args.remote(), time_left)?,
            refs: EpicRefs::new(&epic_slug(&context.epic), &settings.branch)?,
        },
        strategy: settings.strategy,
        base: settings.base.clone(),
        owner: job_owner::owner(),
        time_left: time_left.clone(),
        lasts: args.lease(),
        told: &|text| output::say(&format!("note    {}", clean(text))),
        asides: settings.asides.clone(),
    };
    venue.begin(&known.plan, &known.genesis, index).map_err(|error| CliError::records(&context.path, error))
}

fn run_job(
    (args, global): (&Args, &Global),
    context: &Context,
    repo: &Repo,
    settings: Settings,
    around: (View, &Beside),
    (job, time_left): (Job, TimeLeft),
) -> Result<u8, CliError> {
    // What is merged is tried where all of it is together.
    let kill_grace = settings.kill_grace.min(GRACE);
    let settings = Settings { verify: None, unattended: true, alone: true, kill_grace, ..settings };
    let job = Rc::new(job);
    let hears = Rc::clone(&job);
    let hear = move |event: &RunEvent| {
        // A signal came before the run listened: now it does.
        if matches!(event, RunEvent::AttemptStarted { .. })
            && time_left.is_called_off().load(Ordering::SeqCst)
        {
            let _ = kill_process(getpid(), Signal::TERM);
        }
        hears.hear(event);
    };
    let more: Vec<Listener> = vec![Box::new(hear)];
    let ran = start((context, global), repo, settings, around, (args, more));
    // The run is over, and with it whoever heard it.
    let ended = saving(args.remote(), || Rc::into_inner(job).map_or_else(|| Ok(Closed::default()), Job::end));
    let exit = ran?;
    say_saved(args.remote(), &ended.map_err(|error| not_pushed(context, error))?)?;
    Ok(exit)
}

/// What came of the task, and could not be said.
fn not_pushed(context: &Context, error: RecordsError) -> CliError {
    let is_lost = matches!(error, RecordsError::Lost { .. });
    let CliError { message, hint, kind, .. } = CliError::records(&context.path, error);
    if is_lost {
        return CliError { hint, ..CliError::new(kind, message) };
    }
    let message = format!(
        "{message}\nwhat was done is in this clone, but not, or not all of it, in the remote: the same command here pushes it"
    );
    let kind = if kind == Kind::Environment { kind_of_unsaved() } else { kind };
    CliError { hint, ..CliError::new(kind, message) }
}

/// Its system has cancelled the job before it began.
fn give_back(context: &Context, task: &TaskId, begun: Result<Begun, CliError>) -> Result<u8, CliError> {
    if let Ok(Begun::Job(job)) = begun {
        job.end().map_err(|error| CliError::records(&context.path, error))?;
    }
    let text = format!("broken off before an agent began on task `{}`; it is free", shown(task));
    Err(CliError::new(kind_of_signal(), text))
}

fn left_to(task: &TaskId, claim: &JobClaim) -> CliError {
    let (owner, host) = (clean(&claim.owner), clean(&claim.host));
    let text = format!("another job has task `{}`: {owner}, on {host}", shown(task));
    CliError::new(Kind::Busy, text).hint(format!(
        "it counts as dead if nothing is heard of it until {}; from then on this job can be run again",
        claim.free_at()
    ))
}

fn listed(open: &[(TaskId, Status)]) -> String {
    let one = |(task, status): &(TaskId, Status)| format!("`{}`, which is {status}", shown(task));
    open.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn shown(task: &TaskId) -> String {
    clean(task.as_str())
}

impl CliError {
    /// What kept machines from working together.
    pub(in crate::cli) fn records(plan: &Path, error: crate::run::records::RecordsError) -> Self {
        match error {
            RecordsError::Run(error) => Self::run(plan, error),
            RecordsError::Remote(error) => error.into(),
            RecordsError::State(error) => Self::state(plan, error),
            RecordsError::Record(_) => Self::new(Kind::Environment, error)
                .hint("`git push REMOTE :REF` takes it away; then the task is as if no job had had it"),
            RecordsError::Lost { .. } => Self::new(Kind::Busy, error)
                .hint("its work is in this clone only; the job that has the task now begins it anew"),
            RecordsError::Encode(_) => Self::new(Kind::Bug, error),
        }
    }
}
