use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::agent::{Outcome, Tokens};
use crate::genesis::{ProjectStatus, Status};
use crate::report::Counts;
use crate::run::{Because, REVIEW, Used};

/// `report --format json`; `schemas/report.schema.json` says what each key means.
#[derive(Debug, Clone, Serialize)]
pub struct Recap {
    /// Of this document's layout.
    pub version: u32,
    /// When it was made: what has not ended yet counts up to then.
    pub made: Timestamp,
    /// Which plan.
    pub plan: PlanRecap,
    /// All of it in a few figures.
    pub summary: Summary,
    /// How much was done at once, and how much could have been.
    pub pace: Pace,
    /// Estimates against what it took, over all completed tasks that have both; nothing if there is none.
    pub accuracy: Option<Accuracy>,
    /// What did not work out, and stands so still: failed, blocked and cancelled tasks.
    pub failures: Vec<Failure>,
    /// How attempts ended, the most frequent outcome first.
    pub outcomes: Vec<OutcomeCount>,
    /// The runs, the first one first.
    pub runs: Vec<RunRecap>,
    /// Who did the work, in the order of what it took.
    pub agents: Vec<AgentRecap>,
    /// The gates, in the order in which they were first gone through.
    pub gates: Vec<GateRecap>,
    /// What agents asked, the first thing first.
    pub questions: Vec<AnswerRecap>,
    /// What was decided.
    pub decisions: Vec<Insight>,
    /// What was learnt.
    pub learnings: Vec<Insight>,
    /// All tasks, in the order of the file.
    pub tasks: Vec<TaskRecap>,
}

/// The plan as a whole.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct PlanRecap {
    pub genesis: PathBuf,
    pub project: String,
    pub epic: String,
    pub status: Option<ProjectStatus>,
    pub problem: Option<String>,
    pub start: Option<String>,
    pub integration: Option<String>,
    /// For people: how commands name it, as words of the shell; empty, where it is found without.
    #[serde(skip)]
    pub words: String,
}

/// A plan in a few figures.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Summary {
    pub counts: Counts,
    pub began: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub live: bool,
    pub attempts: usize,
    pub unsuccessful: usize,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    pub changed: Option<ChangeSize>,
    pub unmeasured: usize,
    /// For people: how many tasks runs were at work on that the journal knows nothing of any more.
    #[serde(skip)]
    pub forgotten: usize,
}

/// How much was done at once. Times are in milliseconds.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Pace {
    pub wall_ms: u64,
    pub worked_ms: u64,
    pub average: Option<f64>,
    pub most: usize,
    pub critical_path: Vec<String>,
    pub critical_estimate_ms: u64,
    pub longest_chain: Vec<String>,
    pub longest_chain_ms: u64,
    pub efficiency: Option<f64>,
}

/// How good estimates were, over some tasks. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Accuracy {
    pub tasks: usize,
    pub estimate_ms: u64,
    pub took_ms: u64,
    pub median_ratio: f64,
    pub accuracy: f64,
    pub accuracy_scaled: f64,
}

/// A task that did not work out.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Failure {
    pub task: String,
    pub status: Status,
    pub outcome: Option<Outcome>,
    pub why: Option<String>,
    pub question: Option<String>,
    pub attempts: usize,
    pub cost_usd: Option<f64>,
    pub holds_up: usize,
    /// For people: the verb by which it gets the word that it waits for, and what follows the task's name.
    #[serde(skip)]
    pub word_due: Option<(&'static str, &'static str)>,
}

/// How often attempts ended in one way.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct OutcomeCount {
    pub outcome: Outcome,
    pub attempts: usize,
    pub cost_usd: Option<f64>,
}

/// One `blueprint run`.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct RunRecap {
    pub run: String,
    pub host: String,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub exit: Option<u8>,
    pub attempts: usize,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
}

/// What one agent, played by one runner, did.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct AgentRecap {
    pub agent: Option<String>,
    pub runner: String,
    pub tasks: usize,
    pub completed: usize,
    pub attempts: usize,
    pub unsuccessful: usize,
    pub took_ms: u64,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    pub accuracy: Option<Accuracy>,
}

impl AgentRecap {
    /// Whether it looked at the work of others, and did none of its own.
    pub(super) fn is_reviewer(&self) -> bool {
        self.runner == REVIEW
    }
}

/// What came of one gate, over all tasks.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct GateRecap {
    pub gate: String,
    pub passed: usize,
    pub failed: usize,
    pub measures: bool,
    pub tries: Vec<GateTry>,
}

/// One time that work went through a gate, or did not.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct GateTry {
    pub task: String,
    pub attempt: u32,
    #[serde(flatten)]
    pub pass: GatePass,
}

/// How a gate ended.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct GatePass {
    pub gate: String,
    pub at: Timestamp,
    pub passed: bool,
    pub value: Option<f64>,
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    pub detail: Option<String>,
    pub cost_usd: Option<f64>,
}

/// A question of a task's agent; the answer, if there is one.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct AnswerRecap {
    pub task: String,
    pub attempt: Option<u32>,
    pub question: String,
    pub asked: Option<Timestamp>,
    pub answer: Option<String>,
    pub by: Option<String>,
    pub answered: Option<Timestamp>,
}

/// A decision or a learning of the plan's knowledge base; who said it where the journal knows.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct Insight {
    pub kind: String,
    pub title: String,
    pub texts: Vec<String>,
    pub task: Option<String>,
    pub by: Option<String>,
    pub at: Option<Timestamp>,
}

/// The size of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct ChangeSize {
    pub files: usize,
    pub insertions: usize,
    pub deletions: usize,
}

/// One task. Times are in milliseconds.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct TaskRecap {
    pub id: String,
    pub name: String,
    pub status: Status,
    pub agent: Option<String>,
    pub level: usize,
    pub needs: Vec<String>,
    pub critical: bool,
    pub estimate_ms: Option<u64>,
    pub took_ms: Option<u64>,
    pub ratio: Option<f64>,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    pub changed: Option<ChangeSize>,
    pub unmeasured: bool,
    pub summary: Option<String>,
    pub deliverables: Vec<String>,
    pub notes: Option<String>,
    pub attempts: Vec<AttemptRecap>,
}

/// One attempt. Times are in milliseconds.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct AttemptRecap {
    pub attempt: u32,
    pub run: Option<String>,
    pub agent: Option<String>,
    pub runner: String,
    pub began: Timestamp,
    pub agent_ended: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub took_ms: u64,
    /// For people: that was no agent's work.
    #[serde(skip)]
    pub is_by_a_person: bool,
    pub agent_ms: Option<u64>,
    pub outcome: Option<Outcome>,
    pub counts: bool,
    pub goes_on: Option<Because>,
    /// For people: who reviewed its work, and what that used up of what it used up.
    #[serde(skip)]
    pub reviews: Vec<(String, Used)>,
    pub resolves: Option<u32>,
    pub summary: Option<String>,
    pub detail: Option<String>,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    pub gates: Vec<GatePass>,
}
