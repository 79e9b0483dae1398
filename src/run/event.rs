mod words;

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use serde::{Deserialize, Serialize};

use super::{Caps, Lacks, PlanChange, Used};
use crate::agent::{Outcome, Tokens};
use crate::plan::TaskId;

/// What a run tells those who watch it, in the order in which it happens. What is told as done is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEvent {
    /// The run begins.
    Started(Started),
    /// Something to know that is no reason to stop.
    Note(String),
    /// Something to look at; about a task or the run.
    Warning {
        /// Which task, if one.
        task: Option<TaskId>,
        /// What.
        text: String,
    },
    /// An agent starts.
    AttemptStarted {
        /// The task.
        task: TaskId,
        /// Its name.
        name: String,
        /// Who does it.
        agent: String,
        /// From 1.
        attempt: u32,
        /// The program that plays it.
        runner: String,
        /// The task branch.
        branch: String,
        /// An earlier run started it.
        resumed: bool,
    },
    /// An attempt takes longer than planned: half as long again as the planner thought.
    OverEstimate {
        /// The task.
        task: TaskId,
        /// The planner's estimate.
        estimate: Duration,
        /// How long its agent has worked so far.
        ran: Duration,
    },
    /// The last thing that a running agent printed.
    Output {
        /// The task.
        task: TaskId,
        /// Cut to a sane length.
        line: String,
    },
    /// An agent said something of its task, by `blueprint task`; what becomes of the task follows when its attempt has ended.
    Reported {
        /// The task.
        task: TaskId,
        /// From 1.
        attempt: u32,
        /// What sort of thing: `done`, `failed`, `blocked`, `question`, `note`, `learning`, `decision`.
        kind: Cow<'static, str>,
        /// In its words.
        text: String,
    },
    /// An attempt ended and another one follows.
    Retrying {
        /// The task.
        task: TaskId,
        /// The attempt that ended.
        attempt: u32,
        /// How.
        outcome: Outcome,
        /// More on it.
        detail: Option<String>,
        /// The next one starts after this.
        pause: Duration,
    },
    /// A task waits until a limit ends that its last attempt ran into; the attempt does not count.
    Parked {
        /// The task.
        task: TaskId,
        /// The attempt that ran into it, maybe in an earlier run.
        attempt: u32,
        /// When it ends.
        until: Timestamp,
        /// What the agent program said.
        detail: Option<String>,
    },
    /// Tasks that could start wait, because another one of their runner ran into a limit of its service.
    Held {
        /// The runner.
        runner: String,
        /// Nothing is started with it before then.
        until: Timestamp,
        /// The task that ran into it.
        because: TaskId,
    },
    /// A task is over, for this run.
    TaskEnded(TaskEnded),
    /// Tasks will not be run, because another one did not complete.
    NotRun {
        /// The tasks, in document order.
        tasks: Vec<TaskId>,
        /// The root cause.
        because: TaskId,
        /// What became of that one.
        cause: Cause,
        /// How its last attempt ended, if that is why.
        outcome: Option<Outcome>,
    },
    /// Somebody changed the plan; the run goes on with it as it is now.
    PlanChanged {
        /// What, in the order of the plan.
        changes: Vec<PlanChange>,
        /// How many tasks there are to do now, those at work included.
        open: usize,
    },
    /// Somebody asked the run to start nothing new for now.
    Paused {
        /// Who.
        by: String,
    },
    /// Somebody asked a paused run to go on.
    Resumed {
        /// Who.
        by: String,
    },
    /// Somebody asked the run to end.
    Stopping(Stage),
    /// The terminal stops the run, and its agents with it (Ctrl-Z). Whoever shows something leaves the terminal as it was.
    Suspended,
    /// Run and agents go on.
    Continued {
        /// For how long they were stopped.
        after: Duration,
    },
    /// The run is over.
    Ended(Summary),
}

/// What a run is about to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The epic.
    pub epic: String,
    /// All tasks of the plan.
    pub total: usize,
    /// Those that this run shall do.
    pub selected: usize,
    /// How many at once.
    pub jobs: usize,
    /// The commit that the plan started from.
    pub start: String,
    /// The expected length of the run, by the planners' estimates.
    pub estimate: Duration,
    /// How many of these tasks have no estimate.
    #[serde(default)]
    pub unestimated: usize,
    /// The length of the longest id, in characters.
    pub id_width: usize,
}

impl RunEvent {
    /// Whether somebody who only wants to hear of trouble wants to hear of it.
    pub fn is_trouble(&self) -> bool {
        match self {
            Self::Warning { .. }
            | Self::OverEstimate { .. }
            | Self::Retrying { .. }
            | Self::Parked { .. }
            | Self::Held { .. }
            | Self::NotRun { .. } => true,
            Self::TaskEnded(ended) => ended.cause != Cause::Completed,
            Self::Ended(summary) => summary.verdict != Verdict::Completed,
            Self::Started(_)
            | Self::Note(_)
            | Self::AttemptStarted { .. }
            | Self::Output { .. }
            | Self::PlanChanged { .. }
            | Self::Reported { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. }
            | Self::Stopping(_)
            | Self::Suspended
            | Self::Continued { .. } => false,
        }
    }
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskEnded {
    /// The task.
    pub task: TaskId,
    /// What became of it.
    pub cause: Cause,
    /// How its last attempt ended.
    pub outcome: Outcome,
    /// What it came to, or what went wrong.
    pub summary: String,
    /// What its agent printed, if it was started.
    pub log: Option<PathBuf>,
    /// The commit of its work.
    pub commit: Option<String>,
    /// For how long its attempts were worked on, gates included, all together.
    pub duration: Duration,
    /// The whole run's cost so far, as far as the agent programs say.
    pub cost_usd: Option<f64>,
    /// What its last attempt used up, as far as it is known.
    #[serde(default)]
    pub used: Used,
    /// What its work lacks to be merged, if that is known.
    #[serde(default)]
    pub lacks: Option<Lacks>,
    /// How much longer the run may take, by the estimates and by how they held so far; unknown before the first task is done.
    pub remaining: Option<Duration>,
}

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Done.
    Completed,
    /// Failed for good.
    Failed,
    /// Waits for a person.
    Blocked,
    /// Cancelled by a person.
    Cancelled,
    /// Pending again, because the run was ended.
    Interrupted,
    /// In the hands of somebody else.
    Foreign,
    /// Not part of this run.
    LeftOut,
}

/// How urgently a run is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing new starts, running agents finish.
    Drain,
    /// Running agents are ended: TERM, grace, KILL.
    End,
    /// Running agents are killed.
    Kill,
}

/// A run in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How the run ended.
    pub verdict: Verdict,
    /// Tasks of the plan that are completed now, earlier runs' included.
    pub completed: usize,
    /// All tasks of the plan.
    pub total: usize,
    /// Completed in this run.
    pub done_now: usize,
    /// Why not all is completed, what matters most first: what failed before what is blocked, and what keeps many tasks from being run
    /// before what keeps few.
    pub roots: Vec<Root>,
    /// Failed in this run.
    pub failed: Vec<TaskId>,
    /// Blocked, by this run or before.
    pub blocked: Vec<TaskId>,
    /// Not run, because of another one.
    pub not_run: Vec<TaskId>,
    /// Left alone, because somebody else has them.
    pub foreign: Vec<TaskId>,
    /// Pending again.
    pub interrupted: Vec<TaskId>,
    /// The branch with the work, if there is any.
    pub integration: Option<String>,
    /// From its start to its end.
    pub duration: Duration,
    /// What it cost, as far as the agent programs say.
    pub cost_usd: Option<f64>,
    /// The tokens that it took, as far as the agent programs say.
    #[serde(default)]
    pub tokens: Option<Tokens>,
    /// Both by agent, by their names.
    #[serde(default)]
    pub by_agent: Vec<(String, Used)>,
    /// What became of its budget, if it had one.
    #[serde(default)]
    pub budget: Option<BudgetEnd>,
}

/// What a run might use up, and what followed from that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BudgetEnd {
    /// US dollars that it might use up.
    pub cost_usd: Option<f64>,
    /// Tokens that it might use up.
    pub tokens: Option<u64>,
    /// US dollars that count as used up, with a guess for each attempt whose program did not come to tell.
    pub counted_usd: Option<f64>,
    /// Tasks that were not started, or ended early, because too little was left.
    pub short: Vec<TaskId>,
    /// What an attempt at any of them may use up, where that is more than the whole budget: no run with the same one could begin it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<Caps>,
}

/// A task that did not complete by itself, not because of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The task.
    pub task: TaskId,
    /// What became of it.
    pub cause: Cause,
    /// How its last attempt ended, if that is why.
    pub outcome: Option<Outcome>,
    /// More on it.
    pub detail: Option<String>,
    /// The tasks that are not run because of it, in document order.
    pub not_run: Vec<TaskId>,
}

/// How a run ended, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// By a signal, with what was still to do.
    Interrupted {
        /// SIGTERM rather than Ctrl-C.
        by_term: bool,
    },
    /// The budget is used up, and there is something left to do.
    OverBudget,
    /// At least one task failed or was cancelled.
    Failed,
    /// None failed, but one waits for a person.
    Blocked,
    /// All that was asked for is completed.
    Completed,
}
