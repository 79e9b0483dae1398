//! The attempts at a task.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::agent::{Outcome, Tokens};
use crate::run::{Attempt, GateEnded};

/// One attempt, and what became of its work in git.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct AttemptStatus {
    pub attempt: u32,
    pub outcome: Option<Outcome>,
    pub agent: Option<String>,
    pub runner: String,
    pub session: Option<String>,
    pub continues: Option<u32>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub duration_ms: Option<u64>,
    pub gates: Vec<GateStatus>,
    pub resolves: Option<u32>,
    pub base: Option<String>,
    pub on_integration: bool,
    pub commit: Option<String>,
    pub merge: Option<String>,
    pub cost_usd: Option<f64>,
    pub tokens: Option<Tokens>,
    /// For people: what its agent said at its end.
    #[serde(skip)]
    pub summary: Option<String>,
    /// For people: for how long it was worked on, its gates included, once its agent has ended.
    #[serde(skip)]
    pub took: Option<Duration>,
}

/// How a gate ended that an attempt's work went through.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the keys are said in the schema")]
pub struct GateStatus {
    pub gate: String,
    pub passed: bool,
    pub value: Option<f64>,
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
    pub detail: Option<String>,
    pub log: Option<PathBuf>,
}

impl GateStatus {
    fn of(ended: &GateEnded) -> Self {
        Self {
            gate: ended.gate.clone(),
            passed: ended.passed,
            value: ended.measured.map(|measured| measured.value),
            at_least: ended.measured.and_then(|measured| measured.at_least),
            at_most: ended.measured.and_then(|measured| measured.at_most),
            detail: ended.detail.clone(),
            log: ended.log.clone(),
        }
    }
}

impl AttemptStatus {
    pub(super) fn of(attempt: &Attempt) -> Self {
        let started = &attempt.started;
        let ended = attempt.ended.as_ref();
        Self {
            attempt: started.attempt,
            outcome: attempt.outcome(),
            agent: started.agent.clone(),
            runner: started.runner.clone(),
            session: ended.and_then(|(ended, _)| ended.session.clone()),
            continues: started.continues.as_ref().map(|continues| continues.attempt),
            started: attempt.at,
            ended: ended.map(|(_, at)| *at),
            duration_ms: ended.map(|(ended, _)| ended.duration_ms),
            gates: attempt.gates.iter().map(GateStatus::of).collect(),
            resolves: started.resolves.as_ref().map(|resolves| resolves.attempt),
            base: Some(started.base.clone()).filter(is_given),
            on_integration: started.on_integration,
            commit: ended.and_then(|(ended, _)| ended.commit.clone()),
            merge: attempt.merge.clone(),
            cost_usd: attempt.used().cost_usd,
            tokens: attempt.used().tokens,
            summary: ended.and_then(|(ended, _)| ended.summary.clone()),
            took: ended.map(|_| attempt.took(None)),
        }
    }
}

/// An attempt in the checkout itself has no branch and no base.
#[expect(clippy::ptr_arg, reason = "a filter of an `Option<String>`")]
pub(super) fn is_given(name: &String) -> bool {
    !name.is_empty()
}
