//! The one owner of a run's state: what happens is decided here, in synchronous functions; the event loop only waits.

mod assign;
mod decided;
mod reports;
mod results;
mod settle;
mod wrap_up;

pub(super) use assign::{check_worktree_dir, worktree_path};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::attempt::Message;
use super::job::Common;
use super::outset::{Outset, Place};
use super::process::kill_leftover;
use super::settings::{Settings, Site};
use super::signals::Signals;
use super::{History, RunError, RunEvent, Stage, Summary, TaskHistory, output};
use crate::agent::Definition;
use crate::genesis::{Genesis, Status};
use crate::git::Oid;
use crate::plan::{Ending, Event, Plan, Schedule, State, TaskId, TaskIndex};
use crate::store::{AttemptDir, Journal};

/// What does not change while a run lasts.
pub(super) struct Ground {
    pub(super) plan: Plan,
    /// The tasks' names for branches and folders, in document order.
    pub(super) slugs: Vec<String>,
    /// By the agent's name.
    pub(super) definitions: HashMap<String, Definition>,
    pub(super) outset: Outset,
}

/// What is kept on disk, and what of it is known.
pub(super) struct Books {
    pub(super) genesis: Genesis,
    pub(super) history: History,
    pub(super) journal: Journal,
}

pub(super) struct Dispatcher<'a> {
    site: &'a Site,
    settings: Settings,
    ground: &'a Ground,
    schedule: Schedule<'a>,
    books: Books,
    common: Arc<Common>,
    tell: &'a dyn Fn(RunEvent),
    /// The work of completed tasks, where it is in git.
    results: HashMap<TaskIndex, Oid>,
    /// Completed tasks whose work could not be merged.
    unmerged: Vec<TaskIndex>,
    stage: Option<Stage>,
    running: BTreeMap<TaskIndex, AttemptDir>,
    /// Attempts of this run, by task: the limit of retries counts these.
    tries: HashMap<TaskIndex, u32>,
    /// The number of each task's current attempt.
    numbers: HashMap<TaskIndex, u32>,
    /// Stopping because of `--fail-fast`, not of a signal.
    failed_fast: bool,
    done_now: usize,
    /// How long the tasks completed in this run took, and should have taken.
    spent: (Duration, Duration),
    cost_usd: Option<f64>,
    began: Instant,
    messages: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
    stop: watch::Sender<Option<Stage>>,
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        site: &'a Site,
        settings: Settings,
        ground: &'a Ground,
        books: Books,
        common: Arc<Common>,
        tell: &'a dyn Fn(RunEvent),
    ) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        Self {
            site,
            settings,
            ground,
            schedule: Schedule::new(&ground.plan, |_| State::LeftOut),
            books,
            common,
            tell,
            results: HashMap::new(),
            unmerged: Vec::new(),
            stage: None,
            running: BTreeMap::new(),
            tries: HashMap::new(),
            numbers: HashMap::new(),
            failed_fast: false,
            done_now: 0,
            spent: (Duration::ZERO, Duration::ZERO),
            cost_usd: None,
            began: Instant::now(),
            messages,
            sender,
            stop: watch::Sender::new(None),
        }
    }

    /// Drives the plan until nothing runs and nothing can start.
    ///
    /// When the plan file or the journal can't be written any more, running agents are ended first: what they would do could not
    /// be recorded.
    pub(super) async fn run(mut self) -> Result<Summary, RunError> {
        let mut signals = Signals::listen()?;
        let mut result = self.begin();
        if result.is_ok() {
            result = self.work(&mut signals).await;
        }
        if result.is_err() {
            self.stop.send_replace(Some(Stage::End));
            self.await_attempts().await;
            result?;
        }
        self.finish(signals.by_term())
    }

    fn begin(&mut self) -> Result<(), RunError> {
        let ground = self.ground;
        let outset = &ground.outset;
        for (index, _) in ground.plan.tasks() {
            match outset.places[index.0] {
                Place::Again => self.transition(index, Status::Pending, "to be run again", None, None)?,
                Place::Foreign => self.note_foreign(index),
                Place::Completed => self.find_result(index)?,
                Place::LeftOut
                | Place::Failed
                | Place::Blocked
                | Place::Cancelled
                | Place::ToDo
                | Place::Orphaned => {}
            }
        }
        self.end_forgotten()?;
        self.keep_reports()?;
        self.schedule = Schedule::new(&self.ground.plan, |index| outset.state(index));
        self.tell_not_run();
        for (index, _) in ground.plan.tasks().filter(|(index, _)| outset.places[index.0] == Place::Orphaned) {
            self.take_up(index)?;
        }
        self.start_ready()
    }

    /// Ends agents of an earlier run whose task has been decided otherwise meanwhile.
    fn end_forgotten(&self) -> Result<(), RunError> {
        let ground = self.ground;
        for (index, task) in ground.plan.tasks().filter(|(_, task)| task.status != Status::InProgress) {
            let story = self.books.history.task(task.id.as_str());
            if let Some(open) = story.and_then(TaskHistory::last_attempt).filter(|last| last.ended.is_none()) {
                kill_leftover(&self.site.state.attempt(&ground.slugs[index.0], open.started.attempt))?;
            }
        }
        Ok(())
    }

    async fn work(&mut self, signals: &mut Signals) -> Result<(), RunError> {
        let mut output = output::Ticker::new(self.settings.output_every);
        while !self.is_over() {
            let due = self.until_due();
            tokio::select! {
                message = self.messages.recv() => if let Some(message) = message { self.on_message(message)? },
                stage = signals.next() => self.on_signal(stage)?,
                () = sleep_until(due), if due.is_some() => self.schedule.wake(Timestamp::now())?,
                () = output.tick() => self.on_tick(),
            }
            self.start_ready()?;
        }
        Ok(())
    }

    fn is_over(&mut self) -> bool {
        if self.stage.is_some() { self.running.is_empty() } else { self.schedule.is_over() }
    }

    fn until_due(&self) -> Option<Timestamp> {
        self.schedule.next_due().filter(|_| self.stage.is_none())
    }

    fn on_message(&mut self, message: Message) -> Result<(), RunError> {
        match message {
            Message::Record(fact, written) => {
                self.record(*fact)?;
                // An attempt that has gone meanwhile needs no answer.
                let _ = written.send(());
                Ok(())
            }
            Message::Running { index, resumed } => {
                self.tell_running(index, resumed);
                Ok(())
            }
            Message::Said(index, says) => {
                self.tell_said(index, &says);
                Ok(())
            }
            Message::Warning(index, text) => {
                self.tell(RunEvent::Warning { task: Some(self.id(index)), text });
                Ok(())
            }
            Message::MayMerge(index, answer) => {
                let may = self.decided(index)?.is_none();
                let _ = answer.send(may);
                Ok(())
            }
            Message::Over(index, report) => self.on_over(index, &report),
        }
    }

    fn on_signal(&mut self, stage: Stage) -> Result<(), RunError> {
        self.tell(RunEvent::Stopping(stage));
        self.stop_at(stage)
    }

    fn stop_at(&mut self, stage: Stage) -> Result<(), RunError> {
        self.stage = self.stage.max(Some(stage));
        self.stop.send_replace(self.stage);
        self.release_waiting()
    }

    /// Tasks that wait for their next try are pending in the file already: only the schedule has to know that none comes.
    fn release_waiting(&mut self) -> Result<(), RunError> {
        let resting = self.schedule.states().filter(|(_, state)| matches!(state, State::Resting { .. }));
        for index in resting.map(|(index, _)| index).collect::<Vec<_>>() {
            self.schedule.apply(index, Event::End(Ending::Interrupted))?;
        }
        Ok(())
    }

    fn on_tick(&self) {
        for (&index, dir) in &self.running {
            let runner = &self.settings.casting[&self.ground.plan.task(index).id].runner;
            if let Some(line) = output::last_line(dir, runner.as_ref()) {
                self.tell(RunEvent::Output { task: self.id(index), line });
            }
        }
    }

    fn tell(&self, event: RunEvent) {
        (self.tell)(event);
    }

    fn id(&self, index: TaskIndex) -> TaskId {
        self.ground.plan.task(index).id.clone()
    }

    fn start_ready(&mut self) -> Result<(), RunError> {
        while self.stage.is_none() && self.schedule.running() < self.settings.jobs.get() {
            let Some(index) = self.schedule.next_ready() else { break };
            self.start(index)?;
        }
        Ok(())
    }
}

async fn sleep_until(due: Option<Timestamp>) {
    let Some(due) = due else { return std::future::pending().await };
    let left = due.duration_since(Timestamp::now());
    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
}
