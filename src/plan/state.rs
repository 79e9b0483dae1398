use jiff::Timestamp;
use thiserror::Error;

use super::TaskIndex;

/// Where a task stands in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not asked for: this run neither starts nor waits for it.
    LeftOut,
    /// Some prerequisites are not completed yet.
    Waiting {
        /// How many.
        missing: usize,
    },
    /// Can start as soon as there is a slot.
    Ready,
    /// An attempt is under way.
    Running,
    /// An attempt ended, the next one starts later; holds no slot.
    Resting {
        /// When it may start.
        until: Timestamp,
    },
    /// Over, for this run.
    Ended(Ending),
}

/// How a task is over, for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its work is done; dependents may start.
    Completed,
    /// It failed for good.
    Failed,
    /// It waits for a person: a conflict, a question, a missing thing.
    Blocked,
    /// A person cancelled it.
    Cancelled,
    /// The run was ended before it was done; it is pending again.
    Interrupted,
    /// Somebody else has it; this run leaves it alone.
    Foreign,
    /// It can't run, because of the task named here: the root cause, not the neighbour.
    NotRun {
        /// The task that did not complete.
        because: TaskIndex,
    },
}

/// What happens to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// One of its prerequisites is completed.
    PrerequisiteCompleted,
    /// It will never be ready, because that task did not complete.
    PrerequisiteLost {
        /// The root cause.
        because: TaskIndex,
    },
    /// An attempt starts.
    Started,
    /// Its attempt ended, another one shall follow.
    Rest {
        /// Not before then.
        until: Timestamp,
    },
    /// The pause is over.
    Due,
    /// It is over.
    End(Ending),
}

/// An event that can't happen in that state: a bug in whoever reports it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{event:?} can't happen to a task that is {state:?}")]
pub struct IllegalEvent {
    /// The task's state.
    pub state: State,
    /// What was reported.
    pub event: Event,
}

impl State {
    /// The one transition function: the state that follows an event.
    ///
    /// # Errors
    /// [`IllegalEvent`] where the two don't go together.
    pub fn after(&self, event: Event) -> Result<State, IllegalEvent> {
        let illegal = || Err(IllegalEvent { state: self.clone(), event });
        match (self, event) {
            (State::Waiting { missing: 0 | 1 }, Event::PrerequisiteCompleted)
            | (State::Resting { .. }, Event::Due) => Ok(State::Ready),
            (State::Waiting { missing }, Event::PrerequisiteCompleted) => {
                Ok(State::Waiting { missing: missing - 1 })
            }
            (State::Waiting { .. } | State::Ready, Event::PrerequisiteLost { because }) => {
                Ok(State::Ended(Ending::NotRun { because }))
            }
            // What a running one was begun on may be done again: where it stands then is seen when its attempt, which does not count, has ended.
            (State::Ready, Event::Started) | (State::Running, Event::PrerequisiteCompleted) => {
                Ok(State::Running)
            }
            (State::Running, Event::Rest { until }) => Ok(State::Resting { until }),
            (
                State::Running | State::Ready | State::Waiting { .. } | State::Resting { .. },
                Event::End(ending),
            ) => Ok(State::Ended(ending)),
            // A late word on what is over or left out changes nothing.
            (
                State::LeftOut | State::Ended(_),
                Event::PrerequisiteCompleted | Event::PrerequisiteLost { .. },
            ) => Ok(self.clone()),
            (
                State::LeftOut | State::Ended(_),
                Event::Started | Event::Rest { .. } | Event::Due | Event::End(_),
            )
            | (State::Waiting { .. }, Event::Started | Event::Rest { .. } | Event::Due)
            | (State::Ready, Event::PrerequisiteCompleted | Event::Rest { .. } | Event::Due)
            | (State::Running, Event::PrerequisiteLost { .. } | Event::Started | Event::Due)
            | (
                State::Resting { .. },
                Event::PrerequisiteCompleted
                | Event::PrerequisiteLost { .. }
                | Event::Started
                | Event::Rest { .. },
            ) => illegal(),
        }
    }
}
