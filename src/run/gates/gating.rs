use std::collections::HashMap;
use std::sync::Arc;

use super::{Gate, GateEnded};
use crate::agent::{Definition, Secrets};

/// The gates of one attempt, and what is known of them.
#[derive(Default)]
pub(in crate::run) struct Gating {
    /// In the order in which they are run.
    pub(in crate::run) gates: Vec<Arc<Gate>>,
    /// How they ended in the rounds before, the first one first.
    pub(in crate::run) rounds: Vec<Vec<GateEnded>>,
    /// How they ended for this very attempt, as far as an earlier run has seen that.
    pub(in crate::run) ended: Vec<GateEnded>,
    /// Who the reviewers are, by their names.
    pub(in crate::run) reviewers: HashMap<String, Definition>,
}

impl Gating {
    /// Whether work that ends with that commit has passed the gate before.
    pub(super) fn has_passed(&self, gate: &Gate, head: Option<&str>, secrets: &Secrets) -> bool {
        let by = secrets.masked(&gate.fingerprint());
        let is_it =
            |ended: &GateEnded| ended.gate == gate.name && ended.by == by && ended.head.as_deref() == head;
        self.ended.iter().any(|ended| ended.passed && is_it(ended))
    }
}
