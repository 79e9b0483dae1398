//! What a run starts from: which tasks it is to do, what is over already, and what an earlier run left half done.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::genesis::{Genesis, Status, Task};
use crate::plan::{Ending, Plan, State, TaskIndex};

use super::questions::open_question;
use super::settings::{OnConflict, Settings};
use super::{History, Lacks, TaskHistory, ledger};

/// How a run takes each task up, in document order.
#[derive(Default)]
pub(super) struct Outset {
    pub(super) places: Vec<Place>,
    /// When the limits end that tasks have run into before: they start no earlier, unless they are named.
    parked: BTreeMap<TaskIndex, Timestamp>,
}

/// How a run takes one task up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Not asked for.
    LeftOut,
    /// Completed already.
    Completed,
    /// Failed before, and not asked for again.
    Failed,
    /// Waits for a person.
    Blocked,
    /// Cancelled before.
    Cancelled,
    /// In progress, but not by a run that this repository's journal knows.
    Foreign,
    /// To be done.
    ToDo,
    /// To be done again: its status has to become pending first.
    Again,
    /// In progress, and the run that had it is gone.
    Orphaned,
}

impl Outset {
    /// Decides for each task by its status, by what the journal knows, and by what is asked for.
    pub(super) fn new(plan: &Plan, genesis: &Genesis, history: &History, settings: &Settings) -> Self {
        let named: Vec<_> = settings.only.iter().filter_map(|id| plan.find(id.as_str())).collect();
        let needed = plan.with_prerequisites(&named);
        let wish = |index: TaskIndex| match (named.is_empty(), named.contains(&index), needed[index.0]) {
            (true, ..) => Wish::Any { failed_too: settings.rerun_failed },
            (false, true, _) => Wish::Named,
            (false, false, true) => Wish::Any { failed_too: true },
            (false, false, false) => Wish::None,
        };
        let is_ours = |task: &Task| ledger::is_ours(history.task(&task.id), genesis, task);
        let tasks = || genesis.tasks().iter().enumerate().map(|(i, task)| (TaskIndex(i), task));
        let place = |(index, task): (TaskIndex, &Task)| match history.task(&task.id) {
            _ if wish(index) == Wish::None => place(task.status, Wish::None, || false),
            story if waits_for_a_word(genesis, task, story) => Place::Blocked,
            Some(story) if task.status == Status::Blocked && story.unrun().is_some() => match wish(index) {
                Wish::Any { failed_too: false } | Wish::None => Place::Blocked,
                Wish::Any { failed_too: true } | Wish::Named => Place::Again,
            },
            // Its agent is to resolve that.
            Some(story)
                if task.status == Status::Blocked
                    && story.is_untried_conflict()
                    && settings.on_conflict == OnConflict::Agent =>
            {
                Place::Again
            }
            Some(_) | None => place(task.status, wish(index), || is_ours(task)),
        };
        let places = tasks().map(place);
        let unnamed = tasks().filter(|(index, _)| !named.contains(index));
        let parked =
            unnamed.filter_map(|(index, task)| Some((index, history.task(&task.id)?.parked_until()?)));
        Self { places: places.collect(), parked: parked.collect() }
    }

    /// The state in which the schedule starts.
    pub(super) fn state(&self, index: TaskIndex) -> State {
        match self.places[index.0] {
            Place::LeftOut => State::LeftOut,
            Place::Completed => State::Ended(Ending::Completed),
            Place::Failed => State::Ended(Ending::Failed),
            Place::Blocked => State::Ended(Ending::Blocked),
            Place::Cancelled => State::Ended(Ending::Cancelled),
            Place::Foreign => State::Ended(Ending::Foreign),
            Place::ToDo => self.parked.get(&index).map_or(State::Ready, |&until| State::Resting { until }),
            Place::Again | Place::Orphaned => State::Ready,
        }
    }

    /// Whether this run shall do the task.
    pub(super) fn is_to_do(&self, index: TaskIndex) -> bool {
        matches!(self.places[index.0], Place::ToDo | Place::Again | Place::Orphaned)
    }

    /// How many tasks this run shall do.
    pub(super) fn to_do(&self) -> usize {
        (0..self.places.len()).filter(|&i| self.is_to_do(TaskIndex(i))).count()
    }
}

/// How much a task is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Not asked for.
    None,
    /// As part of the plan, or because a named task needs it.
    Any { failed_too: bool },
    /// By its id.
    Named,
}

/// Whether the task waits for a person's word: an answer, or leave to merge what it made. What it has come to would be lost, and paid for
/// again, if it were begun anew for being named.
fn waits_for_a_word(genesis: &Genesis, task: &Task, story: Option<&TaskHistory>) -> bool {
    task.status == Status::Blocked
        && (open_question(genesis, task, story).is_some()
            || matches!(story.and_then(TaskHistory::lacks), Some(Lacks::Leave(_))))
}

fn place(status: Status, wish: Wish, is_ours: impl Fn() -> bool) -> Place {
    match (status, wish) {
        (Status::Completed, _) => Place::Completed,
        (_, Wish::None) => Place::LeftOut,
        (Status::Pending, _) => Place::ToDo,
        (Status::InProgress, _) if is_ours() => Place::Orphaned,
        (Status::InProgress, _) => Place::Foreign,
        (Status::Failed | Status::Blocked, Wish::Named)
        | (Status::Failed, Wish::Any { failed_too: true }) => Place::Again,
        (Status::Failed, Wish::Any { failed_too: false }) => Place::Failed,
        (Status::Blocked, Wish::Any { .. }) => Place::Blocked,
        (Status::Cancelled, _) => Place::Cancelled,
    }
}

#[cfg(test)]
mod tests;
