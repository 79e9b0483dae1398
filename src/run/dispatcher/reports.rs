//! What agents say while they work: told, and what the plan keeps of it is written there.

use super::Dispatcher;
use crate::genesis::Entry;
use crate::plan::TaskIndex;
use crate::run::outbox::Says;
use crate::run::record::Fact;
use crate::run::{RunError, RunEvent};

impl Dispatcher<'_> {
    pub(super) fn tell_said(&self, index: TaskIndex, says: &Says) {
        self.tell(RunEvent::Reported {
            task: self.id(index),
            attempt: self.attempt_number(index),
            kind: says.word(),
            text: says.text().to_owned(),
        });
    }

    /// Notes, learnings and decisions of all attempts that a run, killed, has not written any more.
    pub(super) fn keep_reports(&mut self) -> Result<(), RunError> {
        let ground = self.ground;
        ground.plan.tasks().try_for_each(|(index, _)| self.keep_reports_of(index))
    }

    /// Those of one task's attempts. The journal has them: they are written to the plan, then that they are. A run that is killed in between
    /// finds them there, and writes nothing twice.
    pub(super) fn keep_reports_of(&mut self, index: TaskIndex) -> Result<(), RunError> {
        let task = self.id(index);
        let attempts = self.books.history.task(task.as_str()).into_iter().flat_map(|story| &story.attempts);
        let open: Vec<_> = attempts
            .filter(|attempt| attempt.kept < attempt.reports.len())
            .map(|attempt| (attempt.started.attempt, attempt.to_keep(), attempt.reports.len()))
            .collect();
        for (attempt, entries, reports) in open {
            self.keep(index, &entries)?;
            self.record(Fact::Kept { task: task.clone(), attempt, reports })?;
        }
        Ok(())
    }

    fn keep(&mut self, index: TaskIndex, entries: &[Entry]) -> Result<(), RunError> {
        if entries.is_empty() {
            return Ok(());
        }
        match self.save(|now| now.entries(entries)) {
            // Of a task that is not in the plan any more; the journal has it.
            Err(RunError::Edit(error)) => {
                let text = format!("what its agent noted can't be written: {error}");
                self.tell(RunEvent::Warning { task: Some(self.id(index)), text });
                Ok(())
            }
            saved => saved,
        }
    }
}
