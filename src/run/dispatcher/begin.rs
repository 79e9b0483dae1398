//! The beginning of a run: what earlier ones left, and the first attempts.

use std::collections::BTreeSet;

use super::Dispatcher;
use crate::genesis::Status;
use crate::plan::TaskId;
use crate::run::outset::Place;
use crate::run::process::kill_leftover;
use crate::run::{RunError, TaskHistory, step};

impl Dispatcher<'_> {
    /// Makes of every task what it is at the start: set back, taken up, found, or begun.
    pub(super) fn begin(&mut self) -> Result<(), RunError> {
        for (task, place) in self.places() {
            match place {
                Place::Again => self.transition(&task, Status::Pending, "to be run again", None, None)?,
                Place::Foreign => self.note_foreign(&task),
                Place::Completed => self.find_result(&task)?,
                Place::Blocked => self.note_waiting(&task),
                Place::LeftOut | Place::Failed | Place::Cancelled | Place::ToDo | Place::Orphaned => {}
            }
        }
        self.end_forgotten()?;
        self.keep_reports()?;
        let states: Vec<_> =
            self.ground.plan.tasks().map(|(index, _)| self.ground.outset.state(index)).collect();
        self.make_schedule(|index| states[index.0].clone());
        self.take_up_parked();
        self.open_jobserver();
        self.tell_not_run(&BTreeSet::new());
        for (task, _) in self.places().into_iter().filter(|(_, place)| *place == Place::Orphaned) {
            self.take_up(&task)?;
        }
        self.retire_merged();
        self.is_to_be_verified();
        self.start_ready()?;
        while self.verify_next()? {
            self.follow_changes()?;
            self.start_ready()?;
        }
        self.ask_for_answers();
        self.settle()
    }

    /// How each task stood when the ground was laid, in document order.
    fn places(&self) -> Vec<(TaskId, Place)> {
        let tasks = self.ground.plan.tasks();
        tasks.map(|(index, task)| (task.id.clone(), self.ground.outset.places[index.0])).collect()
    }

    /// Ends agents, and gates, of an earlier run whose task has been decided otherwise meanwhile.
    fn end_forgotten(&self) -> Result<(), RunError> {
        for (_, task) in self.ground.plan.tasks().filter(|(_, task)| task.status != Status::InProgress) {
            let story = self.books.history().task(task.id.as_str());
            let last = story.and_then(TaskHistory::last_attempt);
            let Some(last) = last.filter(|last| last.merge.is_none()) else { continue };
            let dir = self.site.state.attempt(self.ground.slug(&task.id), last.started.attempt);
            step::end_leftovers(&dir.steps())?;
            if last.ended.is_none() {
                kill_leftover(&dir)?;
            }
        }
        Ok(())
    }
}
