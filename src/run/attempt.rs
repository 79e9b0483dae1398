//! One attempt at a task, from its base to its merge. It decides nothing about the plan: it tells the dispatcher what it came to.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, spawn_blocking};

use super::asking::Reply;
use super::budget::{Opened, Used};
use super::job::{Entry, Job, Report};
use super::judge::{from_record, judge};
use super::launch::{LaunchError, Ready};
use super::listener::{Listener, learn};
use super::merging::{finish, settle_place, without_an_agent};
use super::milestones::Milestones;
use super::outbox::Says;
use super::process::{Limits, Stoppable, Supervised, kill_leftover};
use super::provision::{self, Provided, Unprovided};
use super::questions::OpenQuestion;
use super::record::{AgentStarted, AttemptEnded, AttemptStarted, Fact, OverEstimate};
use super::shared::{self, Inside};
use super::verify::Verified;
use super::waiting::{Clock, wait};
use super::watch::Watcher;
use super::workplace::Based;
use super::{Caps, RunError, Stage, audit, launch, workplace};
use crate::agent::Outcome;
use crate::git::{GitError, Oid};
use crate::plan::TaskId;

/// What an attempt sends to the dispatcher.
pub(super) enum Message {
    /// Something to journal before the attempt goes on.
    Record(Box<Fact>, oneshot::Sender<()>),
    /// Something to journal, for which nobody waits.
    Seen(Box<Fact>),
    /// Its agent is running.
    Running { task: TaskId, resumed: bool },
    /// Its agent has said something, which the journal has.
    Said(TaskId, Box<Says>),
    /// A save of the plan file that was begun is over.
    Saved,
    /// `verify-integration` was run on that commit.
    Verified(Oid, Box<Verified>),
    /// `ask-command` was asked that for the task.
    Replied(TaskId, Box<(OpenQuestion, Reply)>),
    /// What that attempt has used up so far, as far as it tells.
    Using(TaskId, u32, Used),
    /// Something to look at.
    Warning(TaskId, String),
    /// Something to know.
    Note(String),
    /// The task's worktree, which nobody needs, is gone, or is not.
    Retired(TaskId, Result<bool, GitError>),
    /// Its agent has worked for that long, and should have been done by now.
    Overtime(Box<OverEstimate>),
    /// A review is to be made, as soon as there is a share of the budget for it.
    ShareAsked(Box<ShareAsked>),
    /// Whether the task is still the run's, so that its work may be merged.
    MayMerge(TaskId, oneshot::Sender<bool>),
    /// Its agent runs, as a process of its own.
    Begun(Box<AgentStarted>),
    /// It is over, as the first says, which the journal has not yet.
    Ended(Box<AttemptEnded>, Box<Report>),
    /// It is over.
    Over(TaskId, Box<Report>),
    /// What it came to can't be kept: disk or git failed, which is no fault of the task's. The next run takes it up where it is.
    Broken(TaskId, Box<RunError>),
}

/// A review of an attempt's work that is about to be made.
pub(super) struct ShareAsked {
    pub(super) task: TaskId,
    pub(super) attempt: u32,
    /// The gate's name.
    pub(super) gate: String,
    /// Who makes it.
    pub(super) by: Opened,
    /// Gets what it may use up at most; nothing, if there is no share for it in this run.
    pub(super) answer: oneshot::Sender<Option<Caps>>,
}

/// An attempt's line to the dispatcher.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) messages: mpsc::UnboundedSender<Message>,
    pub(super) stop: watch::Receiver<Option<Stage>>,
    /// For how long the run has been stopped by its terminal so far, and its agents with it.
    pub(super) stopped: watch::Receiver<Duration>,
    /// Who can stop its agent is made known here.
    pub(super) stoppable: Stoppable,
    pub(super) watcher: Watcher,
}

/// Why an attempt goes no further: it was told to, or the dispatcher is gone.
pub(super) struct Gone;

/// Runs the attempt and sends its report, whatever happens.
pub(super) async fn attempt(job: Job, link: Link) {
    let task = job.task.clone();
    tracing::debug!(task = %job.task, attempt = job.attempt, worktree = %job.worktree.display(), "attempt");
    let job = Arc::new(job);
    let made = tokio::spawn({
        let (job, link) = (Arc::clone(&job), link.clone());
        async move { make(&job, &link).await }
    });
    let report = match made.await {
        Ok(Ok(report)) => report,
        Ok(Err(Gone)) => return,
        Err(bug) => broken_off(&job, &bug).await,
    };
    // If nobody listens any more, the run is over, and the next one finds what happened.
    let _ = link.messages.send(Message::Over(task, Box::new(report)));
}

/// A bug in one attempt is no reason for the others to wait for it for ever; nobody looks after its agent any more.
async fn broken_off(job: &Arc<Job>, bug: &JoinError) -> Report {
    let report = Report::of(Outcome::AgentError, format!("a bug in blueprint: {bug}"));
    match blocking(job, |job| kill_leftover(&job.dir)).await {
        Ok(Ok(())) | Err(_) => report,
        Ok(Err(error)) => Report { notes: Some(error.to_string()), ..report },
    }
}

async fn make(job: &Arc<Job>, link: &Link) -> Result<Report, Gone> {
    let _at_work = job.common.workers.enter(job);
    let Entry::Resumed(resumed) = &job.entry else { return fresh(job, link).await };
    let _inside = shared::stay(job);
    if let Some(ended) = &resumed.ended {
        let started = resumed.started.clone();
        match blocking(job, move |job| settle_place(job, &started)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(broken(job, link, error)),
            Err(bug) => return Ok(bug),
        }
        return finish(job, &resumed.started, from_record(ended), link).await;
    }
    let process = Supervised::adopt(job.dir.clone());
    watch_over(job, &resumed.started, resumed.at, process, link).await
}

async fn fresh(job: &Arc<Job>, link: &Link) -> Result<Report, Gone> {
    match blocking(job, provision::end_leftovers).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(broken(job, link, error)),
        Err(bug) => return Ok(bug),
    }
    if let Some(report) = without_an_agent(job, link).await? {
        return Ok(report);
    }
    let mut inside = shared::come_in(job).await;
    let prepared = match blocking(job, workplace::set_aside).await {
        Ok(Ok(aside)) => {
            if let Some(text) = aside {
                let _ = link.messages.send(Message::Warning(job.task.clone(), text));
            }
            blocking(job, workplace::prepare).await
        }
        Ok(Err(error)) => Ok(Err(error.into())),
        Err(bug) => Err(bug),
    };
    let base = match prepared {
        Ok(Ok(base)) => base,
        Ok(Err(error)) => return error.into_report().map_err(|error| broken(job, link, error)),
        Err(bug) => return Ok(bug),
    };
    if link.stop.borrow().is_some_and(|stage| stage >= Stage::End) {
        return Ok(Report::of(Outcome::Interrupted, "the run was ended before its agent started"));
    }
    let provided = match provision::provide(job, base.is_kept, link).await {
        Ok(provided) => provided,
        Err(Unprovided::Broken(error)) => return Err(broken(job, link, error)),
        Err(Unprovided::Report(report)) => return unprovided(job, base, *report, link).await,
    };
    inside.iter_mut().for_each(Inside::is_settled);
    let ready = match blocking(job, move |job| launch::write_down(job, Some(&base), &provided)).await {
        Ok(Ok(ready)) => ready,
        Ok(Err(LaunchError::Store(error))) => return Err(broken(job, link, error)),
        Ok(Err(error)) => return Ok(Report::of(Outcome::CouldNotStart, error.to_string())),
        Err(bug) => return Ok(bug),
    };
    begin(job, ready, link).await
}

/// Journals that it begins, has a look at what is not its own, and starts its agent.
async fn begin(job: &Arc<Job>, ready: Ready, link: &Link) -> Result<Report, Gone> {
    record(link, Fact::AttemptStarted(ready.started.clone())).await?;
    let is_confined = ready.walls.is_some();
    if let Ok(Some(text)) = blocking(job, move |job| audit::look_before(job, is_confined)).await {
        let _ = link.messages.send(Message::Warning(job.task.clone(), text));
    }
    let common = &job.common;
    let limits = Limits { timeout: job.cast.timeout, stall: common.stall, grace: common.kill_grace };
    let process = Supervised::start(
        &common.program,
        &ready.command,
        ready.walls.as_ref(),
        &job.worktree,
        &job.dir,
        limits,
    );
    match process {
        Ok(process) => watch_over(job, &ready.started, Timestamp::now(), process, link).await,
        Err(error) => {
            let detail = format!("can't start the supervisor `{}`: {error}", common.program.display());
            finish(job, &ready.started, Report::of(Outcome::CouldNotStart, detail), link).await
        }
    }
}

/// An attempt whose worktree could not be made ready has begun, too: its logs are to be found. Of one that was stopped nothing is kept.
async fn unprovided(job: &Arc<Job>, base: Based, report: Report, link: &Link) -> Result<Report, Gone> {
    if report.outcome == Outcome::Interrupted {
        return Ok(report);
    }
    match blocking(job, move |job| launch::write_down(job, Some(&base), &Provided::default())).await {
        Ok(Ok(ready)) => {
            record(link, Fact::AttemptStarted(ready.started.clone())).await?;
            finish(job, &ready.started, report, link).await
        }
        Ok(Err(LaunchError::Store(error))) => Err(broken(job, link, error)),
        Ok(Err(_)) => Ok(report),
        Err(bug) => Ok(bug),
    }
}

/// Waits for the agent's end, brings it about if need be, and makes of it what there is.
async fn watch_over(
    job: &Arc<Job>,
    started: &AttemptStarted,
    since: Timestamp,
    mut process: Supervised,
    link: &Link,
) -> Result<Report, Gone> {
    link.stoppable.is_under(&process);
    let resumed = matches!(job.entry, Entry::Resumed(_));
    let _ = link.messages.send(Message::Running { task: job.task.clone(), resumed });
    let spent = spent(&process, since, resumed);
    let limits = Limits {
        timeout: job.cast.timeout.saturating_sub(spent),
        stall: job.common.stall,
        grace: job.common.kill_grace,
    };
    let (is_over, over) = oneshot::channel();
    let listener = Listener::new(job, started, link);
    let waiting = async {
        let waited = wait(&mut process, limits, Clock::start(job, link, spent)).await;
        // Nobody of the agent's is left to hear it: the listener takes what is there and ends.
        let _ = is_over.send(());
        waited
    };
    let mut milestones = Milestones::new(job, link);
    let ((end, ended_by), said) = tokio::select! {
        ended = async { tokio::join!(waiting, listener.listen(over)) } => ended,
        never = milestones.watch() => match never {},
    };
    milestones.look();
    let said = said?;
    tracing::debug!(task = %job.task, ?end, ?ended_by, "agent ended");
    let end = match end {
        Ok(end) => end,
        Err(error) => return Err(broken(job, link, error)),
    };
    let duration = end.ran().unwrap_or_else(|| between(since, end.at));
    let begun = started.clone();
    let judged = blocking(job, move |job| judge(job, &begun, &end, ended_by, said)).await;
    let (mut report, warnings) = match judged {
        Ok(Ok(judged)) => judged,
        Ok(Err(error)) => return Err(broken(job, link, error)),
        Err(bug) => (bug, Vec::new()),
    };
    report.duration = duration;
    for warning in warnings {
        let _ = link.messages.send(Message::Warning(job.task.clone(), warning));
    }
    learn(job, started, &report.learnings, link).await?;
    finish(job, started, report, link).await
}

/// How much of its time an attempt has used up: none, unless an earlier run started it.
fn spent(process: &Supervised, since: Timestamp, resumed: bool) -> Duration {
    if !resumed {
        return Duration::ZERO;
    }
    process.spent().unwrap_or_else(|| between(since, Timestamp::now()))
}

/// By the clock on the wall, which somebody may have set meanwhile.
fn between(since: Timestamp, until: Timestamp) -> Duration {
    until.duration_since(since).try_into().unwrap_or_default()
}

/// The attempt goes no further, and the run neither.
pub(super) fn broken(job: &Job, link: &Link, error: impl Into<RunError>) -> Gone {
    let _ = link.messages.send(Message::Broken(job.task.clone(), Box::new(error.into())));
    Gone
}

pub(super) async fn record(link: &Link, fact: Fact) -> Result<(), Gone> {
    let (done, written) = oneshot::channel();
    link.messages.send(Message::Record(Box::new(fact), done)).map_err(|_| Gone)?;
    written.await.map_err(|_| Gone)
}

/// Work that blocks, off the event loop; a panic in there ends this attempt, not the run.
pub(super) async fn blocking<T: Send + 'static>(
    job: &Arc<Job>,
    work: impl FnOnce(&Job) -> T + Send + 'static,
) -> Result<T, Report> {
    let job = Arc::clone(job);
    let bug = |error| Report::of(Outcome::AgentError, format!("a bug in blueprint: {error}"));
    spawn_blocking(move || work(&job)).await.map_err(bug)
}
