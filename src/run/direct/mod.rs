//! An attempt in the checkout itself: no worktree, no branch, no supervisor. Its agent is our own child, started directly, because for
//! small commands everything else would take longer than they do.

mod process;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::Stage;
use super::attempt::{Gone, Link, Message, blocking, record};
use super::gates;
use super::job::{Entry, Job, Report, Resumed};
use super::judge::{from_record, judge_in_place, to_record};
use super::launch::{self, LaunchError, Ready};
use super::listener::{Listener, learn};
use super::provision::{PortBlock, Provided};
use super::record::{AgentStarted, AttemptStarted, Fact};
use super::supervisor::{self, End, Exit};
use super::waiting::{Clock, Due};
use crate::agent::{EndedBy, Outcome};
use process::Direct;

/// Writes down what the agent is to find, and makes its command line; a report, if that can't be done.
pub(super) fn prepare(job: &Job) -> Result<Ready, Box<Report>> {
    let provided = Provided { env: job.ports.iter().map(PortBlock::variable).collect(), brought: Vec::new() };
    let report = |error: LaunchError| Report::of(Outcome::CouldNotStart, error.to_string());
    launch::write_down(job, None, &provided).map_err(|error| Box::new(report(error)))
}

/// Runs the attempt and sends how it ended, whatever happens. Its beginning is in the journal.
pub(super) async fn attempt(job: Job, link: Link) {
    let job = Arc::new(job);
    let ended = match &job.entry {
        Entry::Prepared(Ok(ready)) => Some((&ready.started, begin(&job, ready, &link).await)),
        Entry::Resumed(resumed) => match &resumed.ended {
            None => Some((&resumed.started, adopt(&job, resumed, &link).await)),
            Some(ended) => Some((&resumed.started, Ok(from_record(ended)))),
        },
        Entry::Prepared(Err(_)) | Entry::Fresh => None,
    };
    let message = match ended {
        Some((started, Ok(report))) => gated(&job, started, report, &link).await,
        Some((_, Err(Gone))) => Err(Gone),
        None => Ok(Message::Over(job.task.clone(), Box::new(not_begun(&job.entry)))),
    };
    if let Ok(message) = message {
        // If nobody listens any more, the run is over, and the next one finds what happened.
        let _ = link.messages.send(message);
    }
}

/// Nothing is committed, so that the gates see whatever is in the checkout. That its agent is done is journaled before: whoever is ended, or
/// killed, meanwhile goes on with the gates.
async fn gated(
    job: &Arc<Job>,
    started: &AttemptStarted,
    mut report: Report,
    link: &Link,
) -> Result<Message, Gone> {
    let is_done = matches!(report.outcome, Outcome::Completed | Outcome::NoChanges);
    if is_done && !job.gating.gates.is_empty() {
        if !job.entry.has_ended() {
            record(link, Fact::AttemptEnded(to_record(started, &report))).await?;
        }
        gates::pass(job, started, &mut report, link).await?;
        if report.outcome == Outcome::Interrupted {
            return Ok(Message::Over(job.task.clone(), Box::new(report)));
        }
    }
    let report = counted(report);
    Ok(Message::Ended(Box::new(to_record(started, &report)), Box::new(report)))
}

/// What an attempt comes to whose agent is not started in this run: its end is known already.
fn not_begun(entry: &Entry) -> Report {
    match entry {
        Entry::Prepared(Err(report)) => Report::clone(report),
        Entry::Resumed(_) | Entry::Prepared(Ok(_)) | Entry::Fresh => Report::of(Outcome::Interrupted, UNSEEN),
    }
}

const UNSEEN: &str = "the run that started its agent ended first, and nobody saw how the agent ended";

/// There is nothing to merge: what succeeded is done.
fn counted(mut report: Report) -> Report {
    report.done = matches!(report.outcome, Outcome::Completed | Outcome::NoChanges);
    report
}

async fn begin(job: &Arc<Job>, ready: &Ready, link: &Link) -> Result<Report, Gone> {
    match Direct::start(&ready.command, &job.worktree, &job.dir) {
        Ok(agent) => {
            let Ready { started, .. } = ready;
            let process = agent.process().clone();
            let begun = AgentStarted { task: job.task.clone(), attempt: job.attempt, process };
            let _ = link.messages.send(Message::Begun(Box::new(begun)));
            watch_over(job, started, Timestamp::now(), agent, link).await
        }
        Err(error) => Ok(Report::of(Outcome::CouldNotStart, process::described(&error, &ready.command))),
    }
}

/// An agent that an earlier run started: if it still lives its end is awaited, but how it ended nobody can tell. Of one that is gone, or
/// that the run had no time to note, whoever is left is ended: nobody works beside the next attempt.
async fn adopt(job: &Arc<Job>, resumed: &Resumed, link: &Link) -> Result<Report, Gone> {
    let Some(agent) = resumed.process.clone().and_then(|process| Direct::found(process, &job.dir)) else {
        let ended = blocking(job, |job| supervisor::kill_orphans(&job.dir)).await;
        return Ok(ended.err().unwrap_or_else(|| Report::of(Outcome::Interrupted, UNSEEN)));
    };
    let _ = link.messages.send(Message::Running { task: job.task.clone(), resumed: true });
    let mut report = watch_over(job, &resumed.started, resumed.at, agent, link).await?;
    if report.outcome == Outcome::Interrupted {
        report.detail = Some(UNSEEN.to_owned());
    }
    Ok(report)
}

async fn watch_over(
    job: &Arc<Job>,
    started: &AttemptStarted,
    since: Timestamp,
    agent: Direct,
    link: &Link,
) -> Result<Report, Gone> {
    link.stoppable.is_agent(agent.process());
    let (is_over, over) = oneshot::channel();
    let listener = Listener::new(job, started, link);
    let waiting = async {
        let ended = wait(job, since, agent, link).await;
        let _ = is_over.send(());
        ended
    };
    let ((end, ended_by), said) = tokio::join!(waiting, listener.listen(over));
    tracing::debug!(task = %job.task, ?end, ?ended_by, "agent ended");
    let (mut report, warning) = judge_in_place(job, &end, ended_by, said?);
    learn(job, started, &report.learnings, link).await?;
    report.duration = end.at.duration_since(since).try_into().unwrap_or_default();
    if let Some(warning) = warning {
        let _ = link.messages.send(Message::Warning(job.task.clone(), warning));
    }
    Ok(report)
}

/// The agent's end, and why we brought it about, if we did.
async fn wait(job: &Job, since: Timestamp, mut agent: Direct, link: &Link) -> (End, Option<EndedBy>) {
    let spent = Timestamp::now().duration_since(since).try_into().unwrap_or_default();
    let mut clock = Clock::start(job, link, spent);
    let handle = agent.handle();
    let mut ended_by = None;
    let exit = loop {
        let due = tokio::select! {
            biased;
            exit = agent.wait() => break exit,
            due = clock.next() => due,
        };
        match due {
            Due::Stop(Stage::Drain) => continue,
            Due::Stop(Stage::End) => handle.end(),
            Due::Deadline | Due::OverBudget if ended_by.is_none() => handle.end(),
            Due::Stop(Stage::Kill) | Due::Deadline | Due::OverBudget => handle.kill(),
        }
        ended_by.get_or_insert(match due {
            Due::Deadline => EndedBy::TimedOut,
            Due::OverBudget => EndedBy::OutOfBudget,
            Due::Stop(_) => EndedBy::Interrupted,
        });
        clock.set(tokio::time::Instant::now() + job.common.kill_grace);
    };
    let left_behind = end_leftovers(handle, job.common.kill_grace, ended_by.is_some()).await;
    let end = End { asked: ended_by.is_some(), left_behind, ..End::by(exit) };
    (end, ended_by)
}

/// Ends what is left of the agent's process group, and, where we ended it, of its other descendants; says how many that were.
async fn end_leftovers(handle: process::Handle, grace: Duration, was_ended: bool) -> usize {
    if !was_ended && !handle.has_group() {
        return 0;
    }
    spawn_blocking(move || handle.end_leftovers(grace, was_ended)).await.unwrap_or_default()
}

impl Exit {
    fn of(status: std::process::ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = status.code().map(Exit::Code);
        code.or(status.signal().map(Exit::Signal)).unwrap_or(Exit::Unseen)
    }
}
