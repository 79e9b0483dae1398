//! What people ask of a live run from elsewhere. It stands in the journal, and is heard as soon as it is there.

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::git::Unmerged;
use crate::plan::{Event, State, TaskId};
use crate::run::job::Report;
use crate::run::record::{Asks, Fact};
use crate::run::watch::{Sought, Watch, Watcher};
use crate::run::{RunError, RunEvent, Stage};

/// What has been asked for, and what holds of it.
#[derive(Default)]
pub(super) struct Steering {
    /// What nobody has looked at yet, and by whom it was asked.
    asked: Vec<(Asks, String)>,
    /// Tasks that were set back.
    set_back: Vec<TaskId>,
    /// Nothing new is to start until somebody says so.
    is_paused: bool,
    /// No work of tasks that are to be done again is in the integration branch, as far as we know.
    is_old_work_out: bool,
    /// How urgently the run was asked to end, by signals or from elsewhere.
    stage: Option<Stage>,
}

/// Hears at once what others do to the plan file, and what they add to the journal.
pub(super) struct Ears {
    plan: Watch,
    journal: Watch,
}

impl Ears {
    pub(super) async fn hear(&mut self) {
        tokio::select! {
            () = self.plan.changed() => {}
            () = self.journal.changed() => {}
        }
    }
}

impl Dispatcher<'_> {
    /// Listens from now on, within the runtime.
    pub(super) fn ears(&mut self) -> Ears {
        self.watcher = Watcher::start();
        let watch = |sought| self.watcher.watch(sought);
        let ears = Ears {
            plan: watch(Sought::file_by_folder(self.site.plan.path())),
            journal: watch(Sought::added_to_by_others(&self.site.state.journal())),
        };
        if let Some(why) = ears.plan.why_slow().or_else(|| ears.journal.why_slow()) {
            self.tell(RunEvent::Note(format!("changes of the plan are seen only every few seconds: {why}")));
        }
        ears
    }

    /// Somebody asks that of a run: of this one or another.
    pub(super) fn ask(&mut self, run: &str, asks: Asks, by: String) {
        if *run == self.common.run {
            self.steering.asked.push((asks, by));
        }
    }

    pub(super) fn hear_set_back(&mut self, tasks: Vec<TaskId>) {
        self.steering.set_back.extend(tasks);
        self.may_have_old_work();
    }

    pub(super) fn is_paused(&self) -> bool {
        self.steering.is_paused
    }

    pub(super) fn do_as_asked(&mut self) -> Result<(), RunError> {
        for task in std::mem::take(&mut self.steering.set_back) {
            self.begin_anew(&task)?;
        }
        for (asks, by) in std::mem::take(&mut self.steering.asked) {
            match asks {
                Asks::Pause => self.pause(true, RunEvent::Paused { by }),
                Asks::Resume => self.pause(false, RunEvent::Resumed { by }),
                Asks::Stop => self.end_at(self.one_stage_more())?,
                Asks::StopNow => self.end_at(self.one_stage_more().max(Stage::End))?,
            }
        }
        Ok(())
    }

    fn pause(&mut self, is_paused: bool, event: RunEvent) {
        if std::mem::replace(&mut self.steering.is_paused, is_paused) != is_paused {
            self.tell(event);
        }
    }

    pub(super) fn end_at(&mut self, stage: Stage) -> Result<(), RunError> {
        self.steering.stage = Some(stage);
        self.tell(RunEvent::Stopping(stage));
        self.stop_at(stage)
    }

    /// What the next wish to end means, wherever it comes from.
    pub(super) fn one_stage_more(&self) -> Stage {
        match self.steering.stage {
            None => Stage::Drain,
            Some(Stage::Drain) => Stage::End,
            Some(Stage::End | Stage::Kill) => Stage::Kill,
        }
    }

    /// What is to be done again has all its retries before it, and waits for none.
    fn begin_anew(&mut self, task: &TaskId) -> Result<(), RunError> {
        self.tries.remove(task);
        self.forget_limits(task);
        let index = self.ground.plan.find(task.as_str());
        if index.is_some_and(|index| matches!(self.schedule.state(index), State::Resting { .. })) {
            self.apply(task, Event::Due)?;
        }
        Ok(())
    }

    /// Work has been merged, or has to leave, since we looked.
    pub(super) fn may_have_old_work(&mut self) {
        self.steering.is_old_work_out = false;
    }

    /// Before a task is done again, its old work leaves the integration branch. Whoever set it back has seen to that, unless they were
    /// killed, or an attempt was just being merged.
    pub(super) fn take_out_old_work(&mut self) -> Result<(), RunError> {
        if std::mem::replace(&mut self.steering.is_old_work_out, true) {
            return Ok(());
        }
        let genesis = self.books.genesis();
        let is_open =
            |id: &TaskId| genesis.task(id.as_str()).is_some_and(|task| task.status != Status::Completed);
        let set_back = self.books.history().tasks().filter(|(id, story)| story.is_set_back() && is_open(id));
        let tasks: Vec<_> = set_back.map(|(id, _)| id.as_str()).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        let unmerged = self.common.repo.unmerge(&self.common.refs, &tasks)?;
        self.record_moved_merges()?;
        if let Unmerged::Conflict { subject, .. } = unmerged {
            let text = format!(
                "the old work of tasks that are done again is still in {}: `{subject}` does not hold without it",
                self.common.refs.integration()
            );
            self.tell(RunEvent::Warning { task: None, text });
        }
        Ok(())
    }

    /// An attempt that is ended because a person has decided otherwise was cancelled. It can't know: it was only told to end.
    pub(super) fn named(&self, mut fact: Fact) -> Fact {
        if let Fact::AttemptEnded(ended) = &mut fact
            && self.running.get(&ended.task).is_some_and(|running| running.is_overruled)
        {
            ended.outcome = cancelled(ended.outcome);
        }
        fact
    }
}

/// The same for what it reports.
pub(super) fn as_cancelled(report: &Report) -> Report {
    Report { outcome: cancelled(report.outcome), ..report.clone() }
}

fn cancelled(outcome: Outcome) -> Outcome {
    if outcome == Outcome::Interrupted { Outcome::Cancelled } else { outcome }
}
