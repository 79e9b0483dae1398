//! How long a plan took, and how much longer it will take.

use std::time::Duration;

use jiff::Timestamp;

use super::model::millis;
use crate::genesis::Status;
use crate::plan::{Plan, Task, TaskIndex};
use crate::run::{History, TaskHistory};
use crate::store::RunOwner;

/// The times of a plan, as of one moment.
pub(super) struct Pace {
    /// Until when what is under way counts.
    until: Option<Timestamp>,
    elapsed: Option<Duration>,
    remaining: Duration,
}

/// Whether it is to be done still, or again.
pub(super) fn is_open(status: Status) -> bool {
    match status {
        Status::Completed | Status::Cancelled => false,
        Status::Pending | Status::InProgress | Status::Failed | Status::Blocked => true,
    }
}

impl Pace {
    pub(super) fn of(plan: &Plan, history: &History, run: Option<&RunOwner>, now: Timestamp) -> Self {
        let elapsed = history.at_work(run.map(|run| run.run.as_str()), now);
        let until = history.counts_until(run.is_some(), now);
        let mut pace = Self { until, elapsed, remaining: Duration::ZERO };
        pace.remaining = plan.longest_path_by(|index| pace.left(plan, history, index));
        pace
    }

    /// What a task still counts for on a path. One that failed, or waits for somebody, has to be done again or to its end.
    fn left(&self, plan: &Plan, history: &History, index: TaskIndex) -> Duration {
        let task = plan.task(index);
        match task.status {
            Status::Completed | Status::Cancelled => Duration::ZERO,
            Status::InProgress => {
                let ran = self.ran(task, history.task(task.id.as_str())).unwrap_or_default();
                plan.weight(index).saturating_sub(ran)
            }
            Status::Pending | Status::Failed | Status::Blocked => plan.weight(index),
        }
    }

    /// For how long the attempt has been under way that a task is in progress by.
    fn ran(&self, task: &Task, story: Option<&TaskHistory>) -> Option<Duration> {
        let open = story?.last_attempt().filter(|last| last.is_at_work())?;
        (task.status == Status::InProgress).then(|| open.took(self.until))
    }

    /// The same, in milliseconds.
    pub(super) fn of_attempt(&self, task: &Task, story: Option<&TaskHistory>) -> Option<u64> {
        self.ran(task, story).map(millis)
    }

    pub(super) fn elapsed_ms(&self) -> Option<u64> {
        self.elapsed.map(millis)
    }

    pub(super) fn remaining_ms(&self) -> u64 {
        millis(self.remaining)
    }
}
