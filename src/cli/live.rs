//! A live run, asked for something from another terminal.

use super::context::{Context, Known};
use super::error::CliError;
use super::help_line::plan_words;
use super::person::actor;
use crate::plan::TaskIndex;
use crate::report::{Owner, StatusReport, TaskStatus, elsewhere};
use crate::run::records::JobClaim;
use crate::run::{Asks, Attempt, Fact, History, PERSON, Record, TaskHistory, open_journal};
use crate::store::{Lock, RunLock, RunOwner, read_records};

/// The plan's live run; an error, where there is none.
pub(super) fn live_run(context: &Context) -> Result<RunOwner, CliError> {
    let owner = RunLock::live_owner(&context.state.run_lock())?;
    owner.ok_or_else(|| {
        CliError::usage("no run of this plan is live")
            .hint("`blueprint run` starts one, `blueprint status` tells how the plan stands")
    })
}

/// What that run has been asked for so far, the first thing first.
pub(super) fn asked_before(context: &Context, run: &RunOwner) -> Result<Vec<Asks>, CliError> {
    let records = read_records::<Record>(&context.state.journal())?.records;
    let asked = records.into_iter().filter_map(|record| match record.fact {
        Fact::Asked { run: whom, asks, .. } if whom == run.run => Some(asks),
        _ => None,
    });
    Ok(asked.collect())
}

/// Asks it: by a line of the journal, which it hears at once.
pub(super) fn ask(context: &Context, run: &RunOwner, asks: Asks) -> Result<(), CliError> {
    let _plan = Lock::wait(&context.state.plan_lock())?;
    let fact = Fact::Asked { run: run.run.clone(), by: actor(), asks };
    Ok(open_journal(&context.state.journal())?.append(&Record::now(fact))?)
}

/// Who takes up what is pending from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenUp {
    /// A run that is live.
    Now,
    /// The next one: the live one is ending.
    AfterTheLiveRun,
    /// The next one.
    Later,
}

impl TakenUp {
    /// By how it stands with the run that is live, if there is one.
    pub(super) fn by(context: &Context, run: Option<&RunOwner>) -> Result<Self, CliError> {
        Ok(match run {
            Some(_) if is_ending(context, run)? => Self::AfterTheLiveRun,
            Some(_) => Self::Now,
            None => Self::Later,
        })
    }
}

/// What one would do when tasks are pending that were not before.
pub(super) fn next_step(context: &Context, taken_up: TakenUp) -> String {
    let plan = plan_words(&context.path);
    match taken_up {
        TakenUp::Now => format!("next    blueprint attach {plan}   (the live run takes that up)"),
        TakenUp::AfterTheLiveRun => {
            format!("next    blueprint run {plan}   (when the live run has ended: it starts nothing new)")
        }
        TakenUp::Later => format!("next    blueprint run {plan}"),
    }
}

/// Whether the live run, if there is one, has been told to end, or ends by itself: it starts nothing new.
pub(super) fn is_ending(context: &Context, run: Option<&RunOwner>) -> Result<bool, CliError> {
    let Some(run) = run else { return Ok(false) };
    let records = read_records::<Record>(&context.state.journal())?.records;
    let is_told = |fact: &Fact| matches!(fact, Fact::Asked { run: whom, asks: Asks::Stop | Asks::StopNow, .. } if *whom == run.run);
    let ends = |fact: &Fact| matches!(fact, Fact::RunEnding { run: whose } if *whose == run.run);
    Ok(records.iter().any(|record| is_told(&record.fact) || ends(&record.fact)))
}

/// How the tasks that `wanted` picks stand at this moment, by plan, journal, live run, and what is there on disk.
pub(super) fn report(
    context: &Context,
    known: &Known,
    wanted: impl Fn(TaskIndex) -> bool,
) -> Result<StatusReport, CliError> {
    let Known { genesis, plan, history, run, claims } = known;
    let mut report = StatusReport::new(&context.path, genesis, plan, history, run.as_ref(), wanted);
    for task in &mut report.tasks {
        leave_out_what_is_not_here(context, history, task);
        if matches!(task.owner, Some(Owner::Run { alive: false, .. })) {
            let claim = claims.iter().find(|(id, _)| id.as_str() == task.id);
            task.owner = claim.map(|(_, claim)| job(claim)).or_else(|| task.owner.take());
        }
    }
    if let Some(live) = &mut report.run {
        live.paused = is_paused(context, run.as_ref())?;
        live.ending = is_ending(context, run.as_ref())?;
    }
    Ok(report)
}

/// A worktree that was removed is none, and a state that comes from a remote names files of other machines.
fn leave_out_what_is_not_here(context: &Context, history: &History, task: &mut TaskStatus) {
    task.worktree = task.worktree.take().filter(|place| place.exists());
    for gate in task.each_attempt.iter_mut().flat_map(|attempt| &mut attempt.gates) {
        gate.log = gate.log.take().filter(|log| log.exists());
    }
    let last = history.task(&task.id).and_then(TaskHistory::last_attempt);
    let is_here = |attempt: &Attempt| {
        let started = &attempt.started;
        context.state.attempt(&started.slug, started.attempt).path().exists()
    };
    let gone = last.filter(|last| task.worktree.is_none() && last.started.runner != PERSON && !is_here(last));
    task.elsewhere = gone.map(|last| elsewhere(history.host_of(last)));
}

fn job(claim: &JobClaim) -> Owner {
    Owner::Job { job: claim.owner.clone(), host: claim.host.clone(), alive: true }
}

/// Whether the live run, if there is one, has been told to start nothing for now.
pub(super) fn is_paused(context: &Context, run: Option<&RunOwner>) -> Result<bool, CliError> {
    let Some(run) = run else { return Ok(false) };
    let asked = asked_before(context, run)?;
    Ok(asked.into_iter().rfind(|asked| matches!(asked, Asks::Pause | Asks::Resume)) == Some(Asks::Pause))
}
