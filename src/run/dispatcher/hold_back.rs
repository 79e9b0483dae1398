//! Merges that wait: a resolution that others have overtaken comes first the next time, so that it gets done however much is merged.

use tokio::sync::oneshot;

use super::Dispatcher;
use crate::plan::TaskId;
use crate::run::{RunError, RunEvent, Stage, TaskHistory};

/// Attempts that wait to be told whether their work may be merged.
#[derive(Default)]
pub(super) struct HeldBack(Vec<(TaskId, oneshot::Sender<bool>)>);

impl Dispatcher<'_> {
    /// An attempt wants to merge its work; it waits while another one comes first. That is for no longer than this one's attempt lasts.
    pub(super) fn may_merge(&mut self, task: TaskId, answer: oneshot::Sender<bool>) -> Result<(), RunError> {
        if let Some(first) = self.comes_before(&task)? {
            self.tell(RunEvent::Note(format!(
                "{task}: its merge waits until the conflict of {first} is resolved, which others have overtaken"
            )));
            self.held_back.0.push((task, answer));
            return Ok(());
        }
        self.answer_merge(&task, answer)
    }

    /// Those whose turn it is are told so.
    pub(super) fn let_merge(&mut self) -> Result<(), RunError> {
        let mut index = 0;
        while let Some(task) = self.held_back.0.get(index).map(|(task, _)| task.clone()) {
            if self.comes_before(&task)?.is_some() {
                index += 1;
                continue;
            }
            let (_, answer) = self.held_back.0.remove(index);
            self.answer_merge(&task, answer)?;
        }
        Ok(())
    }

    /// Nothing can be recorded any more: they get no answer, and give up.
    pub(super) fn drop_held_back(&mut self) {
        for (task, _) in std::mem::take(&mut self.held_back.0) {
            self.forget(Some(&task));
        }
    }

    fn answer_merge(&mut self, task: &TaskId, answer: oneshot::Sender<bool>) -> Result<(), RunError> {
        let decided = self.decided(task).inspect_err(|_| self.forget(Some(task)))?;
        let may = decided.is_none() && !self.is_overruled(task);
        let _ = answer.send(may);
        Ok(())
    }

    /// The task whose resolution has to be waited for. What a person has decided about waits for nobody, and where agents are being ended
    /// there is nothing to wait for.
    fn comes_before(&mut self, task: &TaskId) -> Result<Option<TaskId>, RunError> {
        let Some(first) = self.comes_first().filter(|first| first != task) else { return Ok(None) };
        let is_ours = self.decided(task).inspect_err(|_| self.forget(Some(task)))?.is_none();
        Ok((is_ours && !self.is_overruled(task)).then_some(first))
    }

    /// Of those that are being resolved again, the one that was overtaken the most often.
    fn comes_first(&self) -> Option<TaskId> {
        if self.stage.is_some_and(|stage| stage >= Stage::End) {
            return None;
        }
        let overtaken = |task: &TaskId| {
            let story = self.books.history().task(task.as_str());
            story.map_or(0, TaskHistory::times_overtaken)
        };
        let running = self.running.keys().map(|task| (overtaken(task), task));
        // Of several the first by its name: `max_by_key` would take the last.
        let first = running.rev().filter(|(times, _)| *times > 0).max_by_key(|(times, _)| *times);
        first.map(|(_, task)| task.clone())
    }
}
