//! What the journal has of attempts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::agent::{Outcome, Tokens};
use crate::plan::TaskId;
use crate::run::outbox::Says;
use crate::run::settings::Isolation;

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
    /// The agent that it plays; nothing of a person, and in journals of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The program with its arguments, as one would type them.
    pub command: String,
    /// A hash of definition and prompt.
    pub prompt: String,
    /// A hash of the token that the agent's own reports must show; the token itself is only the agent's.
    pub token_hash: String,
    /// Where it works: in the checkout itself there is neither branch nor base, and both are empty.
    #[serde(default, skip_serializing_if = "Isolation::is_usual")]
    pub isolation: Isolation,
    /// What it was kept in; nothing, where it might do what we may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The first of its ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_base: Option<u16>,
    /// What was brought into its worktree, relative to it: that is never committed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought: Vec<std::path::PathBuf>,
    /// Its prerequisites' work conflicts, so that its base is where the integration branch first had all of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_integration: bool,
    /// The conflict that it is to resolve; nothing for one that does its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolves: Option<Resolves>,
    /// The attempt that it goes on with; nothing for one that begins afresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continues>,
}

/// An earlier attempt at the same task with which another one goes on: with what it made, and in its session where that can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    /// Which one.
    pub attempt: u32,
    /// The session that is taken up again, as its program calls it; nothing where a new one begins in the tree that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Why it goes on.
    pub because: Because,
}

/// Why an attempt goes on with an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The question that it asked is answered.
    Answer,
    /// A gate did not pass its work.
    Findings,
    /// It ended by no fault of its own.
    Retry,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(is: &bool) -> bool {
    !is
}

/// A conflict with the integration branch that an attempt is to resolve. The attempt's base and commit are those of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolves {
    /// The attempt at the same task whose work it is.
    pub attempt: u32,
    /// The last commit of that work.
    pub head: String,
    /// The integration branch as it was.
    pub tip: String,
    /// What the merge of both starts from.
    pub on: String,
    /// Where they conflict, relative to the repository's root.
    pub paths: Vec<String>,
    /// Whose merged work changed the same files.
    pub with: Vec<TaskId>,
}

/// The process of an agent that was started directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStarted {
    /// The task.
    pub task: TaskId,
    /// From 1.
    pub attempt: u32,
    /// Which process.
    #[serde(flatten)]
    pub process: ProcessId,
}

/// A process that is not taken for another one: the same number may be given again later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number, also that of its process group.
    pub pid: u32,
    /// When the kernel started it, in clock ticks since boot; nothing if it was gone before anybody looked.
    pub start: Option<u64>,
    /// Which boot of the machine.
    pub boot: String,
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

/// An attempt whose agent should have been done: it has worked for half as long again as the planner thought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverEstimate {
    /// The task.
    pub task: TaskId,
    /// From 1.
    pub attempt: u32,
    /// The planner's estimate, in milliseconds.
    pub estimate_ms: u64,
    /// How long the agent has worked, in milliseconds.
    pub ran_ms: u64,
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
    /// When the limit ends that it ran into, where that is known: the task waits until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// Protected paths that its work changes: it waits for a person's approval, or had it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
    /// The gate at which its work waits for a person's approval, which is what its question asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// The gate that could not be run, for a reason that is none of the work's: once that is mended, the work goes on with its gates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrun_gate: Option<String>,
    /// The last commit of its work, where there is one.
    pub commit: Option<String>,
    /// Its session, as its program calls it, where it has one that can be taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The session that it was to take up again is gone: its agent never began.
    #[serde(default, skip_serializing_if = "is_false")]
    pub lost_session: bool,
    /// Where it was to resolve a conflict and its resolution was accepted: the commit with that, which its ref keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// What it cost, where its program says so.
    pub cost_usd: Option<f64>,
    /// What it read and wrote, where its program says so.
    pub tokens: Option<Tokens>,
    /// From the agent's start to its end.
    pub duration_ms: u64,
}
