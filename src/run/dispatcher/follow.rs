//! Following the plan file: what others make of it while the run lasts.
//!
//! A document that is a valid plan counts from the next decision on; attempts that are under way keep what they were told. One that is
//! none is kept as it is, and the last valid plan goes on. What a person decides about a task wins over what its attempt comes to,
//! unless it may be the agent's own word (`completed`, `failed`, `blocked`): that is no more than a report.

use super::Dispatcher;
use super::steer::as_cancelled;
use crate::genesis::{Genesis, LineIndex, Status};
use crate::plan::{Ending, Event, State, Task, TaskId, TaskIndex};
use crate::run::books::News;
use crate::run::changes::{Version, changes};
use crate::run::ground::Ground;
use crate::run::job::Report;
use crate::run::outset::Place;
use crate::run::{Cause, PlanChange, RunError, RunEvent, Stage};

impl Dispatcher<'_> {
    /// Whether the plan file is a plan; what others changed is known then.
    pub(super) fn look(&mut self) -> Result<bool, RunError> {
        self.books.hear_others()?;
        let is_settled = self.books.look()?;
        self.is_unsettled = !is_settled;
        self.hear();
        Ok(is_settled)
    }

    pub(super) fn look_until_settled(&mut self) -> Result<(), RunError> {
        self.books.look_until_settled()?;
        self.is_unsettled = false;
        self.hear();
        Ok(())
    }

    pub(super) fn hear(&mut self) {
        for news in self.books.news() {
            if let Some(event) = news.told() {
                self.tell(event);
            }
            match news {
                News::Changed(before) => {
                    self.before.get_or_insert(before);
                }
                News::Asked { run, asks, by } => self.ask(&run, asks, by),
                News::SetBack(tasks) => self.hear_set_back(tasks),
                News::Answered { .. }
                | News::Again(_)
                | News::CaughtUp(_)
                | News::Restored { .. }
                | News::Waits { .. } => {}
            }
        }
    }

    /// Lays the ground anew for a plan that somebody changed.
    pub(super) fn follow_changes(&mut self) -> Result<(), RunError> {
        let Some(before) = self.before.take() else { return Ok(()) };
        let before = self.last_valid.take().unwrap_or(before);
        self.books.catch_up_document()?;
        match self.ground.changed(&self.settings, self.books.genesis(), self.books.history(), self.tell) {
            Ok(ground) => self.change_ground(ground, &before),
            Err(error) => {
                self.refuse(&error);
                self.last_valid = Some(before);
                Ok(())
            }
        }
    }

    /// Goes on with the last valid plan, and says so once.
    fn refuse(&mut self, error: &RunError) {
        let why = first_problem(error);
        if self.refused.as_ref() != Some(&why) {
            let text = format!(
                "the plan was changed and can't be run so: {why}; the last valid one counts until that is mended"
            );
            self.tell(RunEvent::Warning { task: None, text });
            self.refused = Some(why);
        }
    }

    pub(super) fn tell_still_refused(&self) {
        if let Some(why) = &self.refused {
            let text = format!("the plan file still can't be run as it is: {why}");
            self.tell(RunEvent::Warning { task: None, text });
        }
    }

    fn change_ground(&mut self, ground: Ground, before: &Genesis) -> Result<(), RunError> {
        let lost = self.all(|state| matches!(state, State::Ended(Ending::NotRun { .. })));
        let changes = self.changes(before, &ground);
        let moved = self.moved(&ground);
        let states: Vec<_> =
            ground.plan.tasks().map(|(index, task)| self.next_state(&ground, index, task)).collect();
        self.ground = ground;
        self.make_schedule(|index| states[index.0].clone());
        self.tell_changed(changes);
        for (task, place) in moved {
            self.follow_decision(&task, place)?;
        }
        self.overrule()?;
        self.tell_not_run(&lost.into_iter().collect());
        Ok(())
    }

    fn changes(&self, before: &Genesis, ground: &Ground) -> Vec<PlanChange> {
        let before = Version { genesis: before, plan: &self.ground.plan };
        let after = Version { genesis: self.books.genesis(), plan: &ground.plan };
        let mut changes = changes(before, after);
        changes.retain(|change| match change {
            PlanChange::Status { task, to, .. } => !self.is_known(task, *to),
            PlanChange::Added(_)
            | PlanChange::Removed(_)
            | PlanChange::Reworded(_)
            | PlanChange::Agent { .. }
            | PlanChange::Needs { .. } => true,
        });
        changes
    }

    /// Whether that status is our own doing, or an agent's report on its own task.
    fn is_known(&self, task: &TaskId, status: Status) -> bool {
        let story = self.books.history().task(task.as_str());
        let is_ours = story.and_then(|story| story.transitions.last()).is_some_and(|last| last.to == status);
        is_ours || (self.running.contains_key(task) && !is_overruling(status))
    }

    fn tell_changed(&mut self, changes: Vec<PlanChange>) {
        let was_refused = self.refused.take().is_some();
        if !changes.is_empty() {
            let open = self
                .schedule
                .states()
                .filter(|(_, state)| !matches!(state, State::Ended(_) | State::LeftOut));
            self.tell(RunEvent::PlanChanged { changes, open: open.count() });
        } else if was_refused {
            self.tell(RunEvent::Note("the plan can be run again".to_owned()));
        }
    }

    /// The tasks that are not under way and stand elsewhere than they did.
    fn moved(&self, ground: &Ground) -> Vec<(TaskId, Place)> {
        let is_new = |id: &TaskId, place: Place| {
            let before = self.ground.plan.find(id.as_str()).map(|index| self.schedule.state(index));
            match place {
                Place::Completed => before != Some(&State::Ended(Ending::Completed)),
                Place::Foreign | Place::Orphaned => before != Some(&State::Ended(Ending::Foreign)),
                Place::ToDo => matches!(before, Some(State::Ended(_))),
                Place::LeftOut | Place::Failed | Place::Blocked | Place::Cancelled | Place::Again => false,
            }
        };
        let tasks = ground.plan.tasks().map(|(index, task)| (task.id.clone(), ground.outset.places[index.0]));
        tasks.filter(|(id, place)| !self.running.contains_key(id) && is_new(id, *place)).collect()
    }

    fn follow_decision(&mut self, task: &TaskId, place: Place) -> Result<(), RunError> {
        match place {
            Place::Completed => return self.find_result(task),
            Place::Foreign | Place::Orphaned => self.note_foreign(task),
            Place::ToDo => {
                self.results.remove(task);
                self.unmerged.remove(task);
                self.tries.remove(task);
                self.forget_limits(task);
            }
            Place::LeftOut | Place::Failed | Place::Blocked | Place::Cancelled | Place::Again => {}
        }
        Ok(())
    }

    /// Where a task stands on new ground, before its prerequisites are looked at.
    fn next_state(&self, ground: &Ground, index: TaskIndex, task: &Task) -> State {
        if self.running.contains_key(&task.id) {
            return State::Running;
        }
        let before = self.ground.plan.find(task.id.as_str()).map(|index| self.schedule.state(index));
        match (ground.outset.places[index.0], before) {
            (Place::ToDo, Some(resting @ State::Resting { .. })) if !self.is_asked_for(&task.id) => {
                resting.clone()
            }
            (Place::ToDo, Some(State::Ended(Ending::Interrupted))) if self.stage.is_some() => {
                State::Ended(Ending::Interrupted)
            }
            // It failed or was blocked in this run, or by hand: only a further run takes it up again unasked.
            (Place::Again, _) if task.status == Status::Blocked => State::Ended(Ending::Blocked),
            (Place::Again, _) => State::Ended(Ending::Failed),
            (Place::Orphaned, _) => State::Ended(Ending::Foreign),
            _ => ground.outset.state(index),
        }
    }

    /// Ends the attempts at tasks about which a person has decided otherwise.
    fn overrule(&mut self) -> Result<(), RunError> {
        self.books.hear_others()?;
        let overruled = |(task, running): &(&TaskId, &super::Running)| {
            !running.is_overruled && (self.is_overruled(task) || self.decision(task).is_some())
        };
        let tasks: Vec<_> = self.running.iter().filter(overruled).map(|(task, _)| task.clone()).collect();
        for task in tasks {
            self.tell(RunEvent::Note(format!(
                "{task}: its attempt is ended, because somebody changed the task's status"
            )));
            if let Some(running) = self.running.get_mut(&task) {
                running.is_overruled = true;
                running.stop.send_replace(Some(Stage::End));
            }
        }
        Ok(())
    }

    pub(super) fn is_overruled(&self, task: &TaskId) -> bool {
        self.books.status(task.as_str()).is_some_and(is_overruling)
    }

    /// The status stays what the person made it; a task that is pending again is taken up again.
    pub(super) fn end_overruled(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        self.books.catch_up_document()?;
        let genesis = self.books.genesis();
        let is_cancelled = genesis.task(task.as_str()).is_some_and(|task| task.status == Status::Cancelled);
        let (ending, cause) = if is_cancelled {
            (Ending::Cancelled, Cause::Cancelled)
        } else {
            (Ending::Interrupted, Cause::Interrupted)
        };
        self.before.get_or_insert_with(|| Box::new(genesis.clone()));
        let lost = self.apply(task, Event::End(ending))?;
        if report.done {
            self.may_have_old_work();
            let text = "its work was merged before it could be ended".to_owned();
            self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        }
        self.tell_ended(task, &as_cancelled(report), cause);
        if !lost.is_empty() {
            self.tell_lost(lost, task, cause);
        }
        Ok(())
    }
}

/// What no agent says of its own task, so that a person must have: it is to be done again, or not at all.
fn is_overruling(status: Status) -> bool {
    match status {
        Status::Pending | Status::Cancelled => true,
        Status::InProgress | Status::Completed | Status::Failed | Status::Blocked => false,
    }
}

/// The first of what keeps a plan from being run, and how much more there is.
fn first_problem(error: &RunError) -> String {
    let RunError::Invalid { source_text, diagnostics } = error else { return error.to_string() };
    let errors: Vec<_> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let Some(first) = errors.first() else { return error.to_string() };
    let line = LineIndex::new(source_text).position(first.span.start).line;
    let more = match errors.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more (`blueprint validate` shows them)"),
    };
    format!("line {line}: {}{more}", first.message)
}
