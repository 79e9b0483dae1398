use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::graph::Node;
use super::limits::{Limits, Share};
use super::ready::Ready;
use super::{Ending, Event, IllegalEvent, Plan, State, TaskIndex};

/// All tasks of a plan in one run: what may start next, what is over, and why.
///
/// Ready tasks come out by urgency, the longest remaining path of estimates; ties in document order.
#[derive(Debug)]
pub struct Schedule {
    plan: Arc<Plan>,
    states: Vec<State>,
    /// Of each barrier of the plan; filled in as the first states are settled.
    barriers: Vec<Option<Barrier>>,
    ready: Ready,
    /// The resting tasks, the first one to wake first.
    resting: BTreeSet<(Timestamp, TaskIndex)>,
    running: usize,
}

/// What stands before a task or a whole step of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Barrier {
    /// Everything before is completed.
    Open,
    /// So many are not completed yet.
    Closed { missing: usize },
    /// One will never be, because of that task.
    Lost { because: TaskIndex },
}

impl Schedule {
    /// A schedule in which each task starts in the state that `initial` gives: [`State::LeftOut`],
    /// [`State::Ended`], [`State::Running`], [`State::Resting`] (if nothing stands before it), or anything else for a task that this
    /// run shall do. A plan that changes while a run lasts gets a new schedule, with what is known from the old one.
    pub fn new(plan: &Arc<Plan>, initial: impl Fn(TaskIndex) -> State) -> Self {
        Self::limited(plan, Limits::default(), initial)
    }

    /// The same, where tasks need what not all of them can use at once.
    pub fn limited(plan: &Arc<Plan>, limits: Limits, initial: impl Fn(TaskIndex) -> State) -> Self {
        let mut schedule = Self {
            plan: Arc::clone(plan),
            states: plan.tasks().map(|(index, _)| initial(index)).collect(),
            barriers: vec![None; plan.barriers()],
            ready: Ready::new(limits),
            resting: BTreeSet::new(),
            running: 0,
        };
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

    /// The most urgent task that can start now, if any; it stays ready until [`Event::Started`]. One that has to wait for what others
    /// use holds up nobody else.
    pub fn next_ready(&mut self) -> Option<TaskIndex> {
        self.ready.next(|index| self.states[index.0] == State::Ready)
    }

    /// No task that needs it starts before that time; those that run go on.
    pub fn close(&mut self, share: Share, until: Timestamp) {
        self.ready.close(share, until);
    }

    /// Tasks that need it may start after all.
    pub fn reopen(&mut self, share: Share) {
        self.ready.reopen(share);
    }

    /// The tasks that need it and have still to start, in document order.
    pub fn waiting_for(&self, share: Share) -> Vec<TaskIndex> {
        let is_to_come = |state: &State| match state {
            State::Waiting { .. } | State::Ready | State::Resting { .. } => true,
            State::LeftOut | State::Running | State::Ended(_) => false,
        };
        let to_come = self.states().filter(|(_, state)| is_to_come(state)).map(|(index, _)| index);
        to_come.filter(|index| self.ready.limits().needs(*index).contains(&share)).collect()
    }

    /// Nothing runs, nothing can start and no pause has to end.
    pub fn is_over(&mut self) -> bool {
        self.running == 0 && self.next_ready().is_none() && self.next_due().is_none()
    }

    /// When the first resting task may start again, or a ready one that waits for what is closed.
    pub fn next_due(&mut self) -> Option<Timestamp> {
        let opening = self.ready.next_opening(|index| self.states[index.0] == State::Ready);
        let waking = self.resting.first().map(|(until, _)| *until);
        opening.into_iter().chain(waking).min()
    }

    /// Ends every pause that is over at `now`.
    ///
    /// # Errors
    /// Never in practice; [`IllegalEvent`] would be a bug here.
    pub fn wake(&mut self, now: Timestamp) -> Result<(), IllegalEvent> {
        self.ready.open(now);
        while let Some(&(until, index)) = self.resting.first()
            && until <= now
        {
            self.apply(index, Event::Due)?;
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
            State::Ended(Ending::Failed | Ending::Blocked | Ending::Cancelled | Ending::Foreign) => {
                self.lose_dependents(index, index)
            }
            State::Ended(Ending::NotRun { because }) => self.lose_dependents(index, *because),
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
        let after = self.states[index.0].after(event)?;
        let before = std::mem::replace(&mut self.states[index.0], after);
        match before {
            State::Running if self.states[index.0] != State::Running => {
                self.running -= 1;
                self.ready.give_back(index);
            }
            State::Resting { until } => {
                self.resting.remove(&(until, index));
            }
            State::LeftOut | State::Waiting { .. } | State::Ready | State::Running | State::Ended(_) => {}
        }
        if before != self.states[index.0] {
            self.enter(index);
        }
        Ok(())
    }

    /// Keeps the lists of what is in which state.
    fn enter(&mut self, index: TaskIndex) {
        match self.states[index.0] {
            State::Ready => self.ready.push(index, self.plan.urgency(index)),
            State::Resting { until } => {
                self.resting.insert((until, index));
            }
            State::Running => {
                self.running += 1;
                self.ready.take(index);
            }
            State::LeftOut | State::Waiting { .. } | State::Ended(_) => {}
        }
    }

    fn release_dependents(&mut self, index: TaskIndex) -> Result<(), IllegalEvent> {
        let plan = Arc::clone(&self.plan);
        for after in plan.after(Node::Task(index)) {
            match after {
                Node::Task(dependent) => self.release(dependent)?,
                Node::Barrier(barrier) => self.approach(barrier)?,
            }
        }
        Ok(())
    }

    fn release(&mut self, dependent: TaskIndex) -> Result<(), IllegalEvent> {
        self.set(dependent, Event::PrerequisiteCompleted)
    }

    /// One more of the tasks before the barrier is completed; the last one opens it.
    fn approach(&mut self, barrier: usize) -> Result<(), IllegalEvent> {
        if let Some(Barrier::Closed { missing }) = &mut self.barriers[barrier] {
            *missing = missing.saturating_sub(1);
            if *missing == 0 {
                self.barriers[barrier] = Some(Barrier::Open);
                let plan = Arc::clone(&self.plan);
                let mut waiting = plan.after(Node::Barrier(barrier)).filter_map(Node::task);
                return waiting.try_for_each(|dependent| self.release(dependent));
            }
        }
        Ok(())
    }

    /// What comes after `index` will never be ready, because of `because`.
    fn lose_dependents(
        &mut self,
        index: TaskIndex,
        because: TaskIndex,
    ) -> Result<Vec<TaskIndex>, IllegalEvent> {
        let mut lost = Vec::new();
        let plan = Arc::clone(&self.plan);
        let mut open: Vec<_> = plan.after(Node::Task(index)).collect();
        while let Some(node) = open.pop() {
            if self.lose(node, because)? {
                lost.extend(node.task());
                open.extend(plan.after(node));
            }
        }
        lost.sort_unstable();
        Ok(lost)
    }

    /// Whether the node was still to come, and now never will.
    fn lose(&mut self, node: Node, because: TaskIndex) -> Result<bool, IllegalEvent> {
        match node {
            Node::Task(index) => {
                let is_to_come = matches!(self.states[index.0], State::Waiting { .. } | State::Ready);
                if is_to_come {
                    self.set(index, Event::PrerequisiteLost { because })?;
                }
                Ok(is_to_come)
            }
            Node::Barrier(barrier) => {
                let before = self.barriers[barrier].replace(Barrier::Lost { because });
                Ok(!matches!(before, Some(Barrier::Lost { .. })))
            }
        }
    }

    /// The first state of a task whose prerequisites are settled already.
    fn settle(&mut self, index: TaskIndex) {
        if !matches!(self.states[index.0], State::LeftOut | State::Ended(_) | State::Running) {
            match self.before(Node::Task(index)) {
                Barrier::Lost { because } => self.states[index.0] = State::Ended(Ending::NotRun { because }),
                Barrier::Open if matches!(self.states[index.0], State::Resting { .. }) => {}
                Barrier::Open => self.states[index.0] = State::Ready,
                Barrier::Closed { missing } => self.states[index.0] = State::Waiting { missing },
            }
        }
        self.enter(index);
    }

    /// What stands before a node, all together, at the start.
    fn before(&mut self, node: Node) -> Barrier {
        let mut missing = 0;
        let mut lost: Option<TaskIndex> = None;
        let plan = Arc::clone(&self.plan);
        for before in plan.before(node) {
            let (is_open, cause) = match before {
                Node::Task(index) => {
                    (self.states[index.0] == State::Ended(Ending::Completed), self.cause(index))
                }
                Node::Barrier(barrier) => match self.barrier(barrier) {
                    Barrier::Open => (true, None),
                    Barrier::Closed { .. } => (false, None),
                    Barrier::Lost { because } => (false, Some(because)),
                },
            };
            missing += usize::from(!is_open);
            lost = lost.into_iter().chain(cause).min();
        }
        match (lost, missing) {
            (Some(because), _) => Barrier::Lost { because },
            (None, 0) => Barrier::Open,
            (None, missing) => Barrier::Closed { missing },
        }
    }

    fn barrier(&mut self, barrier: usize) -> Barrier {
        let settled = self.barriers[barrier].unwrap_or_else(|| self.before(Node::Barrier(barrier)));
        self.barriers[barrier] = Some(settled);
        settled
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
