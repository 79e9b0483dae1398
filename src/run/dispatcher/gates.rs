//! What follows gates that work has not passed, and work that has not been through its gates.

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Event, TaskId};
use crate::run::gates::{Check, Decision, GateEnded, Gating, decide};
use crate::run::job::{Entry, Report, Resumed};
use crate::run::record::Fact;
use crate::run::{RunError, RunEvent, TaskHistory};

impl Dispatcher<'_> {
    /// What the work of an attempt at the task has to pass.
    pub(super) fn gating(&self, task: &TaskId, agent: &str, entry: &Entry) -> Gating {
        let quality = &self.books.genesis().project().quality;
        let gates = self.settings.gates.of(task.as_str(), agent, quality);
        if gates.is_empty() {
            return Gating::default();
        }
        let mut rounds =
            self.books.history().task(task.as_str()).map(TaskHistory::rounds).unwrap_or_default();
        let ended = match entry {
            Entry::Resumed(_) => rounds.pop().unwrap_or_default(),
            Entry::Fresh | Entry::Prepared(_) => Vec::new(),
        };
        let agents = gates.iter().filter_map(|gate| match &gate.check {
            Check::Review(reviewer) => Some(reviewer.cast.agent.clone()),
            Check::Command(_) | Check::Approve => None,
        });
        let reviewers = agents
            .filter_map(|agent| {
                let definition = self.ground.definitions.get(&agent)?.clone();
                Some((agent, definition))
            })
            .collect();
        Gating { gates, rounds, ended, reviewers }
    }

    /// What gates have measured of a task's work, in the plan, where it has a place for that. A run that is killed in between finds there
    /// what is there, and writes nothing twice.
    pub(super) fn keep_measurements(&mut self, task: &TaskId) -> Result<(), RunError> {
        let story = self.books.history().task(task.as_str());
        let gates: Vec<_> = story.into_iter().flat_map(TaskHistory::measured).collect();
        let quality = &self.books.genesis().project().quality;
        let measurements: Vec<_> = gates.iter().filter_map(|gate| gate.measurement(quality)).collect();
        if measurements.is_empty() {
            return Ok(());
        }
        self.books.stage(move |now| now.measurements(&measurements))
    }

    /// Whether the agent is told what its work lacks, and goes on; else the reason for which it is not.
    pub(super) fn after_gates(&self, task: &TaskId, report: &Report) -> Option<Decision> {
        if report.outcome != Outcome::GateFailed {
            return None;
        }
        let story = self.books.history().task(task.as_str())?;
        let agent = &self.ground.casting.get(task)?.agent;
        let quality = &self.books.genesis().project().quality;
        let gates = self.settings.gates.of(task.as_str(), agent, quality);
        Some(decide(&gates, &story.rounds()))
    }

    /// Work that is done, and that a run was told to end before it had gone through all gates, or that a person has approved meanwhile:
    /// it goes on from there, without an agent. False for a task of which there is none.
    pub(super) fn start_with_gates(&mut self, task: &TaskId) -> Result<bool, RunError> {
        self.take_in_approval(task)?;
        self.take_up_unrun(task)?;
        let story = self.books.history().task(task.as_str());
        let Some(attempt) = story.and_then(TaskHistory::to_gate) else { return Ok(false) };
        let (number, resumed) = (attempt.started.attempt, Resumed::of(attempt));
        let description = format!("attempt {number} goes on with its gates");
        self.transition(task, Status::InProgress, &description, None, None)?;
        self.apply(task, Event::Started)?;
        self.tell(RunEvent::Note(format!("{task}: attempt {number} goes on with its gates")));
        self.spawn(task, number, Entry::Resumed(Box::new(resumed)))?;
        Ok(true)
    }

    /// Whether it is a person who has to look at the task's work: no program does so in their place.
    pub(super) fn waits_for_approval(&self, task: &TaskId) -> bool {
        let last = self.books.history().task(task.as_str()).and_then(TaskHistory::last_attempt);
        let ended = last.and_then(|last| last.ended.as_ref());
        ended.is_some_and(|(ended, _)| ended.approval.is_some())
    }

    /// A gate that could not be run is tried again; whoever is killed in between takes that up again.
    fn take_up_unrun(&mut self, task: &TaskId) -> Result<(), RunError> {
        let story = self.books.history().task(task.as_str());
        let Some(ended) = story.and_then(TaskHistory::unrun) else { return Ok(()) };
        self.record(Fact::GatesInterrupted { task: task.clone(), attempt: ended.attempt })?;
        self.record(Fact::AttemptEnded(ended))
    }

    /// The gate counts as passed first, and that there are others last: whoever is killed in between takes it in again.
    fn take_in_approval(&mut self, task: &TaskId) -> Result<(), RunError> {
        let story = self.books.history().task(task.as_str());
        let Some(approved) = story.and_then(TaskHistory::approved) else { return Ok(()) };
        let attempt = approved.ended.attempt;
        let text = format!("{task}: approved by {}", approved.by);
        self.record(Fact::GateEnded(Box::new(GateEnded::approved(&approved))))?;
        self.record(Fact::GatesInterrupted { task: task.clone(), attempt })?;
        self.record(Fact::AttemptEnded(approved.ended))?;
        self.tell(RunEvent::Note(text));
        Ok(())
    }
}
