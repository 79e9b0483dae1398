//! What keeps a pending task from being run: the root cause, or a limit that ends at a known time.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::agent::Outcome;
use crate::genesis::{Genesis, Status};
use crate::plan::{Ending, Plan, Schedule, State, TaskIndex};
use crate::report::text::clean;
use crate::run::{History, TaskHistory};

/// A task that did not complete, so that others can't run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootCause {
    /// Its id.
    pub task: String,
    /// Where it stands.
    pub status: Status,
    /// How its last attempt went wrong, unless a person has decided since.
    pub outcome: Option<Outcome>,
}

impl RootCause {
    /// As the end of "because …".
    pub(in crate::report) fn sentence(&self) -> String {
        let by_status = match self.status {
            Status::Failed => "failed",
            Status::Blocked => "is blocked",
            Status::Cancelled => "was cancelled",
            Status::Pending | Status::InProgress | Status::Completed => "did not complete",
        };
        format!("`{}` {}", clean(&self.task), self.outcome.map_or(by_status, Outcome::sentence))
    }
}

/// The root cause of each task that can't run.
#[derive(Debug)]
pub(super) struct Waits(BTreeMap<TaskIndex, RootCause>);

impl Waits {
    pub(super) fn of(genesis: &Genesis, plan: &Arc<Plan>, history: &History) -> Self {
        let schedule = Schedule::new(plan, |index| match plan.task(index).status {
            Status::Completed => State::Ended(Ending::Completed),
            Status::Failed => State::Ended(Ending::Failed),
            Status::Blocked => State::Ended(Ending::Blocked),
            Status::Cancelled => State::Ended(Ending::Cancelled),
            Status::InProgress => State::Running,
            Status::Pending => State::Ready,
        });
        let lost = schedule.states().filter_map(|(index, state)| match state {
            State::Ended(Ending::NotRun { because }) => Some((index, *because)),
            _ => None,
        });
        Self(lost.map(|(index, because)| (index, root_cause(genesis, because, history))).collect())
    }

    pub(super) fn because(&self, index: TaskIndex) -> Option<&RootCause> {
        self.0.get(&index)
    }

    /// Each root cause, and how many tasks can't run because of it; what holds up most comes first.
    pub(super) fn counted(self) -> Vec<(RootCause, usize)> {
        let mut counted: Vec<(RootCause, usize)> = Vec::new();
        for cause in self.0.into_values() {
            match counted.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, count)) => *count += 1,
                None => counted.push((cause, 1)),
            }
        }
        counted.sort_by_key(|(_, count)| Reverse(*count));
        counted
    }
}

fn root_cause(genesis: &Genesis, index: TaskIndex, history: &History) -> RootCause {
    let task = &genesis.tasks()[index.0];
    let outcome = history.task(&task.id).and_then(TaskHistory::failure).map(|(outcome, _)| outcome);
    RootCause { task: task.id.clone(), status: task.status, outcome }
}
