use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::choose::is_called;
use super::gate::APPROVAL;
use super::target::unit;
use super::{Bounds, Gate};
use crate::agent::{Secrets, Tokens};
use crate::genesis::{Measurement, Quality};
use crate::git::Oid;
use crate::plan::TaskId;
use crate::run::record::AttemptEnded;

/// What came of a gate, for one state of a task's work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateEnded {
    /// The task.
    pub task: TaskId,
    /// The attempt whose work it is, from 1.
    pub attempt: u32,
    /// The gate's name.
    pub gate: String,
    /// What was done: the command, or who was asked.
    pub by: String,
    /// The last commit of the work; nothing where work is not committed.
    pub head: Option<String>,
    /// Whether the work has passed.
    pub passed: bool,
    /// When, in whole seconds.
    pub at: Timestamp,
    /// The number that was measured, and what it has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// All that was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<PathBuf>,
    /// What it cost, in US dollars: reviews do. It is in the attempt's cost already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What it read and wrote, which is in the attempt's count already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// By its second a measurement is found again in the plan.
fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default()
}

/// A number that a gate has measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// The least that is good enough.
    pub at_least: Option<f64>,
    /// The most.
    pub at_most: Option<f64>,
}

impl Measured {
    pub(super) fn new(value: f64, bounds: Bounds) -> Self {
        Self { value, at_least: bounds.at_least, at_most: bounds.at_most }
    }

    pub(super) fn bounds(self) -> Bounds {
        Bounds { at_least: self.at_least, at_most: self.at_most }
    }
}

/// That a person has approved of an attempt's work at a gate.
pub(in crate::run) struct Approved {
    /// The gate's name.
    pub(in crate::run) gate: String,
    /// The person.
    pub(in crate::run) by: String,
    /// How the attempt ended before it was asked.
    pub(in crate::run) ended: AttemptEnded,
}

impl GateEnded {
    /// What was measured, as the plan has it: under the name of the quality attribute that it is for, if there is one.
    pub(in crate::run) fn measurement(&self, quality: &[Quality]) -> Option<Measurement> {
        let value = self.measured?.value;
        let attribute = quality.iter().find(|attribute| is_called(&self.gate, attribute));
        let unit = attribute.and_then(|attribute| unit(&attribute.target)).unwrap_or_default();
        let name = attribute.map_or(&self.gate, |attribute| &attribute.name).clone();
        Some(Measurement { name, value, unit, at: self.at })
    }

    /// Of a gate that was not passed, and of which nothing more is known.
    pub(in crate::run) fn plain((task, attempt): (TaskId, u32), gate: &Gate, head: Option<Oid>) -> Self {
        Self {
            task,
            attempt,
            gate: gate.name.clone(),
            by: gate.fingerprint(),
            head: head.map(|head| head.to_string()),
            passed: false,
            at: now(),
            measured: None,
            detail: None,
            log: None,
            cost_usd: None,
            tokens: None,
        }
    }

    /// The same without what nobody may see.
    pub(super) fn masked(mut self, secrets: &Secrets) -> Self {
        secrets.mask(&mut self.by);
        secrets.mask_some(&mut self.detail);
        self
    }

    /// A person's word is that the work passes.
    pub(in crate::run) fn approved(approved: &Approved) -> Self {
        let Approved { gate, by, ended } = approved;
        Self {
            task: ended.task.clone(),
            attempt: ended.attempt,
            gate: gate.clone(),
            by: APPROVAL.to_owned(),
            head: ended.commit.clone(),
            passed: true,
            at: now(),
            measured: None,
            detail: Some(format!("approved by {by}")),
            log: None,
            cost_usd: None,
            tokens: None,
        }
    }
}
