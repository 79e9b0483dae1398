//! The one owner of a run's state: what happens is decided here, in synchronous functions; the event loop only waits.

mod ask;
mod assign;
mod begin;
mod builds;
mod decided;
mod drive;
mod follow;
mod gates;
mod go_on;
mod hear;
mod hold_back;
mod keep;
mod limits;
mod reports;
mod resolve;
mod results;
mod reviews;
mod settle;
mod spend;
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

use tokio::sync::{mpsc, oneshot, watch};

use self::ask::Consultation;
use self::hold_back::HeldBack;
use self::keep::{PlaceFor, Retiring};
use self::limits::Pacing;
use self::spend::Spending;
use self::steer::Steering;
use self::verify::Verification;
use super::attempt::{Link, Message};
use super::books::Books;
use super::budget::{Account, Fit};
use super::ground::Ground;
use super::job::{Common, Job};
use super::process::Stoppable;
use super::room::Room;
use super::settings::{Settings, Site};
use super::watch::Watcher;
use super::{Caps, RunError, RunEvent, Stage};
use crate::agent::Runner;
use crate::genesis::Genesis;
use crate::git::Oid;
use crate::plan::{Event, Schedule, State, TaskId, TaskIndex};
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
    /// What it may use up by its own cap, and by that and the run's budget.
    caps: (Caps, Caps),
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
    /// Completed tasks whose work could not be merged, and why.
    unmerged: BTreeMap<TaskId, String>,
    stage: Option<Stage>,
    /// For how long the terminal has stopped the run so far.
    stopped: watch::Sender<Duration>,
    running: BTreeMap<TaskId, Running>,
    held_back: HeldBack,
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
    /// What is asked of `ask-command`.
    consultation: Consultation,
    watcher: Watcher,
    done_now: usize,
    /// How long the tasks completed in this run took, and should have taken.
    spent: (Duration, Duration),
    spending: Spending,
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
        let spending = Spending::new(Account::new(settings.budget, books.history()));
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
            unmerged: BTreeMap::new(),
            stage: None,
            stopped: watch::Sender::new(Duration::ZERO),
            pacing,
            retiring: Retiring::default(),
            running: BTreeMap::new(),
            held_back: HeldBack::default(),
            tries: HashMap::new(),
            numbers: HashMap::new(),
            failed_fast: false,
            steering: Steering::default(),
            verification: Verification::default(),
            consultation: Consultation::default(),
            watcher: Watcher::default(),
            done_now: 0,
            spent: (Duration::ZERO, Duration::ZERO),
            spending,
            began: Instant::now(),
            messages,
            sender,
            to_begin: Vec::new(),
            to_tell: RefCell::default(),
            to_tell_saved: 0,
            to_answer: Vec::new(),
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
            match self.fit(&task) {
                Fit::Now => {}
                Fit::Later => break,
                Fit::Never => {
                    self.leave_for_want(index)?;
                    continue;
                }
            }
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

/// The disks that fill up are those of the worktrees and of the plan's state.
fn room(site: &Site, settings: &Settings) -> Room {
    let checkout = site.repo.workdir().unwrap_or(site.repo.common_dir());
    let worktree = worktree_path(&settings.worktree_dir, checkout, "epic", "task");
    Room::new(&settings.sharing, vec![worktree, site.state.path().to_owned()])
}
