use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::attempts::{AttemptStatus, is_given};
use super::pace::{self, Pace};
use super::spent::Spent;
use super::waits::{RootCause, Waits};
use crate::agent::{Outcome, Tokens};
use crate::genesis::{self, Genesis, ProjectStatus, Status};
use crate::plan::{Plan, TaskIndex};
use crate::run::{History, TaskHistory, ledger, open_question};
use crate::store::RunOwner;

/// `status --format json`; `schemas/status.schema.json` says what each key means.
#[derive(Debug, Serialize)]
pub struct StatusReport {
    /// Of this document's layout.
    pub version: u32,
    /// The plan as a whole.
    pub plan: PlanStatus,
    /// The run that is live.
    pub run: Option<LiveRun>,
    /// Tasks by status, over the whole plan.
    pub counts: Counts,
    /// The tasks asked for, in document order.
    pub tasks: Vec<TaskStatus>,
    /// What all attempts of the whole plan used up.
    pub spent: Spent,
    /// For people: what keeps tasks from being run, over the whole plan, and how many.
    #[serde(skip)]
    pub root_causes: Vec<(RootCause, usize)>,
}

/// The plan as a whole.
#[derive(Debug, Serialize)]
pub struct PlanStatus {
    /// Its file, absolute.
    pub genesis: PathBuf,
    /// The project's name.
    pub project: String,
    /// The epic's name.
    pub epic: String,
    /// The project's status.
    pub status: Option<ProjectStatus>,
    /// The commit that tasks which have not begun start from, once a run has fixed it.
    pub start: Option<String>,
    /// When its first run began.
    pub started: Option<Timestamp>,
    /// For how long runs were at work, added up.
    pub elapsed_ms: Option<u64>,
    /// How much longer it takes, by the estimates along the critical path of what is not completed.
    pub remaining_ms: u64,
    /// For people: of how many tasks that are not over nobody has said how long they take.
    #[serde(skip)]
    pub unestimated: usize,
}

/// A run that lives.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct LiveRun {
    pub id: String,
    pub pid: u32,
    pub host: String,
    pub started: Timestamp,
    pub paused: bool,
    pub ending: bool,
}

/// Tasks by status.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "one count for each status")]
pub struct Counts {
    pub total: usize,
    pub pending: usize,
    pub in_progress: usize,
    pub completed: usize,
    pub failed: usize,
    pub blocked: usize,
    pub cancelled: usize,
}

/// One task.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct TaskStatus {
    pub id: String,
    pub name: String,
    pub status: Status,
    pub agent: Option<String>,
    pub needs: Vec<String>,
    pub attempts: usize,
    pub outcome: Option<Outcome>,
    pub owner: Option<Owner>,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub duration_ms: Option<u64>,
    pub elapsed_ms: Option<u64>,
    pub estimate_ms: Option<u64>,
    pub session: Option<String>,
    pub branch: Option<String>,
    pub base: Option<String>,
    pub commit: Option<String>,
    pub merge: Option<String>,
    pub worktree: Option<PathBuf>,
    pub summary: Option<String>,
    pub question: Option<String>,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    pub not_run_because: Option<RootCause>,
    pub waits_until: Option<Timestamp>,
    pub each_attempt: Vec<AttemptStatus>,
    /// For people: what the JSON's readers find in `summary` and the log.
    #[serde(skip)]
    pub detail: Option<String>,
    /// For people: that what its last attempt left is not here, and where that was made.
    #[serde(skip)]
    pub elsewhere: Option<String>,
    /// For people: the answer to its question, which its next attempt takes up.
    #[serde(skip)]
    pub answer: Option<String>,
    /// For people: a person has set it back since its last attempt, so that how that ended says nothing of it any more.
    #[serde(skip)]
    pub is_set_back: bool,
    /// For people: a run was at work on it, and the journal knows nothing of that any more.
    #[serde(skip)]
    pub is_forgotten: bool,
    /// For people: the task's own history.
    #[serde(skip)]
    pub history: Vec<genesis::Event>,
    /// For people: what stands at the top of a table is what most hangs on.
    #[serde(skip)]
    pub urgency: Duration,
}

/// Who has a task that is in progress: a run, or a person.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Owner {
    /// A run.
    Run {
        /// Its process.
        pid: Option<u32>,
        /// Its machine.
        host: Option<String>,
        /// Whether it lives.
        alive: bool,
    },
    /// A job of a CI system that has this task alone, on whatever machine.
    Job {
        /// What its system calls it, or whoever started it.
        job: String,
        /// Its machine.
        host: String,
        /// Whether it lives, as far as anybody has heard.
        alive: bool,
    },
    /// Somebody who took it by hand.
    Person(String),
}

impl StatusReport {
    /// Of a plan as it is now; of the tasks that `wanted` picks.
    pub fn new(
        path: &Path,
        genesis: &Genesis,
        plan: &Arc<Plan>,
        history: &History,
        run: Option<&RunOwner>,
        wanted: impl Fn(TaskIndex) -> bool,
    ) -> Self {
        Self::at(Timestamp::now(), (path, genesis, plan), history, run, wanted)
    }

    /// The same, as it is at that time.
    pub(in crate::report) fn at(
        now: Timestamp,
        (path, genesis, plan): (&Path, &Genesis, &Arc<Plan>),
        history: &History,
        run: Option<&RunOwner>,
        wanted: impl Fn(TaskIndex) -> bool,
    ) -> Self {
        let tasks = plan.tasks().filter(|(index, _)| wanted(*index));
        let waits = Waits::of(genesis, plan, history);
        let pace = Pace::of(plan, history, run, now);
        let tasks = tasks.map(|(index, _)| TaskStatus {
            not_run_because: waits.because(index).cloned(),
            elapsed_ms: pace.of_attempt(plan.task(index), history.task(plan.task(index).id.as_str())),
            ..TaskStatus::new(genesis, plan, index, history, run)
        });
        Self {
            version: 1,
            plan: PlanStatus {
                genesis: path.to_owned(),
                project: plan.project.clone(),
                epic: plan.epic.clone(),
                status: plan.status,
                start: history.start.clone(),
                started: history.runs().first().map(|run| run.started),
                elapsed_ms: pace.elapsed_ms(),
                remaining_ms: pace.remaining_ms(),
                unestimated: plan.unestimated(|index| pace::is_open(plan.task(index).status)),
            },
            run: run.map(LiveRun::of),
            counts: Counts::of(plan.tasks().map(|(_, task)| task.status)),
            tasks: tasks.collect(),
            spent: Spent::of(history),
            root_causes: waits.counted(),
        }
    }
}

impl LiveRun {
    fn of(owner: &RunOwner) -> Self {
        let RunOwner { pid, host, run, started } = owner.clone();
        Self { id: run, pid, host, started, paused: false, ending: false }
    }
}

impl Counts {
    /// How many of a hundred are completed, rounded; a hundred only when all are.
    pub fn percent(&self) -> usize {
        let rounded = (self.completed * 200 + self.total).checked_div(self.total * 2).unwrap_or(100);
        if self.completed < self.total { rounded.min(99) } else { rounded }
    }

    /// Counts statuses.
    pub fn of(statuses: impl Iterator<Item = Status>) -> Self {
        let mut counts = Self::default();
        for status in statuses {
            counts.total += 1;
            *match status {
                Status::Pending => &mut counts.pending,
                Status::InProgress => &mut counts.in_progress,
                Status::Completed => &mut counts.completed,
                Status::Failed => &mut counts.failed,
                Status::Blocked => &mut counts.blocked,
                Status::Cancelled => &mut counts.cancelled,
            } += 1;
        }
        counts
    }
}

impl TaskStatus {
    /// For how long all its attempts together were worked on.
    pub(in crate::report) fn took(&self) -> Option<Duration> {
        self.each_attempt.iter().filter_map(|attempt| attempt.took).reduce(Duration::saturating_add)
    }

    fn new(
        genesis: &Genesis,
        plan: &Plan,
        index: TaskIndex,
        history: &History,
        run: Option<&RunOwner>,
    ) -> Self {
        let task = &genesis.tasks()[index.0];
        let details = genesis.details(&task.id);
        let story = history.task(&task.id);
        let last = story.and_then(TaskHistory::last_attempt);
        let ended = last.and_then(|attempt| attempt.ended.as_ref());
        let used = story.map(TaskHistory::used).unwrap_or_default();
        let is_over = task.status != Status::InProgress;
        let needs = plan.prerequisites(index).into_iter().map(|before| plan.task(before).id.to_string());
        Self {
            id: task.id.clone(),
            name: task.name.clone(),
            status: task.status,
            agent: plan.task(index).agent.clone(),
            needs: needs.collect(),
            attempts: story.map_or(0, |story| story.attempts.len()),
            outcome: ended.map(|(ended, _)| ended.outcome),
            owner: owner(genesis, task, story, run),
            started: last.map(|attempt| attempt.at),
            ended: ended.filter(|_| is_over).map(|(_, at)| *at),
            duration_ms: ended.map(|(ended, _)| ended.duration_ms),
            elapsed_ms: None,
            estimate_ms: plan.task(index).estimate.map(millis),
            session: ended.and_then(|(ended, _)| ended.session.clone()),
            branch: last.map(|attempt| attempt.started.branch.clone()).filter(is_given),
            base: last.map(|attempt| attempt.started.base.clone()).filter(is_given),
            commit: ended.and_then(|(ended, _)| ended.commit.clone()),
            merge: last.and_then(|attempt| attempt.merge.clone()),
            worktree: last.map(|attempt| attempt.started.worktree.clone()),
            summary: details
                .result
                .as_ref()
                .filter(|_| has_come_to_something(task.status))
                .map(|result| result.summary.clone()),
            question: open_question(genesis, task, story).map(|question| question.text),
            cost_usd: used.cost_usd,
            tokens: used.tokens,
            not_run_because: None,
            waits_until: story.and_then(|story| waits_until(task, story)),
            each_attempt: story
                .into_iter()
                .flat_map(|story| &story.attempts)
                .map(AttemptStatus::of)
                .collect(),
            elsewhere: None,
            answer: story.filter(|_| task.status == Status::Pending).and_then(untaken_answer),
            detail: ended
                .filter(|_| task.status != Status::Completed)
                .and_then(|(ended, _)| ended.detail.clone()),
            is_set_back: task.status == Status::Pending && story.is_some_and(TaskHistory::is_set_back),
            is_forgotten: ledger::is_forgotten(story, &details),
            history: details.history,
            urgency: plan.urgency(index),
        }
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What an earlier attempt came to is no summary of a task that is to be done again.
fn has_come_to_something(status: Status) -> bool {
    match status {
        Status::Pending | Status::InProgress => false,
        Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => true,
    }
}

fn untaken_answer(story: &TaskHistory) -> Option<String> {
    story.untaken_answer().map(|answered| format!("{}, by {}", answered.text, answered.by))
}

/// When the limit ends that a pending task waits for.
fn waits_until(task: &genesis::Task, story: &TaskHistory) -> Option<Timestamp> {
    story.parked_until().filter(|until| task.status == Status::Pending && *until > Timestamp::now())
}

fn owner(
    genesis: &Genesis,
    task: &genesis::Task,
    story: Option<&TaskHistory>,
    run: Option<&RunOwner>,
) -> Option<Owner> {
    if task.status != Status::InProgress {
        return None;
    }
    match (ledger::is_ours(story, genesis, task), run) {
        (true, Some(run)) => {
            Some(Owner::Run { pid: Some(run.pid), host: Some(run.host.clone()), alive: true })
        }
        (true, None) => Some(Owner::Run { pid: None, host: None, alive: false }),
        (false, _) => genesis.details(&task.id).history.last()?.actor.clone().map(Owner::Person),
    }
}
