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
            kind: says.word().into(),
            text: says.text().to_owned(),
        });
    }

    /// Notes, learnings and decisions of all attempts that a run, killed, has not written any more.
    pub(super) fn keep_reports(&mut self) -> Result<(), RunError> {
        let tasks: Vec<_> = self.ground.plan.tasks().map(|(_, task)| task.id.clone()).collect();
        tasks.iter().try_for_each(|task| {
            self.keep_reports_of(task)?;
            self.keep_measurements(task)
        })
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
            self.keep(task, entries)?;
            self.record(Fact::Kept { task: task.clone(), attempt, reports })?;
        }
        Ok(())
    }

    /// Of a task that is not in the plan any more the notes have no place there; the journal has them.
    fn keep(&mut self, task: &TaskId, mut entries: Vec<Entry>) -> Result<(), RunError> {
        let before = entries.len();
        if self.books.genesis().task(task.as_str()).is_none() {
            entries.retain(|entry| !matches!(entry, Entry::Note(_)));
        }
        if entries.len() < before {
            let text = "is not in the plan any more: its agent's notes stand in the journal alone".to_owned();
            self.tell(RunEvent::Warning { task: Some(task.clone()), text });
        }
        if entries.is_empty() { Ok(()) } else { self.books.stage(move |now| now.entries(&entries)) }
    }
}
