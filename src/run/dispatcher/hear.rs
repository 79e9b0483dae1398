//! What reaches the dispatcher: messages of attempts, and signals.

use super::Dispatcher;
use super::wrap_up::task_of;
use crate::git;
use crate::plan::{Ending, Event, State};
use crate::run::attempt::Message;
use crate::run::signals::Asked;
use crate::run::{Fact, RunError, RunEvent, Stage, output};

impl Dispatcher<'_> {
    pub(super) fn on_message(&mut self, message: Message) -> Result<(), RunError> {
        match message {
            Message::Record(fact, written) => {
                let task = task_of(&fact).cloned();
                self.to_answer.push((task, written));
                self.record(self.named(*fact))
            }
            Message::Saved => self.on_saved(),
            Message::Verified(commit, verified) => self.on_verified(commit, *verified),
            Message::Replied(task, replied) => {
                let (asked, reply) = *replied;
                self.on_reply(&task, asked, reply)
            }
            Message::Seen(fact) => self.record(*fact),
            Message::Running { task, resumed } => {
                self.tell_running(&task, resumed);
                Ok(())
            }
            Message::Begun(begun) => {
                self.tell_running(&begun.task, false);
                self.record(Fact::AgentStarted(*begun))
            }
            Message::Ended(ended, report) => {
                let task = ended.task.clone();
                self.record(self.named(Fact::AttemptEnded(*ended)))
                    .inspect_err(|_| self.forget(Some(&task)))?;
                self.on_over(&task, &report)
            }
            Message::Using(task, attempt, so_far) => {
                self.note_use(&task, attempt, so_far);
                Ok(())
            }
            Message::Warning(task, text) => {
                self.tell(RunEvent::Warning { task: Some(task), text });
                Ok(())
            }
            Message::Retired(task, removed) => {
                self.on_retired(task, &removed);
                Ok(())
            }
            Message::Note(text) => {
                self.tell(RunEvent::Note(text));
                Ok(())
            }
            Message::Overtime(over) => self.on_overtime(*over),
            Message::Said(task, says) => {
                self.tell_said(&task, &says);
                Ok(())
            }
            Message::ShareAsked(asked) => {
                self.give_share(*asked);
                Ok(())
            }
            Message::MayMerge(task, answer) => self.may_merge(task, answer),
            Message::Over(task, report) => self.on_over(&task, &report),
            Message::Broken(task, error) => {
                self.forget(Some(&task));
                Err(*error)
            }
        }
    }

    pub(super) fn on_signal(&mut self, asked: Asked) -> Result<(), RunError> {
        match asked {
            // A Ctrl-C after a `blueprint stop` is the second one.
            Asked::End(stage) => self.end_at(stage.max(self.one_stage_more())),
            Asked::Suspend => {
                self.suspend();
                Ok(())
            }
        }
    }

    pub(super) fn stop_at(&mut self, stage: Stage) -> Result<(), RunError> {
        if self.stage.is_none() {
            self.record(Fact::RunEnding { run: self.common.run.clone() })?;
        }
        self.stage = self.stage.max(Some(stage));
        self.stop_attempts(stage);
        if stage == Stage::Kill {
            // One may hang in a filter or a hook, and at once is at once.
            git::break_off_calls();
        }
        self.release_waiting()
    }

    pub(super) fn stop_attempts(&self, stage: Stage) {
        self.consultation.end();
        let stops = self.running.values().map(|running| &running.stop).chain(&self.verification.stop);
        for stop in stops {
            stop.send_if_modified(|before| {
                let is_more = *before < Some(stage);
                *before = (*before).max(Some(stage));
                is_more
            });
        }
    }

    /// Tasks that wait for their next try are pending in the file already: only the schedule has to know that none comes.
    fn release_waiting(&mut self) -> Result<(), RunError> {
        let resting = self.schedule.states().filter(|(_, state)| matches!(state, State::Resting { .. }));
        for index in resting.map(|(index, _)| index).collect::<Vec<_>>() {
            self.schedule.apply(index, Event::End(Ending::Interrupted))?;
        }
        Ok(())
    }

    pub(super) fn on_tick(&self) {
        for (task, running) in &self.running {
            if let Some(line) = output::last_line(&running.dir, running.runner.as_ref()) {
                let line = self.common.secrets.masked(&line);
                self.tell(RunEvent::Output { task: task.clone(), line });
            }
        }
    }
}
