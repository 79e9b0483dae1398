use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::{Outcome, Tokens};
use crate::genesis::{Status, TaskResult};
use crate::plan::TaskId;

use super::outbox::Says;

/// One line of a plan's journal: something that happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When, by the clock of the machine.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

impl Record {
    /// A fact that is true as of now.
    pub fn now(fact: Fact) -> Self {
        Self { time: Timestamp::now(), fact }
    }
}

/// What can happen. A name or field that is once written is never given another meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// A run began.
    RunStarted {
        /// Its id.
        run: String,
        /// Its process id.
        pid: u32,
        /// Its machine.
        host: String,
        /// The version of blueprint.
        version: String,
        /// The commit that the plan started from.
        start: String,
    },
    /// A run ended, with this exit code.
    RunEnded {
        /// Its id.
        run: String,
        /// See the exit codes in the README.
        exit: u8,
    },
    /// An attempt has its base and worktree; its agent is about to be started.
    AttemptStarted(AttemptStarted),
    /// An attempt is over, whatever became of it. A second one for the same attempt holds in place of the first: its agent had done its
    /// task, but the work could not be merged.
    AttemptEnded(AttemptEnded),
    /// The attempt's agent said something by its outbox.
    Reported(Reported),
    /// What the plan keeps of the first so many of an attempt's reports is in the plan file.
    Kept {
        /// Whose.
        task: TaskId,
        /// Which attempt's.
        attempt: u32,
        /// How many.
        reports: usize,
    },
    /// The attempt's work is in the integration branch.
    Merged {
        /// Whose.
        task: TaskId,
        /// Which attempt's.
        attempt: u32,
        /// The commit that was merged.
        commit: String,
        /// The integration branch's commit that has it.
        merge: String,
    },
    /// A task's status changes: the commit point of the change, written before the plan file.
    Transition(TransitionRecord),
    /// A person set tasks back, to be done again: the commit point of all these changes of status at once.
    SetBack(SetBack),
    /// A person asks something of a live run.
    Asked {
        /// That run's id: another one is not meant.
        run: String,
        /// Who asks.
        by: String,
        /// For what.
        asks: Asks,
    },
}

/// What a live run can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// To start nothing new until it is asked to go on.
    Pause,
    /// To go on.
    Resume,
    /// To end, one stage more urgently than it was asked for before: as a Ctrl-C.
    Stop,
    /// To end its agents, and itself.
    StopNow,
}

/// Tasks that are to be done again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetBack {
    /// Who wants that.
    pub by: String,
    /// Those that were named.
    pub tasks: Vec<TaskId>,
    /// What the agents of the named ones are to know.
    pub note: Option<String>,
    /// The named ones that were not pending, and what depends on them.
    pub transitions: Vec<TransitionRecord>,
}

/// An attempt with all that is needed to take it up again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// The task.
    pub task: TaskId,
    /// From 1.
    pub attempt: u32,
    /// The run that started it.
    pub run: String,
    /// The task's name for branches and folders.
    pub slug: String,
    /// The task branch.
    pub branch: String,
    /// Where it works.
    pub worktree: std::path::PathBuf,
    /// The commit that it started from.
    pub base: String,
    /// The runner's name.
    pub runner: String,
    /// The program with its arguments, as one would type them.
    pub command: String,
    /// A hash of definition and prompt.
    pub prompt: String,
    /// A hash of the token that the agent's own reports must show; the token itself is only the agent's.
    pub token_hash: String,
}

/// One thing that an attempt's agent said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The task.
    pub task: TaskId,
    /// From 1.
    pub attempt: u32,
    /// The request's name: a request is taken once.
    pub request: String,
    /// The agent.
    pub actor: String,
    /// What it said.
    pub says: Says,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptEnded {
    /// The task.
    pub task: TaskId,
    /// From 1.
    pub attempt: u32,
    /// How.
    pub outcome: Outcome,
    /// The agent's last words, or its report.
    pub summary: Option<String>,
    /// What it made, by its own report.
    #[serde(default)]
    pub deliverables: Vec<String>,
    /// What else is to be known.
    pub notes: Option<String>,
    /// More on a failure.
    pub detail: Option<String>,
    /// What it wants to know.
    pub question: Option<String>,
    /// The last commit of its work, where there is one.
    pub commit: Option<String>,
    /// What it cost, where its program says so.
    pub cost_usd: Option<f64>,
    /// What it read and wrote, where its program says so.
    pub tokens: Option<Tokens>,
    /// From the agent's start to its end.
    pub duration_ms: u64,
}

/// One change of a task's status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransitionRecord {
    /// The task.
    pub task: TaskId,
    /// What it was.
    pub from: Status,
    /// What it becomes.
    pub to: Status,
    /// The time that the plan file shows for it, in whole seconds.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// Why.
    pub description: String,
    /// For the audit log.
    pub changes: Option<String>,
    /// What came of the task.
    pub result: Option<TaskResult>,
}
