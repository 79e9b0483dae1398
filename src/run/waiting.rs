//! Waiting for an agent's end, and bringing it about.

use std::pin::Pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep};

use super::Stage;
use super::attempt::{Link, Message};
use super::budget::Meter;
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

/// The agent's end, and why we brought it about, if we did.
pub(super) async fn wait(
    process: &mut Supervised,
    limits: Limits,
    mut clock: Clock<'_>,
) -> (Result<End, StoreError>, Option<EndedBy>) {
    let mut ending = Ending { handle: process.handle(), grace: limits.grace, ended_by: None };
    let end = process.wait();
    tokio::pin!(end);
    loop {
        tokio::select! {
            biased;
            end = &mut end => return (end, ending.ended_by),
            due = clock.next() => {
                let next = match due {
                    Due::Stop(stage) => ending.on_stage(stage),
                    Due::Deadline => Some(ending.on_time_up(EndedBy::TimedOut)),
                    Due::OverBudget => Some(ending.on_time_up(EndedBy::OutOfBudget)),
                };
                if let Some(next) = next {
                    clock.set(next);
                }
            }
        }
    }
}

/// What there is to wait for while an agent works, but its end. Time for which it is stopped does not pass.
pub(super) struct Clock<'a> {
    link: &'a Link,
    stop: watch::Receiver<Option<Stage>>,
    stopped: watch::Receiver<Duration>,
    /// How much of that the timers have been set back by.
    counted: Duration,
    deadline: Pin<Box<Sleep>>,
    late: Option<(Pin<Box<Sleep>>, OverEstimate)>,
    /// What the agent uses up, where that is limited.
    meter: Option<Meter<'a>>,
}

/// What it is time for.
pub(super) enum Due {
    /// The agent's time is up.
    Deadline,
    /// The agent has used up more than it may.
    OverBudget,
    /// The run is asked to end.
    Stop(Stage),
}

impl<'a> Clock<'a> {
    /// Of an agent that may work for so long, and has worked for so long already.
    pub(super) fn start(job: &'a Job, link: &'a Link, spent: Duration) -> Self {
        let late = over_estimate(job, spent).map(|(due, says)| (Box::pin(timer(due)), says));
        Self {
            late,
            meter: Meter::of(job, link),
            ..Self::plain(link, job.cast.timeout.saturating_sub(spent))
        }
    }

    /// Of a step: nobody has estimated it.
    pub(super) fn plain(link: &'a Link, timeout: Duration) -> Self {
        let (stop, stopped) = (link.stop.clone(), link.stopped.clone());
        let counted = *stopped.borrow();
        Self { link, stop, stopped, counted, deadline: Box::pin(timer(timeout)), late: None, meter: None }
    }

    /// Sets another deadline.
    pub(super) fn set(&mut self, deadline: Instant) {
        self.deadline.as_mut().reset(deadline);
    }

    /// Waits for what comes next, and tells meanwhile when more time has passed than was planned. Nothing is lost if that is given up.
    pub(super) async fn next(&mut self) -> Due {
        loop {
            tokio::select! {
                // What was stopped has not used up its time: that counts before a time that seems to be up.
                biased;
                Ok(()) = self.stopped.changed() => self.set_back(),
                stage = next_stage(&mut self.stop) => return Due::Stop(stage),
                () = self.deadline.as_mut() => return Due::Deadline,
                () = until_late(&mut self.late) => self.tell_late(),
                () = until_over(&mut self.meter) => {
                    self.meter = None;
                    return Due::OverBudget;
                }
            }
        }
    }

    fn set_back(&mut self) {
        let so_far = *self.stopped.borrow_and_update();
        let more = so_far.saturating_sub(self.counted);
        self.counted = so_far;
        let late = self.late.as_mut().map(|(late, _)| late);
        for timer in std::iter::once(&mut self.deadline).chain(late) {
            let next = timer.deadline() + more;
            timer.as_mut().reset(next);
        }
    }

    fn tell_late(&mut self) {
        if let Some((_, says)) = self.late.take() {
            let _ = self.link.messages.send(Message::Overtime(Box::new(says)));
        }
    }
}

async fn until_over(meter: &mut Option<Meter<'_>>) {
    match meter {
        Some(meter) => meter.until_over().await,
        None => std::future::pending().await,
    }
}

async fn until_late(late: &mut Option<(Pin<Box<Sleep>>, OverEstimate)>) {
    match late {
        Some((late, _)) => late.as_mut().await,
        None => std::future::pending().await,
    }
}

/// When an attempt takes half as long again as the planner thought, from now, and what is told then; nothing, if nobody estimated it.
fn over_estimate(job: &Job, spent: Duration) -> Option<(Duration, OverEstimate)> {
    let estimate = job.estimate.filter(|estimate| !estimate.is_zero())?;
    let limit = estimate.saturating_mul(3) / 2;
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let says = OverEstimate {
        task: job.task.clone(),
        attempt: job.attempt,
        estimate_ms: millis(estimate),
        ran_ms: millis(limit.max(spent)),
    };
    Some((limit.saturating_sub(spent), says))
}

/// Asking for the end, with less and less patience.
struct Ending {
    handle: Handle,
    grace: Duration,
    ended_by: Option<EndedBy>,
}

impl Ending {
    /// Something is up: the attempt's time or money, then the time of a supervisor that was asked. Says when that will be up again.
    fn on_time_up(&mut self, why: EndedBy) -> Instant {
        if self.ended_by.is_some() {
            self.handle.give_up();
        } else {
            self.handle.end();
        }
        self.ended_by.get_or_insert(why);
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
