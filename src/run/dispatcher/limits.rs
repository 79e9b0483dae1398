//! Starting no more than there is room for: limits of what tasks share, limits of services, disk and load.
//!
//! A limit that says when it ends parks its task until then, and keeps the other tasks of its runner from running into it one by one.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use super::Dispatcher;
use super::settle::ACTOR;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Ending, Event, Schedule, State, TaskId, TaskIndex};
use crate::run::ground::Ground;
use crate::run::job::Report;
use crate::run::jobserver::Jobserver;
use crate::run::provision::Ports;
use crate::run::room::Room;
use crate::run::services::Services;
use crate::run::sharing::{Resource, Shares};
use crate::run::verdict::{Tries, is_of_our_own};
use crate::run::{RunError, RunEvent, TaskHistory};

/// When disk or load kept a task waiting, they are looked at again after this.
const LOOK: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(200);

/// What keeps tasks that are ready from being started.
#[derive(Debug)]
pub(super) struct Pacing {
    room: Room,
    pub(super) jobserver: Option<Jobserver>,
    pub(super) ports: Ports,
    /// There was too little of something when last looked.
    lack: Option<Lack>,
    shares: Shares,
    services: Services,
    /// Tasks of which it is told that their runner is shut.
    told: BTreeSet<TaskId>,
    /// How often a task was parked.
    parked: HashMap<TaskId, u32>,
}

#[derive(Debug)]
struct Lack {
    /// When to look again.
    look: Timestamp,
    is_told: bool,
}

impl Pacing {
    pub(super) fn new(room: Room) -> Self {
        Self {
            room,
            jobserver: None,
            ports: Ports::default(),
            lack: None,
            shares: Shares::default(),
            services: Services::default(),
            told: BTreeSet::new(),
            parked: HashMap::new(),
        }
    }
}

impl Pacing {
    /// Something has changed: what was lacking may be there.
    pub(super) fn look_again(&mut self) {
        if let Some(lack) = &mut self.lack {
            lack.look = Timestamp::now();
        }
    }
}

impl Dispatcher<'_> {
    /// The schedule on the ground as it is now, with all limits that hold.
    pub(super) fn make_schedule(&mut self, state: impl Fn(TaskIndex) -> State) {
        let Ground { plan, casting, .. } = &self.ground;
        let shares = Shares::of(casting);
        let limits = shares.limits(plan, casting, &self.settings.sharing);
        let mut schedule = Schedule::limited(plan, limits, state);
        for (runner, until) in self.pacing.services.closed() {
            if let Some(share) = shares.share(&Resource::Runner(runner.to_owned())) {
                schedule.close(share, until);
            }
        }
        self.pacing.shares = shares;
        self.schedule = schedule;
    }

    /// Whether the last word on the task's status is a person's: what they want tried, waits for no limit.
    pub(super) fn is_asked_for(&self, task: &TaskId) -> bool {
        let story = self.books.history().task(task.as_str());
        story.and_then(|story| story.transitions.last()).is_some_and(|last| last.actor != ACTOR)
    }

    /// Tells of tasks that an earlier run has parked, and closes their runners as that run had, unless a person named what to run.
    pub(super) fn take_up_parked(&mut self) {
        let now = Timestamp::now();
        let resting = self.all(|state| matches!(state, State::Resting { until } if *until > now));
        for task in resting {
            let story = self.books.history().task(task.as_str());
            let last = story.and_then(TaskHistory::last_attempt);
            let ended = last.and_then(|last| Some((last, &last.ended.as_ref()?.0)));
            let Some((last, ended)) = ended else { continue };
            let Some(until) = ended.retry_at else { continue };
            let (attempt, detail) = (ended.attempt, ended.detail.clone());
            let is_same = self.runner(&task).as_deref() == Some(&last.started.runner);
            if is_same && self.settings.only.is_empty() {
                self.refused(&task, Some(until), now);
            }
            self.tell(RunEvent::Parked { task, attempt, until, detail });
        }
    }

    /// The name of the runner that plays the task.
    fn runner(&self, task: &TaskId) -> Option<String> {
        Some(self.ground.casting.get(task)?.runner.name().to_owned())
    }

    pub(super) fn tries_of(&self, task: &TaskId, outcome: Outcome) -> Tries {
        let parked = self.pacing.parked.get(task).copied().unwrap_or(0);
        let all = self.tries.get(task).copied().unwrap_or(1);
        Tries {
            count: all.saturating_sub(parked).max(1),
            retries: self.settings.retries,
            parked,
            is_retried: self.settings.retries_after(outcome),
        }
    }

    /// A person wants the task to be tried as if it had never been.
    pub(super) fn forget_limits(&mut self, task: &TaskId) {
        self.pacing.parked.remove(task);
        self.pacing.told.clear();
        let Some(runner) = self.runner(task) else { return };
        self.pacing.services.forgive(&runner, task);
        if let Some(share) = self.pacing.shares.share(&Resource::Runner(runner)) {
            self.schedule.reopen(share);
        }
    }

    /// What an attempt's end says of the service behind its runner.
    pub(super) fn learn(&mut self, task: &TaskId, report: &Report) {
        self.replace_lost_tokens(report.outcome);
        let Some(runner) = self.runner(task) else { return };
        let now = Timestamp::now();
        match report.outcome {
            Outcome::RateLimited => {
                if let Some(until) = self.refused(task, report.retry_at, now) {
                    let because = task.clone();
                    self.tell(RunEvent::Held { runner, until, because });
                }
            }
            outcome if outcome.closes_its_runner() && self.pacing.services.shut(&runner, task) => {
                self.tell_shut(&runner, task, outcome);
            }
            outcome if outcome.is_of_the_program() => self.pacing.services.worked(&runner, now),
            _ => {}
        }
    }

    /// Closes the task's runner; gives the time if that is news to other tasks.
    fn refused(&mut self, task: &TaskId, until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let runner = self.runner(task)?;
        let news = self.pacing.services.refused(&runner, until, now, fastrand::f64());
        let share = self.pacing.shares.share(&Resource::Runner(runner.clone()))?;
        let closed = self.pacing.services.closed().find(|(name, _)| *name == runner);
        if let Some((_, until)) = closed {
            self.schedule.close(share, until);
        }
        let others = self.schedule.waiting_for(share);
        news.filter(|_| others.iter().any(|other| self.id(*other) != *task))
    }

    fn tell_shut(&self, runner: &str, task: &TaskId, outcome: Outcome) {
        let kind = self.ground.casting.get(task).map(|cast| cast.kind);
        let way_out = kind.map_or("mend that", |kind| kind.way_back(outcome));
        let text = format!(
            "{task} {}: nothing more is started with {runner}; {way_out}, then `blueprint run --rerun-failed`",
            outcome.sentence()
        );
        self.tell(RunEvent::Warning { task: None, text });
    }

    /// An attempt at the task begins: after a limit it goes ahead of the others.
    pub(super) fn go_ahead(&mut self, task: &TaskId) {
        let Some(runner) = self.runner(task) else { return };
        if let Some(until) = self.pacing.services.began(&runner, Timestamp::now())
            && let Some(share) = self.pacing.shares.share(&Resource::Runner(runner))
        {
            self.schedule.close(share, until);
        }
    }

    /// The task waits until the limit ends; pending on disk, so that a later run, too, knows.
    pub(super) fn park(&mut self, task: &TaskId, report: &Report, until: Timestamp) -> Result<(), RunError> {
        let attempt = self.attempt_number(task);
        let sentence = report.outcome.sentence();
        let description = format!("attempt {attempt} {sentence}; waits until {until:.0} for its end");
        self.transition(task, Status::Pending, &description, None, None)?;
        self.apply(task, Event::Rest { until })?;
        *self.pacing.parked.entry(task.clone()).or_default() += 1;
        let is_ours = report.retry_at.is_some_and(|told| is_of_our_own(until, told, Timestamp::now()));
        let ours = is_ours.then(|| {
            "this pause is blueprint's own, as the limit was there again when it was said to be over"
                .to_owned()
        });
        let told: Vec<_> = ours.into_iter().chain(report.detail.clone()).collect();
        let detail = (!told.is_empty()).then(|| told.join("; "));
        self.tell(RunEvent::Parked { task: task.clone(), attempt, until, detail });
        Ok(())
    }

    /// Tasks whose runner is shut are not run, because of the one that found out.
    pub(super) fn refuse_shut(&mut self) -> Result<(), RunError> {
        for (runner, because) in self.pacing.services.all_shut() {
            let culprit = self.ground.plan.find(because.as_str());
            let share = self.pacing.shares.share(&Resource::Runner(runner));
            // Without the one that found out, the next one does.
            let (Some(culprit), Some(share)) = (culprit, share) else { continue };
            let mut lost = Vec::new();
            for index in self.schedule.waiting_for(share) {
                // One of them may have been lost with another.
                if !matches!(self.schedule.state(index), State::Ended(_)) {
                    lost.push(index);
                    let not_run = Event::End(Ending::NotRun { because: culprit });
                    lost.extend(self.schedule.apply(index, not_run)?);
                }
            }
            lost.sort_unstable();
            let mut lost: Vec<_> = lost.into_iter().map(|index| self.id(index)).collect();
            lost.retain(|task| self.pacing.told.insert(task.clone()));
            if !lost.is_empty() {
                self.tell_lost(lost, &because, self.cause_of(culprit));
            }
        }
        Ok(())
    }

    /// Whether the machine has room for one more attempt. What it lacks is told once.
    pub(super) fn has_room(&mut self) -> bool {
        let now = Timestamp::now();
        if self.pacing.lack.as_ref().is_some_and(|lack| lack.look > now) {
            return false;
        }
        let mut is_told = self.pacing.lack.take().is_some_and(|before| before.is_told);
        let Some(lack) = self.pacing.room.lack() else {
            if is_told {
                self.tell(RunEvent::Note("there is room again: tasks are started".to_owned()));
            }
            return true;
        };
        let goes = self.pacing.room.is_full() && self.retire_oldest();
        if !is_told && !goes {
            is_told = true;
            let text = format!("{lack}: nothing is started until there is more room");
            self.tell(RunEvent::Warning { task: None, text });
        }
        let look = now.checked_add(LOOK).unwrap_or(Timestamp::MAX);
        self.pacing.lack = Some(Lack { look, is_told });
        false
    }

    /// When the machine is to be looked at again, if a task waits for that. A moment that has passed is put off, so that nobody turns in
    /// circles while tasks wait for something else, too.
    pub(super) fn next_look_at_room(&mut self) -> Option<Timestamp> {
        let look = self.pacing.lack.as_ref()?.look;
        let next = Timestamp::now().checked_add(MOMENT).ok()?.max(look);
        let has_slot = self.running.len() < self.settings.jobs.get();
        (has_slot && self.schedule.next_ready().is_some()).then_some(next)
    }
}
