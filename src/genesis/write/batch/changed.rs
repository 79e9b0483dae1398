//! What a batch keeps of one task.

use jiff::Timestamp;

use crate::genesis::view::Listed;
use crate::genesis::write::{Writer, layout};
use crate::genesis::{Splice, Status, Task, TaskResult, Transition};

/// A task that changes: how, and what that makes of the text.
#[derive(Debug)]
pub(super) struct Changed {
    /// The status that it has in the end.
    to: Status,
    /// From these all is written again with each further one. None of a task that is completed, which seldom gets any.
    steps: Vec<Step>,
    splices: Box<[Splice]>,
    /// Its entry, where that moves to another list.
    entry: Option<Box<str>>,
    /// When its last step was added, in the order of all.
    number: usize,
}

#[derive(Debug)]
struct Step {
    to: Status,
    at: Timestamp,
    actor: Box<str>,
    description: Box<str>,
    result: Option<TaskResult>,
}

impl Changed {
    /// A task that has that status so far.
    pub(super) fn new(status: Status) -> Self {
        Self { to: status, steps: Vec::new(), splices: Box::default(), entry: None, number: 0 }
    }

    pub(super) fn status(&self) -> Status {
        self.to
    }

    /// Whether nothing can be added any more: what it went through is not known.
    pub(super) fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a step, which is to be written.
    pub(super) fn add(&mut self, transition: &Transition<'_>) {
        self.to = transition.to;
        self.steps.reserve_exact(1);
        self.steps.push(Step {
            to: transition.to,
            at: transition.at,
            actor: transition.actor.into(),
            description: transition.description.into(),
            result: transition.result.clone(),
        });
    }

    /// The steps of the task with that id.
    pub(super) fn steps<'a>(&'a self, task: &'a str) -> Vec<Transition<'a>> {
        self.steps.iter().map(|step| step.transition(task)).collect()
    }

    /// Takes up what the steps make of the text; `number` is that of the last one.
    pub(super) fn write(&mut self, mut splices: Vec<Splice>, entry: Option<String>, number: usize) {
        for splice in &mut splices {
            splice.text.shrink_to_fit();
        }
        self.splices = splices.into();
        self.entry = entry.map(String::into_boxed_str);
        self.number = number;
        if self.to == Status::Completed {
            self.steps = Vec::new();
        }
    }

    pub(super) fn splices(&self) -> &[Splice] {
        &self.splices
    }

    pub(super) fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }
}

impl Step {
    fn transition<'a>(&'a self, task: &'a str) -> Transition<'a> {
        Transition {
            task,
            to: self.to,
            at: self.at,
            actor: &self.actor,
            description: &self.description,
            changes: None,
            result: self.result.clone(),
        }
    }
}

impl Writer<'_> {
    /// Takes the entries of a task out of the lists that are not for its new status; the new one, as text, unless one stays.
    pub(super) fn leave_list(
        &mut self,
        task: &Task,
        transition: &Transition<'_>,
        entries: &[&Listed],
    ) -> Option<String> {
        let word = self.say_a_status(entries).then(|| self.own_word(transition.to));
        let attributes = self.attributes(transition, word.as_deref());
        let target = self.names.lists.of(transition.to);
        let stays = entries.iter().find(|entry| self.names.lists.of(entry.list) == target);
        let kept = stays.map(|entry| entry.node);
        for entry in entries.iter().filter(|entry| Some(entry.node) != kept) {
            self.remove(entry.node);
        }
        let Some(node) = kept else {
            let new = self.entry(&task.id, entries.first().map(|entry| entry.node), &attributes);
            // It has attributes and nothing inside: wherever it comes to stand, it looks like that.
            return Some(new.written(&layout::flat(self.xml)));
        };
        let splices = self.set_attributes(node, &attributes);
        self.splices.extend(splices);
        None
    }
}
