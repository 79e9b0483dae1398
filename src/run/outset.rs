//! What a run starts from: which tasks it is to do, what is over already, and what an earlier run left half done.

use crate::genesis::Status;
use crate::plan::{Ending, Plan, State, TaskIndex};

use super::History;
use super::settings::Settings;

/// How a run takes each task up, in document order.
pub(super) struct Outset {
    pub(super) places: Vec<Place>,
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
    pub(super) fn new(plan: &Plan, history: &History, settings: &Settings) -> Self {
        let wanted: Vec<_> = settings.only.iter().filter_map(|id| plan.find(id.as_str())).collect();
        let selected =
            if wanted.is_empty() { vec![true; plan.len()] } else { plan.with_prerequisites(&wanted) };
        let place = |(index, _): (TaskIndex, _)| {
            let named = wanted.contains(&index);
            place(plan, index, history, named || settings.rerun_failed, named, selected[index.0])
        };
        Self { places: plan.tasks().map(place).collect() }
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
            Place::ToDo | Place::Again | Place::Orphaned => State::Ready,
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

fn place(
    plan: &Plan,
    index: TaskIndex,
    history: &History,
    again: bool,
    named: bool,
    selected: bool,
) -> Place {
    let task = plan.task(index);
    match task.status {
        Status::Completed => Place::Completed,
        _ if !selected => Place::LeftOut,
        Status::Pending => Place::ToDo,
        Status::InProgress if is_ours(task.id.as_str(), history) => Place::Orphaned,
        Status::InProgress => Place::Foreign,
        Status::Failed if again => Place::Again,
        Status::Failed => Place::Failed,
        Status::Blocked if named => Place::Again,
        Status::Blocked => Place::Blocked,
        Status::Cancelled => Place::Cancelled,
    }
}

/// A run of ours has put it in progress, and nothing has happened to it since, as far as the journal knows.
fn is_ours(task: &str, history: &History) -> bool {
    let last = history.task(task).and_then(|story| story.transitions.last());
    last.is_some_and(|transition| transition.to == Status::InProgress)
}
