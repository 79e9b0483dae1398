use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use super::{Plan, TaskIndex};

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
            (State::Ready, Event::Started) => Ok(State::Running),
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
            | (
                State::Running,
                Event::PrerequisiteCompleted | Event::PrerequisiteLost { .. } | Event::Started | Event::Due,
            )
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

/// All tasks of a plan in one run: what may start next, what is over, and why.
///
/// Ready tasks come out by urgency, the longest remaining path of estimates; ties in document order.
#[derive(Debug)]
pub struct Schedule<'p> {
    plan: &'p Plan,
    states: Vec<State>,
    ready: BinaryHeap<(Duration, Reverse<TaskIndex>)>,
    running: usize,
}

impl<'p> Schedule<'p> {
    /// A schedule in which each task starts in the state that `initial` gives: [`State::LeftOut`],
    /// [`State::Ended`], or anything else for a task that this run shall do.
    pub fn new(plan: &'p Plan, initial: impl Fn(TaskIndex) -> State) -> Self {
        let states = plan.tasks().map(|(index, _)| initial(index)).collect();
        let mut schedule = Self { plan, states, ready: BinaryHeap::new(), running: 0 };
        for &index in plan.topological() {
            schedule.settle(index);
        }
        schedule
    }

    /// Where a task stands.
    pub fn state(&self, index: TaskIndex) -> &State {
        &self.states[index.0]
    }

    /// All states in document order.
    pub fn states(&self) -> impl Iterator<Item = (TaskIndex, &State)> {
        self.states.iter().enumerate().map(|(i, state)| (TaskIndex(i), state))
    }

    /// How many attempts are under way.
    pub fn running(&self) -> usize {
        self.running
    }

    /// The most urgent task that can start now, if any; it stays ready until [`Event::Started`].
    pub fn next_ready(&mut self) -> Option<TaskIndex> {
        while let Some(&(_, Reverse(index))) = self.ready.peek() {
            if self.states[index.0] == State::Ready {
                return Some(index);
            }
            self.ready.pop();
        }
        None
    }

    /// Nothing runs, nothing can start and no pause has to end.
    pub fn is_over(&mut self) -> bool {
        self.running == 0 && self.next_ready().is_none() && self.next_due().is_none()
    }

    /// When the first resting task may start again.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.states
            .iter()
            .filter_map(|state| if let State::Resting { until } = state { Some(*until) } else { None })
            .min()
    }

    /// Ends every pause that is over at `now`.
    ///
    /// # Errors
    /// Never in practice; [`IllegalEvent`] would be a bug here.
    pub fn wake(&mut self, now: Timestamp) -> Result<(), IllegalEvent> {
        for i in 0..self.states.len() {
            if matches!(self.states[i], State::Resting { until } if until <= now) {
                self.apply(TaskIndex(i), Event::Due)?;
            }
        }
        Ok(())
    }

    /// Tells the schedule what happened to a task; gives the tasks that can't run any more because of it, in the order of the
    /// plan.
    ///
    /// # Errors
    /// [`IllegalEvent`] when it can't have happened.
    pub fn apply(&mut self, index: TaskIndex, event: Event) -> Result<Vec<TaskIndex>, IllegalEvent> {
        self.set(index, event)?;
        match &self.states[index.0] {
            State::Ended(Ending::Completed) => self.release_dependents(index).map(|()| Vec::new()),
            State::Ended(
                Ending::Failed
                | Ending::Blocked
                | Ending::Cancelled
                | Ending::Foreign
                | Ending::NotRun { .. },
            ) => self.lose_dependents(index),
            // An interrupted task is pending again: its dependents wait for the next run, nothing is lost.
            State::Ended(Ending::Interrupted)
            | State::LeftOut
            | State::Waiting { .. }
            | State::Ready
            | State::Running
            | State::Resting { .. } => Ok(Vec::new()),
        }
    }

    fn set(&mut self, index: TaskIndex, event: Event) -> Result<(), IllegalEvent> {
        let before = &self.states[index.0];
        let after = before.after(event)?;
        self.running -= usize::from(*before == State::Running && after != State::Running);
        self.running += usize::from(*before != State::Running && after == State::Running);
        self.states[index.0] = after;
        self.queue(index);
        Ok(())
    }

    fn queue(&mut self, index: TaskIndex) {
        if self.states[index.0] == State::Ready {
            self.ready.push((self.plan.urgency(index), Reverse(index)));
        }
    }

    fn release_dependents(&mut self, index: TaskIndex) -> Result<(), IllegalEvent> {
        for dependent in self.plan.dependents(index) {
            self.set(dependent, Event::PrerequisiteCompleted)?;
        }
        Ok(())
    }

    fn lose_dependents(&mut self, because: TaskIndex) -> Result<Vec<TaskIndex>, IllegalEvent> {
        let mut lost = Vec::new();
        let mut open = self.plan.dependents(because);
        while let Some(index) = open.pop() {
            if matches!(self.states[index.0], State::Waiting { .. } | State::Ready) {
                self.set(index, Event::PrerequisiteLost { because })?;
                lost.push(index);
                open.extend(self.plan.dependents(index));
            }
        }
        lost.sort_unstable();
        Ok(lost)
    }

    /// The first state of a task whose prerequisites are settled already.
    fn settle(&mut self, index: TaskIndex) {
        if matches!(self.states[index.0], State::LeftOut | State::Ended(_) | State::Running) {
            self.running += usize::from(self.states[index.0] == State::Running);
            return;
        }
        let before = self.plan.prerequisites(index);
        let cause = before.iter().find_map(|&b| self.cause(b));
        let missing = before.iter().filter(|b| self.states[b.0] != State::Ended(Ending::Completed)).count();
        self.states[index.0] = match (cause, missing) {
            (Some(because), _) => State::Ended(Ending::NotRun { because }),
            (None, 0) => State::Ready,
            (None, missing) => State::Waiting { missing },
        };
        self.queue(index);
    }

    /// The task because of which nothing after `index` can run, if there is one.
    fn cause(&self, index: TaskIndex) -> Option<TaskIndex> {
        match self.states[index.0] {
            State::Ended(Ending::NotRun { because }) => Some(because),
            State::Ended(
                Ending::Failed | Ending::Blocked | Ending::Cancelled | Ending::Foreign | Ending::Interrupted,
            )
            | State::LeftOut => Some(index),
            State::Ended(Ending::Completed)
            | State::Waiting { .. }
            | State::Ready
            | State::Running
            | State::Resting { .. } => None,
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
