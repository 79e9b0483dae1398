//! What the journal has of the gates that a task's work went through.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OURS;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::git::Oid;
use crate::run::gates::{Approved, GateEnded, reviewer_of};
use crate::run::record::{AttemptEnded, TransitionRecord};
use crate::run::{Attempt, TaskHistory, Used};

impl Attempt {
    /// Of a gate that was run twice for one attempt, because a run was killed in between, the second time counts.
    pub(super) fn add_gate(&mut self, ended: GateEnded) {
        match self.gates.iter_mut().find(|known| known.gate == ended.gate) {
            Some(known) => *known = ended,
            None => self.gates.push(ended),
        }
    }

    /// Who reviewed its work, and what that used up; it is in what the attempt used up.
    pub fn reviews(&self) -> impl Iterator<Item = (&str, Used)> {
        self.gates.iter().filter_map(|gate| {
            let used = Used { cost_usd: gate.cost_usd, tokens: gate.tokens };
            Some((reviewer_of(&gate.by)?, used))
        })
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

    /// How the last attempt ended but for a gate that could not be run, if nobody but runs has decided anything about the task since.
    pub(in crate::run) fn unrun(&self) -> Option<AttemptEnded> {
        let last = self.last_attempt().filter(|_| !self.is_set_back())?;
        let (ended, _) = last.ended.as_ref().filter(|(ended, _)| ended.unrun_gate.is_some())?;
        let since = self.transitions.get(last.transitions_before..)?;
        since.iter().all(|change| change.actor == OURS).then(|| last.done(ended))
    }

    /// What the work of its last attempt lacks, if nobody has set the task back since, or taken it.
    pub fn lacks(&self) -> Option<Lacks> {
        let last = self.last_attempt().filter(|last| !self.is_set_back() && last.merge.is_none())?;
        let (ended, _) = last.ended.as_ref()?;
        match (ended.outcome, &ended.approval, &ended.unrun_gate) {
            (Outcome::NeedsAnswer, Some(gate), _) => Some(Lacks::Approval(gate.clone())),
            (Outcome::Blocked, _, Some(gate)) => Some(Lacks::Run(gate.clone())),
            (Outcome::Blocked, ..) if !ended.protected.is_empty() => {
                Some(Lacks::Leave(ended.protected.clone()))
            }
            (Outcome::GateFailed, ..) => {
                let failed = last.gates.iter().find(|gate| !gate.passed);
                Some(Lacks::Pass(failed.map(|gate| gate.gate.clone()).unwrap_or_default()))
            }
            (Outcome::Completed | Outcome::NoChanges, ..) if last.gates_interrupted => Some(Lacks::Rest),
            _ => None,
        }
    }

    /// Whether that is work that lacks something, with which a person has completed the task all the same.
    pub(in crate::run) fn is_let_pass(&self, head: Oid) -> bool {
        let is_by_a_person = |last: &TransitionRecord| last.to == Status::Completed && last.actor != OURS;
        let is_it = self.last_attempt().is_some_and(|last| last.commit() == Some(head));
        is_it && self.transitions.last().is_some_and(is_by_a_person) && self.lacks().is_some()
    }
}

/// What keeps finished work from being merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lacks {
    /// A person's word at this gate.
    Approval(String),
    /// To pass this gate.
    Pass(String),
    /// This gate could not be run.
    Run(String),
    /// The gates that it had not been through when a run was told to end.
    Rest,
    /// A person's leave to change these paths.
    Leave(Vec<String>),
}

impl Lacks {
    /// What it is about: a gate, or paths.
    pub(in crate::run) fn about(&self) -> Option<String> {
        match self {
            Self::Approval(gate) | Self::Pass(gate) | Self::Run(gate) => {
                (!gate.is_empty()).then(|| format!("gate `{gate}`"))
            }
            Self::Leave(paths) => Some(paths.join(", ")),
            Self::Rest => None,
        }
    }
}

impl Attempt {
    /// How it ended before it was asked about, or blocked, at a gate: its agent was done.
    fn done(&self, ended: &AttemptEnded) -> AttemptEnded {
        let is_unchanged = ended.commit.as_ref() == Some(&self.started.base);
        let outcome = if is_unchanged { Outcome::NoChanges } else { Outcome::Completed };
        AttemptEnded {
            outcome,
            approval: None,
            unrun_gate: None,
            question: None,
            detail: None,
            ..ended.clone()
        }
    }

    /// An end after which its work goes on with its gates counts from then on.
    pub(super) fn end(&mut self, ended: AttemptEnded, at: Timestamp, transitions: usize) {
        let was_unrun = self.ended.as_ref().is_some_and(|(before, _)| before.unrun_gate.is_some());
        if was_unrun && ended.unrun_gate.is_none() {
            self.taken_up_at = Some(transitions);
        }
        self.ended = Some((ended, at));
    }
}

impl TaskHistory {
    /// How many changes of the task's status there had been when the attempt began, when a question of its was answered, or when a gate was
    /// taken up again that could not be run.
    fn decided_since(&self, attempt: &Attempt) -> usize {
        let later = [self.answered_at(attempt), attempt.taken_up_at];
        later.into_iter().flatten().fold(attempt.transitions_before, usize::max)
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
        Some(Approved { gate, by: answered.by.clone(), ended: last.done(ended) })
    }

    /// The number of the attempt with whose gates a run would go on, as its agent is done.
    pub(in crate::run) fn goes_on_with_gates(&self) -> Option<u32> {
        let approved = || self.last_attempt().filter(|_| self.approved().is_some());
        self.to_gate().or_else(approved).map(|attempt| attempt.started.attempt)
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
