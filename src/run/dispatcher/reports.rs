//! What agents say while they work: told, and what the plan keeps of it is written there.

use super::Dispatcher;
use crate::genesis::Entry;
use crate::plan::TaskId;
use crate::run::outbox::Says;
use crate::run::record::Fact;
use crate::run::{RunError, RunEvent};

impl Dispatcher<'_> {
    pub(super) fn tell_said(&self, task: &TaskId, says: &Says) {
        self.tell(RunEvent::Reported {
            task: task.clone(),
            attempt: self.attempt_number(task),
            kind: says.word(),
            text: says.text().to_owned(),
        });
    }

    /// Notes, learnings and decisions of all attempts that a run, killed, has not written any more.
    pub(super) fn keep_reports(&mut self) -> Result<(), RunError> {
        let tasks: Vec<_> = self.ground.plan.tasks().map(|(_, task)| task.id.clone()).collect();
        tasks.iter().try_for_each(|task| self.keep_reports_of(task))
    }

    /// Those of one task's attempts. The journal has them: they are written to the plan, then that they are. A run that is killed in between
    /// finds them there, and writes nothing twice.
    pub(super) fn keep_reports_of(&mut self, task: &TaskId) -> Result<(), RunError> {
        let attempts = self.books.history().task(task.as_str()).into_iter().flat_map(|story| &story.attempts);
        let open: Vec<_> = attempts
            .filter(|attempt| attempt.kept < attempt.reports.len())
            .map(|attempt| (attempt.started.attempt, attempt.to_keep(), attempt.reports.len()))
            .collect();
        for (attempt, entries, reports) in open {
            self.keep(task, &entries)?;
            self.record(Fact::Kept { task: task.clone(), attempt, reports })?;
        }
        Ok(())
    }

    fn keep(&mut self, task: &TaskId, entries: &[Entry]) -> Result<(), RunError> {
        if entries.is_empty() {
            return Ok(());
        }
        match self.save(|now| now.entries(entries)) {
            // Of a task that is not in the plan any more; the journal has it.
            Err(RunError::Edit(error)) => {
                let text = format!("what its agent noted can't be written: {error}");
                self.tell(RunEvent::Warning { task: Some(task.clone()), text });
                Ok(())
            }
            saved => saved,
        }
    }
}
