//! Waiting for an agent's end, and bringing it about.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep};

use super::Stage;
use super::attempt::{Link, Message};
use super::job::Job;
use super::process::{Handle, Limits, Supervised};
use super::record::OverEstimate;
use super::supervisor::End;
use crate::agent::EndedBy;
use crate::store::StoreError;

/// A busy machine may make a supervisor late.
const SLACK: Duration = Duration::from_secs(10);
/// Later than a month nothing is waited for: a timer can't be set for ever.
const LONGEST: Duration = Duration::from_hours(24 * 30);

/// When an attempt takes longer than planned, and what is told of it then.
pub(super) struct Overtime {
    /// From now; never, if nobody estimated it.
    due: Option<Duration>,
    says: OverEstimate,
}

impl Overtime {
    /// Half as much again as the planner thought, of an attempt that has taken so long already.
    pub(super) fn of(job: &Job, spent: Duration) -> Self {
        let estimate = job.estimate.filter(|estimate| !estimate.is_zero());
        let limit = estimate.unwrap_or_default().saturating_mul(3) / 2;
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let says = OverEstimate {
            task: job.task.clone(),
            attempt: job.attempt,
            estimate_ms: millis(estimate.unwrap_or_default()),
            ran_ms: millis(limit.max(spent)),
        };
        Self { due: estimate.map(|_| limit.saturating_sub(spent)), says }
    }
}

/// The agent's end, and why we brought it about, if we did.
pub(super) async fn wait(
    process: &mut Supervised,
    limits: Limits,
    overtime: Overtime,
    link: &Link,
) -> (Result<End, StoreError>, Option<EndedBy>) {
    let (mut stop, mut stopped) = (link.stop.clone(), link.stopped.clone());
    let mut ending = Ending { handle: process.handle(), grace: limits.grace, ended_by: None };
    let end = process.wait();
    tokio::pin!(end);
    let deadline = timer(limits.timeout);
    tokio::pin!(deadline);
    let late = timer(overtime.due.unwrap_or(LONGEST));
    tokio::pin!(late);
    let mut is_late = overtime.due.is_none();
    loop {
        tokio::select! {
            // What was stopped has not used up its time: that counts before a time that seems to be up.
            biased;
            end = &mut end => return (end, ending.ended_by),
            more = next_stop(&mut stopped) => {
                let (next, after) = (deadline.deadline() + more, late.deadline() + more);
                deadline.as_mut().reset(next);
                late.as_mut().reset(after);
            }
            stage = next_stage(&mut stop) => {
                if let Some(next) = ending.on_stage(stage) {
                    deadline.as_mut().reset(next);
                }
            }
            () = &mut deadline => {
                let next = ending.on_deadline();
                deadline.as_mut().reset(next);
            }
            () = &mut late, if !is_late => {
                is_late = true;
                let _ = link.messages.send(Message::Overtime(Box::new(overtime.says.clone())));
            }
        }
    }
}

/// Asking for the end, with less and less patience.
struct Ending {
    handle: Handle,
    grace: Duration,
    ended_by: Option<EndedBy>,
}

impl Ending {
    /// The time is up: of the attempt, then of a supervisor that was asked. Says when it will be up again.
    fn on_deadline(&mut self) -> Instant {
        if self.ended_by.is_some() {
            self.handle.give_up();
        } else {
            self.handle.end();
        }
        self.ended_by.get_or_insert(EndedBy::TimedOut);
        self.patience()
    }

    /// The run is asked to end. Says when the supervisor's time to see to it is up.
    fn on_stage(&mut self, stage: Stage) -> Option<Instant> {
        match stage {
            Stage::Drain => return None,
            Stage::End => self.handle.end(),
            Stage::Kill => self.handle.kill(),
        }
        self.ended_by.get_or_insert(EndedBy::Interrupted);
        Some(self.patience())
    }

    /// Until when a supervisor may take to do what it was asked for.
    fn patience(&self) -> Instant {
        Instant::now() + self.grace.min(LONGEST) + SLACK
    }
}

fn timer(after: Duration) -> Sleep {
    sleep(after.min(LONGEST))
}

async fn next_stage(stop: &mut watch::Receiver<Option<Stage>>) -> Stage {
    loop {
        if stop.changed().await.is_err() {
            return std::future::pending().await;
        }
        if let Some(stage) = *stop.borrow_and_update() {
            return stage;
        }
    }
}

/// For how long the run was stopped, once it goes on.
async fn next_stop(stopped: &mut watch::Receiver<Duration>) -> Duration {
    let before = *stopped.borrow_and_update();
    if stopped.changed().await.is_err() {
        return std::future::pending().await;
    }
    stopped.borrow().saturating_sub(before)
}
