mod attempts;

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Caps;
use super::gates::GateEnded;
use crate::genesis::{Status, TaskResult};
use crate::plan::TaskId;
use crate::store::{Journal, StoreError};

pub use attempts::{
    AgentStarted, AttemptEnded, AttemptStarted, Because, Continues, OverEstimate, ProcessId, Reported,
    Resolves,
};

/// One line of a plan's journal: something that happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When, by the clock of the machine.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// The layout of the journal that is written here.
const VERSION: u32 = 1;

/// Opens a plan's journal for adding; one that is made by that says first of which version it is.
///
/// # Errors
/// [`StoreError`] when it can't be opened or written.
pub fn open_journal(path: &Path) -> Result<Journal, StoreError> {
    let mut journal = Journal::open(path)?;
    if journal.is_empty() {
        journal.append(&Record::now(Fact::JournalBegun { version: VERSION }))?;
    }
    Ok(journal)
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
    /// The journal begins: the first record of all.
    JournalBegun {
        /// The layout of what follows: 1. Facts and fields may be added within a version.
        version: u32,
    },
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
        /// The user's branch that this was on, where the run has fixed it: there the work is to land.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        branch: Option<String>,
        /// When the kernel started that process, in clock ticks since boot.
        #[serde(default)]
        process_start: Option<u64>,
        /// Which boot of the machine.
        #[serde(default)]
        boot: Option<String>,
    },
    /// A run begins to end: from now on it starts nothing new, whatever is asked of it.
    RunEnding {
        /// Its id.
        run: String,
    },
    /// A run ended, with this exit code.
    RunEnded {
        /// Its id.
        run: String,
        /// See the exit codes in the README.
        exit: u8,
        /// What it might use up, where that is why it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Caps>,
        /// What one attempt may use up, where no run with that budget could begin it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needed: Option<Caps>,
    },
    /// An attempt has its base and worktree; its agent is about to be started.
    AttemptStarted(AttemptStarted),
    /// The attempt's agent runs, as this process. Written, but not synced: what a power cut takes with it ran on no more.
    AgentStarted(AgentStarted),
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
    /// The attempt takes longer than planned.
    OverEstimate(OverEstimate),
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
    /// Somebody answered a task's question: the commit point of its change of status, too.
    Answered(Answered),
    /// A person took a task over: whatever was under way there counts no more.
    Taken(Taken),
    /// Tasks that have not begun start from a newer commit from now on.
    Rebased {
        /// Who wants that.
        by: String,
        /// The commit that the plan started from.
        from: String,
        /// The one that it starts from now.
        to: String,
        /// The user's branch that this is on: there the work is to land.
        branch: Option<String>,
    },
    /// A person asks something of a live run.
    Asked {
        /// That run's id: another one is not meant.
        run: String,
        /// Who asks.
        by: String,
        /// For what.
        asks: Asks,
    },
    /// The agent has printed something for the first time.
    AgentSpoke {
        /// Whose.
        task: TaskId,
        /// Which attempt's.
        attempt: u32,
    },
    /// The work of an attempt went through one of its gates, or did not.
    GateEnded(Box<GateEnded>),
    /// A run was told to end before the attempt's work had gone through all gates: the next one goes on with those that are left.
    GatesInterrupted {
        /// Whose.
        task: TaskId,
        /// Which attempt's.
        attempt: u32,
    },
    /// `verify-integration` was run on a commit of the integration branch.
    Verified(VerifiedCommit),
    /// A task's work was taken out of the integration branch again: the commit point of that, and of all these changes of status.
    TakenOut(TakenOut),
    /// Something that only a later version knows: it stays in the journal, and says nothing to us.
    #[serde(other, skip_serializing)]
    OfLaterVersion,
}

impl Fact {
    /// Whether it matters after a power cut.
    pub(super) fn has_to_last(&self) -> bool {
        match self {
            // What a power cut takes with it ran on no more, nor spoke to anybody.
            Self::AgentStarted(_)
            | Self::AgentSpoke { .. }
            | Self::OverEstimate(_)
            | Self::OfLaterVersion => false,
            Self::JournalBegun { .. }
            | Self::RunStarted { .. }
            | Self::RunEnding { .. }
            | Self::RunEnded { .. }
            | Self::AttemptStarted(_)
            | Self::AttemptEnded(_)
            | Self::Reported(_)
            | Self::Kept { .. }
            | Self::Merged { .. }
            | Self::SetBack(_)
            | Self::Answered(_)
            | Self::Taken(_)
            | Self::Rebased { .. }
            | Self::GateEnded(_)
            | Self::GatesInterrupted { .. }
            | Self::Verified(_)
            | Self::TakenOut(_)
            | Self::Asked { .. }
            | Self::Transition(_) => true,
        }
    }
}

/// Whether what is merged holds together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedCommit {
    /// The commit of the integration branch.
    pub commit: String,
    /// What was run.
    pub command: String,
    /// Whether it succeeded.
    pub passed: bool,
    /// What went wrong.
    pub detail: Option<String>,
    /// What it printed.
    pub log: std::path::PathBuf,
}

/// Work that was merged, and with which the integration branch does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TakenOut {
    /// Whose.
    pub task: TaskId,
    /// The commit with which it began to fail.
    pub merge: String,
    /// What went wrong.
    pub why: String,
    /// What the command printed there.
    pub log: std::path::PathBuf,
    /// The task, which is blocked, and what was built on it, which is to be done again.
    pub transitions: Vec<TransitionRecord>,
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

/// A question of a task's agent, and what it is to make of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The task.
    pub task: TaskId,
    /// The attempt that asked; nothing where the question was asked outside of one.
    pub attempt: Option<u32>,
    /// What was asked.
    pub question: String,
    /// The answer.
    pub text: String,
    /// Whose it is.
    pub by: String,
    /// How its status came to be pending again.
    pub transitions: Vec<TransitionRecord>,
}

impl Answered {
    /// Whether it takes the place of that answer, which nobody has heard: only the first answer to a question sets the task back.
    pub fn replaces(&self, before: &Self) -> bool {
        let question = |answered: &Self| (answered.task.clone(), answered.attempt, answered.question.clone());
        self.transitions.is_empty() && question(self) == question(before)
    }
}

/// A task that a person does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The task.
    pub task: TaskId,
    /// The person.
    pub by: String,
    /// How its status came to be in progress, under that person.
    pub transitions: Vec<TransitionRecord>,
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
