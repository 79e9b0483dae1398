//! What the journal has of the gates that a task's work went through.

use crate::agent::Outcome;
use crate::run::gates::{Approved, GateEnded};
use crate::run::record::AttemptEnded;
use crate::run::{Attempt, TaskHistory};

impl Attempt {
    /// Of a gate that was run twice for one attempt, because a run was killed in between, the second time counts.
    pub(super) fn add_gate(&mut self, ended: GateEnded) {
        match self.gates.iter_mut().find(|known| known.gate == ended.gate) {
            Some(known) => *known = ended,
            None => self.gates.push(ended),
        }
    }
}

impl TaskHistory {
    /// What gates have measured, the first thing first.
    pub(in crate::run) fn measured(&self) -> impl Iterator<Item = &GateEnded> {
        self.attempts.iter().flat_map(|attempt| &attempt.gates).filter(|gate| gate.measured.is_some())
    }

    /// The last attempt, if its agent is done and a run was told to end before the work had gone through all gates, and nobody has decided
    /// otherwise since.
    pub(in crate::run) fn to_gate(&self) -> Option<&Attempt> {
        let last = self.last_attempt().filter(|last| !self.is_set_back() && last.merge.is_none())?;
        let is_done = matches!(last.outcome(), Some(Outcome::Completed | Outcome::NoChanges));
        let since = self.decided_since(last);
        (is_done && last.gates_interrupted && self.is_left_open(since)).then_some(last)
    }
}

impl TaskHistory {
    /// How many changes of the task's status there had been when the attempt began, or when a question of its was answered.
    fn decided_since(&self, attempt: &Attempt) -> usize {
        self.answered_at(attempt).map_or(attempt.transitions_before, |at| at.max(attempt.transitions_before))
    }
}

/// Answers by which a person approves; every other one is for the agent.
const APPROVALS: [&str; 5] = ["approve", "approved", "yes", "ok", "y"];

/// Whether an answer to the question at a gate approves of the work.
fn approves(answer: &str) -> bool {
    let word = answer.trim().trim_end_matches(['.', '!']);
    APPROVALS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

impl TaskHistory {
    /// That a person has approved of the last attempt's work at the gate at which it waits.
    pub(in crate::run) fn approved(&self) -> Option<Approved> {
        let (last, answered) = self.open_answer()?;
        let (ended, _) = last.ended.as_ref()?;
        let gate = ended.approval.clone().filter(|_| approves(&answered.text))?;
        let is_unchanged = ended.commit.as_ref() == Some(&last.started.base);
        let outcome = if is_unchanged { Outcome::NoChanges } else { Outcome::Completed };
        let ended = AttemptEnded { outcome, approval: None, question: None, detail: None, ..ended.clone() };
        Some(Approved { gate, by: answered.by.clone(), ended })
    }

    /// How the gates ended in the rounds that led to the last attempt: it, and those with which it went on, the first one first.
    pub(in crate::run) fn rounds(&self) -> Vec<Vec<GateEnded>> {
        let mut rounds = Vec::new();
        let mut next = self.last_attempt();
        while let Some(attempt) = next {
            rounds.push(attempt.gates.clone());
            next = self.before(attempt);
        }
        rounds.reverse();
        rounds
    }

    /// The attempt that this one goes on with.
    fn before(&self, attempt: &Attempt) -> Option<&Attempt> {
        let number = attempt.started.continues.as_ref()?.attempt;
        self.attempt(number).filter(|before| before.started.attempt < attempt.started.attempt)
    }
}
