//! The one owner of a run's state: what happens is decided here, in synchronous functions; the event loop only waits.

mod assign;
mod begin;
mod builds;
mod decided;
mod follow;
mod keep;
mod limits;
mod reports;
mod resolve;
mod results;
mod settle;
mod steer;
mod suspend;
mod tell;
mod verify;
mod wrap_up;

pub(super) use assign::check_worktree_dir;
pub use assign::worktree_path;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};

use self::keep::{PlaceFor, Retiring};
use self::limits::Pacing;
use self::steer::{Ears, Steering};
use self::verify::Verification;
use self::wrap_up::task_of;
use super::attempt::{Link, Message};
use super::books::{Books, LOOK};
use super::ground::Ground;
use super::job::{Common, Job};
use super::process::Stoppable;
use super::room::Room;
use super::settings::{Settings, Site};
use super::signals::{Asked, Signals};
use super::watch::Watcher;
use super::{Fact, RunError, RunEvent, Stage, Summary, output};
use crate::agent::Runner;
use crate::genesis::Genesis;
use crate::git::Oid;
use crate::plan::{Ending, Event, Schedule, State, TaskId, TaskIndex};
use crate::store::AttemptDir;

/// An attempt that is under way.
struct Running {
    dir: AttemptDir,
    runner: Arc<dyn Runner>,
    /// Stops its agent, and lets it go on.
    stoppable: Stoppable,
    /// Tells it to end.
    stop: watch::Sender<Option<Stage>>,
    /// A person has decided otherwise about the task: what the attempt comes to changes nothing.
    is_overruled: bool,
}

pub(super) struct Dispatcher<'a> {
    site: &'a Site,
    settings: Settings,
    ground: Ground,
    schedule: Schedule,
    books: Books,
    common: Arc<Common>,
    tell: &'a dyn Fn(RunEvent),
    /// What attempts have sent and nobody has looked at: it waits while the plan file is no plan.
    inbox: VecDeque<Message>,
    /// The document that `ground` was made from, if somebody has changed it since.
    before: Option<Box<Genesis>>,
    /// The document of the last valid plan, while somebody's change of it is none.
    last_valid: Option<Box<Genesis>>,
    /// What was wrong with the plan as somebody changed it; the last valid one counts.
    refused: Option<String>,
    /// The plan file is no plan at the moment.
    is_unsettled: bool,
    /// The work of completed tasks, where it is in git.
    results: HashMap<TaskId, Oid>,
    /// Completed tasks whose work could not be merged.
    unmerged: Vec<TaskId>,
    stage: Option<Stage>,
    /// For how long the terminal has stopped the run so far.
    stopped: watch::Sender<Duration>,
    running: BTreeMap<TaskId, Running>,
    /// What keeps tasks that are ready from being started.
    pacing: Pacing,
    /// Worktrees that go.
    retiring: Retiring,
    /// Attempts of this run, by task: the limit of retries counts these.
    tries: HashMap<TaskId, u32>,
    /// The number of each task's current attempt.
    numbers: HashMap<TaskId, u32>,
    /// Stopping because of `--fail-fast`, not of a signal.
    failed_fast: bool,
    /// What people have asked for from elsewhere.
    steering: Steering,
    /// Whether what is merged works together.
    verification: Verification,
    watcher: Watcher,
    done_now: usize,
    /// How long the tasks completed in this run took, and should have taken.
    spent: (Duration, Duration),
    cost_usd: Option<f64>,
    began: Instant,
    messages: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
    /// Attempts that begin, and news that are told, when what was decided is saved.
    to_begin: Vec<(Job, Link)>,
    to_tell: RefCell<Vec<RunEvent>>,
    /// So many of them tell of what the save brings to the plan file that is under way.
    to_tell_saved: usize,
    /// Attempts that go on when what they came to is journaled, and whose they are.
    to_answer: Vec<(Option<TaskId>, oneshot::Sender<()>)>,
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(
        site: &'a Site,
        settings: Settings,
        ground: Ground,
        books: Books,
        common: Arc<Common>,
        tell: &'a dyn Fn(RunEvent),
    ) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        let pacing = Pacing::new(room(site, &settings));
        Self {
            site,
            settings,
            schedule: Schedule::new(&ground.plan, |_| State::LeftOut),
            ground,
            books,
            common,
            tell,
            inbox: VecDeque::new(),
            before: None,
            last_valid: None,
            refused: None,
            is_unsettled: false,
            results: HashMap::new(),
            unmerged: Vec::new(),
            stage: None,
            stopped: watch::Sender::new(Duration::ZERO),
            pacing,
            retiring: Retiring::default(),
            running: BTreeMap::new(),
            tries: HashMap::new(),
            numbers: HashMap::new(),
            failed_fast: false,
            steering: Steering::default(),
            verification: Verification::default(),
            watcher: Watcher::default(),
            done_now: 0,
            spent: (Duration::ZERO, Duration::ZERO),
            cost_usd: None,
            began: Instant::now(),
            messages,
            sender,
            to_begin: Vec::new(),
            to_tell: RefCell::default(),
            to_tell_saved: 0,
            to_answer: Vec::new(),
        }
    }

    /// Drives the plan until nothing runs and nothing can start.
    ///
    /// When the plan file or the journal can't be written any more, running agents are ended first: what they would do could not
    /// be recorded.
    pub(super) async fn run(mut self) -> Result<Summary, RunError> {
        let mut signals = Signals::listen()?;
        let mut ears = self.ears();
        let mut result = self.begin();
        self.books.release();
        if result.is_ok() {
            result = self.work(&mut signals, &mut ears).await;
        }
        if result.is_err() {
            self.drop_unbegun();
            self.stop_attempts(Stage::End);
            self.await_attempts().await;
            result?;
        }
        self.finish(signals.by_term())
    }

    /// Nobody has to be waited for who has not begun, or gets no answer any more.
    fn drop_unbegun(&mut self) {
        for (task, _) in std::mem::take(&mut self.to_answer) {
            self.forget(task.as_ref());
        }
        for (job, _) in std::mem::take(&mut self.to_begin) {
            self.running.remove(&job.task);
        }
    }

    async fn work(&mut self, signals: &mut Signals, ears: &mut Ears) -> Result<(), RunError> {
        let mut output = output::Ticker::new(self.settings.output_every);
        while !self.is_over() || !self.is_at_an_end().await? {
            let due = self.until_due();
            let save = self.books.save_due();
            tokio::select! {
                message = self.messages.recv() => self.inbox.extend(message),
                asked = signals.next() => self.on_signal(asked)?,
                () = sleep_until(due), if due.is_some() => self.schedule.wake(Timestamp::now())?,
                () = output.tick() => self.on_tick(),
                () = sleep_to(save), if save.is_some() => self.save_beside()?,
                () = ears.hear() => {}
                () = tokio::time::sleep(LOOK), if self.is_unsettled || self.books.is_waiting() => {}
            }
            self.proceed()?;
        }
        Ok(())
    }

    /// Decides what there is to decide, if the plan file is a plan: what has happened could not be written otherwise.
    ///
    /// What many attempts have sent is decided together, and costs one write to the disk.
    fn proceed(&mut self) -> Result<(), RunError> {
        while let Ok(message) = self.messages.try_recv() {
            self.inbox.push_back(message);
        }
        self.end_save()?;
        if !self.inbox.is_empty() && !self.books.hold()? {
            self.hear();
            return Ok(());
        }
        let decided = self.decide();
        self.books.release();
        decided
    }

    /// First of all: while a save is under way nobody looks at the plan file, and what it could not save, the next look does.
    fn end_save(&mut self) -> Result<(), RunError> {
        let before = self.inbox.len();
        self.inbox.retain(|message| !matches!(message, Message::Saved));
        if self.inbox.len() < before { self.on_saved() } else { Ok(()) }
    }

    fn decide(&mut self) -> Result<(), RunError> {
        if !self.look()? {
            return Ok(());
        }
        while let Some(message) = self.inbox.pop_front() {
            // What a person has decided about a task comes before what its attempt came to.
            self.follow_changes()?;
            self.on_message(message)?;
        }
        self.do_as_asked()?;
        self.start_ready()?;
        while self.verify_next()? {
            self.follow_changes()?;
            self.start_ready()?;
        }
        self.settle()
    }

    fn is_over(&mut self) -> bool {
        if self.is_verifying() {
            return false;
        }
        if self.stage.is_some() {
            return self.running.is_empty() && self.retiring.is_over();
        }
        let is_known = !self.is_unsettled && self.before.is_none();
        is_known && self.running.is_empty() && self.schedule.is_over() && self.retiring.is_over()
    }

    /// Whether it is over with all that others have decided by now. If so, nobody decides anything more before the run has ended: whoever is
    /// told that a live run takes it up, can rely on that.
    async fn is_at_an_end(&mut self) -> Result<bool, RunError> {
        self.books.save_here()?;
        if !self.books.hold()? {
            self.hear();
            tokio::time::sleep(LOOK).await;
            return Ok(false);
        }
        self.look_until_settled()?;
        self.decide()?;
        let is_over = self.is_over();
        if !is_over {
            self.books.release();
        }
        Ok(is_over)
    }

    fn until_due(&mut self) -> Option<Timestamp> {
        let due = self.schedule.next_due().into_iter().chain(self.next_look_at_room()).min();
        due.filter(|_| self.stage.is_none() && !self.is_unsettled)
    }

    fn on_message(&mut self, message: Message) -> Result<(), RunError> {
        match message {
            Message::Record(fact, written) => {
                let task = task_of(&fact).cloned();
                self.to_answer.push((task, written));
                self.record(self.named(*fact))
            }
            Message::Saved => self.on_saved(),
            Message::Verified(commit, verified) => self.on_verified(commit, *verified),
            Message::Seen(fact) => self.record(*fact),
            Message::Running { task, resumed } => {
                self.tell_running(&task, resumed);
                Ok(())
            }
            Message::Begun(begun) => {
                self.tell_running(&begun.task, false);
                self.record(Fact::AgentStarted(*begun))
            }
            Message::Ended(ended, report) => {
                let task = ended.task.clone();
                self.record(self.named(Fact::AttemptEnded(*ended)))
                    .inspect_err(|_| self.forget(Some(&task)))?;
                self.on_over(&task, &report)
            }
            Message::Warning(task, text) => {
                self.tell(RunEvent::Warning { task: Some(task), text });
                Ok(())
            }
            Message::Retired(task, removed) => {
                self.on_retired(task, &removed);
                Ok(())
            }
            Message::Note(text) => {
                self.tell(RunEvent::Note(text));
                Ok(())
            }
            Message::Overtime(over) => self.on_overtime(*over),
            Message::Said(task, says) => {
                self.tell_said(&task, &says);
                Ok(())
            }
            Message::MayMerge(task, answer) => {
                let decided = self.decided(&task).inspect_err(|_| self.forget(Some(&task)))?;
                let may = decided.is_none() && !self.is_overruled(&task);
                let _ = answer.send(may);
                Ok(())
            }
            Message::Over(task, report) => self.on_over(&task, &report),
            Message::Broken(task, error) => {
                self.forget(Some(&task));
                Err(*error)
            }
        }
    }

    fn on_signal(&mut self, asked: Asked) -> Result<(), RunError> {
        match asked {
            // A Ctrl-C after a `blueprint stop` is the second one.
            Asked::End(stage) => self.end_at(stage.max(self.one_stage_more())),
            Asked::Suspend => {
                self.suspend();
                Ok(())
            }
        }
    }

    fn stop_at(&mut self, stage: Stage) -> Result<(), RunError> {
        self.stage = self.stage.max(Some(stage));
        self.stop_attempts(stage);
        self.release_waiting()
    }

    fn stop_attempts(&self, stage: Stage) {
        let stops = self.running.values().map(|running| &running.stop).chain(&self.verification.stop);
        for stop in stops {
            stop.send_if_modified(|before| {
                let is_more = *before < Some(stage);
                *before = (*before).max(Some(stage));
                is_more
            });
        }
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
        for (task, running) in &self.running {
            if let Some(line) = output::last_line(&running.dir, running.runner.as_ref()) {
                self.tell(RunEvent::Output { task: task.clone(), line });
            }
        }
    }

    /// At once, unless something is to be saved first.
    fn tell(&self, event: RunEvent) {
        self.to_tell.borrow_mut().push(event);
        if !self.books.is_ahead() {
            self.announce(usize::MAX);
        }
    }

    fn id(&self, index: TaskIndex) -> TaskId {
        self.ground.plan.task(index).id.clone()
    }

    /// The task's name; its id, where it has none.
    fn name(&self, task: &TaskId) -> String {
        let index = self.ground.plan.find(task.as_str());
        index.map_or_else(|| task.to_string(), |index| self.ground.plan.task(index).name.clone())
    }

    /// What the schedule is told of a task; gives those that can't run any more because of it. One that was taken out of the plan has no
    /// place in the schedule.
    fn apply(&mut self, task: &TaskId, event: Event) -> Result<Vec<TaskId>, RunError> {
        let Some(index) = self.ground.plan.find(task.as_str()) else { return Ok(Vec::new()) };
        let lost = self.schedule.apply(index, event)?;
        Ok(lost.into_iter().map(|index| self.id(index)).collect())
    }

    fn may_start(&self) -> bool {
        self.stage.is_none() && !self.is_paused() && !self.is_unsettled
    }

    fn start_ready(&mut self) -> Result<(), RunError> {
        self.refuse_shut()?;
        while self.may_start() && self.running.len() < self.settings.jobs.get() {
            self.follow_changes()?;
            let Some(index) = self.schedule.next_ready() else { break };
            // Nobody shall be told that a task is skipped, or theirs, that is started at this very moment.
            if !self.books.is_held() {
                if !self.books.hold()? {
                    self.hear();
                    break;
                }
                self.look()?;
                continue;
            }
            if !self.has_room() {
                break;
            }
            let task = self.id(index);
            match self.place_for(&task) {
                PlaceFor::Now => {}
                PlaceFor::Later => break,
                PlaceFor::Never(because) => {
                    self.refuse_a_place(index, because)?;
                    continue;
                }
            }
            self.start(&task)?;
            self.go_ahead(&task);
        }
        self.follow_changes()
    }
}

async fn sleep_to(due: Option<Instant>) {
    let Some(due) = due else { return std::future::pending().await };
    tokio::time::sleep_until(due.into()).await;
}

/// The disks that fill up are those of the worktrees and of the plan's state.
fn room(site: &Site, settings: &Settings) -> Room {
    let checkout = site.repo.workdir().unwrap_or(site.repo.common_dir());
    let worktree = worktree_path(&settings.worktree_dir, checkout, "epic", "task");
    Room::new(&settings.sharing, vec![worktree, site.state.path().to_owned()])
}

async fn sleep_until(due: Option<Timestamp>) {
    let Some(due) = due else { return std::future::pending().await };
    let left = due.duration_since(Timestamp::now());
    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
}
