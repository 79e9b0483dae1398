//! Settling what happened: journal, plan file, schedule, and then the news.

use std::time::Duration;

use jiff::Timestamp;

use super::Dispatcher;
use super::spend::is_out_of_runs_budget;
use crate::agent::{Outcome, in_short};
use crate::genesis::{Edit, EditError, Genesis, Status, TaskResult};
use crate::plan::{Ending, Event, TaskId};
use crate::run::attempt::{Message, attempt};
use crate::run::gates::Decision;
use crate::run::job::Report;
use crate::run::record::{Fact, TransitionRecord};
use crate::run::verdict::{Next, next};
use crate::run::{Cause, Isolation, RunError, RunEvent, Stage, direct, ledger};

/// Who makes the transitions of a run.
pub(super) use crate::run::books::ACTOR;
const SECOND: Duration = Duration::from_secs(1);

impl Dispatcher<'_> {
    pub(super) fn record(&mut self, fact: Fact) -> Result<(), RunError> {
        if matches!(fact, Fact::Merged { .. }) {
            self.is_to_be_verified();
        }
        if let Fact::AttemptEnded(ended) = &fact {
            self.settle_account(ended);
        }
        if let Fact::GateEnded(ended) = &fact {
            self.end_review(ended);
        }
        self.books.record(fact)
    }

    /// Changes a task's status: in the journal, which is the commit point, then in the plan file; where agents have no worktree, a moment
    /// later.
    pub(super) fn transition(
        &mut self,
        task: &TaskId,
        to: Status,
        description: &str,
        changes: Option<String>,
        result: Option<TaskResult>,
    ) -> Result<(), RunError> {
        let known = self.books.status(task.as_str());
        // Whatever the agent may have written itself, the attempt that ends here was in progress.
        let is_an_end = to != Status::InProgress && self.numbers.contains_key(task);
        let from = known.filter(|_| !is_an_end).unwrap_or(Status::InProgress);
        let record = TransitionRecord {
            at: self.moment(task, to),
            task: task.clone(),
            from,
            to,
            actor: ACTOR.to_owned(),
            description: description.to_owned(),
            changes,
            result,
        };
        self.record(Fact::Transition(record.clone()))?;
        self.write_down(&record)
    }

    /// What the journal has, in the plan file.
    pub(super) fn write_down(&mut self, record: &TransitionRecord) -> Result<(), RunError> {
        let is_known = self.books.status(record.task.as_str()).is_some();
        if is_known && self.isolation(&record.task) == Isolation::None {
            self.books.follow_later(record.clone());
            return Ok(());
        }
        match self.write(record) {
            Err(RunError::Edit(EditError::UnknownTask(_))) => {
                self.tell_unwritten(record);
                Ok(())
            }
            written => written,
        }
    }

    /// Where somebody else has written that very status, it is taken back first: half a change would stay otherwise.
    fn write(&mut self, record: &TransitionRecord) -> Result<(), RunError> {
        let (first, theirs, again) = (record.clone(), record.clone(), record.clone());
        let edit = |record: &TransitionRecord, now: &Genesis| ledger::edit_of(record, now);
        self.books.stage(move |now| edit(&first, now))?;
        self.books.stage(move |now| {
            if ledger::is_written(&theirs, now) {
                Ok(Edit::default())
            } else {
                ledger::take_back(&theirs, now)
            }
        })?;
        self.books.stage(move |now| {
            if ledger::is_written(&again, now) { Ok(Edit::default()) } else { edit(&again, now) }
        })
    }

    fn tell_unwritten(&self, record: &TransitionRecord) {
        let to = record.to;
        let text = format!("is not in the plan any more: that it is {to} stands in the journal alone");
        self.tell(RunEvent::Warning { task: Some(record.task.clone()), text });
    }

    /// The time that the plan file shows for a change. The file has whole seconds, and by its second a change is found again: one that the
    /// task has had before in this very second gets the next one. Nor does a task's history go back in time: what a person has done may stand
    /// a second ahead.
    pub(super) fn moment(&self, task: &TaskId, to: Status) -> Timestamp {
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        let story = self
            .books
            .history()
            .task(task.as_str())
            .map(|story| story.transitions.as_slice())
            .unwrap_or_default();
        let last = story.iter().filter(|before| before.to == to).map(|before| before.at).max();
        let next = last.and_then(|last| last.checked_add(SECOND).ok());
        let latest = story.iter().map(|before| before.at).max();
        let mut at = next.into_iter().chain(latest).fold(now, Timestamp::max);
        // Nor may it look like what somebody else has written in this very second.
        while self.is_taken(task, to, at) {
            at = at.checked_add(SECOND).unwrap_or(Timestamp::MAX);
        }
        at
    }

    fn is_taken(&self, task: &TaskId, to: Status, at: Timestamp) -> bool {
        let written = self.books.genesis().details(task.as_str()).history;
        let mut same = written.iter().filter(|event| event.status == Some(to));
        at < Timestamp::MAX && same.any(|event| event.at() == Some(at))
    }

    /// Saves what was decided, all at once, and then lets it have its effects: attempts go on or begin, and it is announced.
    pub(super) fn settle(&mut self) -> Result<(), RunError> {
        self.books.sync()?;
        for (_, written) in self.to_answer.drain(..) {
            // An attempt that has gone meanwhile needs no answer.
            let _ = written.send(());
        }
        self.books.flush()?;
        if self.books.is_behind() {
            self.look()?;
        }
        self.hear();
        for (job, link) in std::mem::take(&mut self.to_begin) {
            match job.cast.isolation {
                Isolation::Worktree | Isolation::Shared => tokio::spawn(attempt(job, link)),
                Isolation::None => tokio::spawn(direct::attempt(job, link)),
            };
        }
        if !self.books.is_ahead() {
            self.announce(usize::MAX);
        }
        Ok(())
    }

    /// Tells so many of the news that wait.
    pub(super) fn announce(&self, most: usize) {
        let mut waiting = self.to_tell.borrow_mut();
        let count = waiting.len().min(most);
        let mut news: Vec<_> = waiting.drain(..count).collect();
        drop(waiting);
        self.add_remaining(&mut news);
        news.into_iter().for_each(self.tell);
    }

    /// Begins to save what the plan file lacks; what waits to be announced until then is announced when that is done.
    pub(super) fn save_beside(&mut self) -> Result<(), RunError> {
        self.to_tell_saved = self.to_tell.borrow().len();
        let sender = self.sender.clone();
        let over = move || {
            let _ = sender.send(Message::Saved);
        };
        self.books.save_beside(over).map(drop)
    }

    pub(super) fn on_saved(&mut self) -> Result<(), RunError> {
        if self.books.end_save()? {
            self.announce(self.to_tell_saved);
        }
        Ok(())
    }

    pub(super) fn on_over(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        let running = self.running.remove(task);
        self.keep_reports_of(task)?;
        self.keep_measurements(task)?;
        self.give_back_share(task);
        let (own, limits) = running.as_ref().map(|running| running.caps).unwrap_or_default();
        self.warn_of_excess(task, report, limits);
        if running.is_some_and(|running| running.is_overruled) && self.is_overruled(task) {
            return self.end_overruled(task, report);
        }
        if let Some(decision) = self.decided(task)? {
            return self.leave_to(task, report, &decision);
        }
        if report.lost_session {
            return self.go_on(task, report);
        }
        let gated = match self.after_gates(task, report) {
            Some(Decision::GoOn) => return self.go_on(task, report),
            Some(Decision::GiveUp(why)) => Some(report.given_up(&why)),
            None => None,
        };
        let report = gated.as_ref().unwrap_or(report);
        let tries = self.tries_of(task, report.outcome);
        // A task that was taken out of the plan is not tried again.
        let stopping = self.stage.is_some() || self.ground.plan.find(task.as_str()).is_none();
        self.learn(task, report);
        if self.is_unreviewed(task, report) {
            return self.end_unreviewed(task, report);
        }
        if is_out_of_runs_budget(report, own, limits) {
            return self.end_for_want(task, report);
        }
        match next(report, tries, stopping, fastrand::f64(), Timestamp::now()) {
            Next::Complete => self.complete(task, report),
            Next::Block if self.is_to_be_resolved(task, report) => self.resolve(task, report),
            Next::Fail if report.outcome != Outcome::Escaped && self.was_resolving(task) => {
                self.give_up_resolving(task, report)
            }
            Next::Fail => self.end(task, report, Status::Failed, Ending::Failed, Cause::Failed),
            Next::Block => self.end(task, report, Status::Blocked, Ending::Blocked, Cause::Blocked),
            Next::Release => self.end(task, report, Status::Pending, Ending::Interrupted, Cause::Interrupted),
            Next::Again { pause } => self.again(task, report, pause),
            Next::Park { until } => self.park(task, report, until),
        }
    }

    fn complete(&mut self, task: &TaskId, report: &Report) -> Result<(), RunError> {
        let summary = report.summary.clone().unwrap_or_else(|| report.outcome.sentence().to_owned());
        let result =
            TaskResult { summary, deliverables: report.deliverables.clone(), notes: report.notes.clone() };
        let number = self.attempt_number(task);
        let mut description = format!("attempt {number} completed");
        if report.outcome == Outcome::NoChanges {
            description.push_str(" without a change");
        }
        let changes = report.commit.map(|commit| {
            let base = self.base(task).map_or_else(String::new, |base| format!(" from {base}"));
            let merged = report.merge.map_or_else(String::new, |merge| format!(", merged as {merge}"));
            format!("branch {}{base} to {commit}{merged}", self.branch(task))
        });
        self.transition(task, Status::Completed, &description, changes, Some(result))?;
        self.done_now += 1;
        let took = self.books.history().task(task.as_str()).map(|story| story.took(None));
        self.spent.0 += took.unwrap_or(report.duration);
        let index = self.ground.plan.find(task.as_str());
        self.spent.1 += index.map_or(Duration::ZERO, |index| self.ground.plan.weight(index));
        if let Some(commit) = report.commit {
            self.results.insert(task.clone(), commit);
        }
        self.apply(task, Event::End(Ending::Completed))?;
        self.retire_ended(task, Ending::Completed);
        self.tell_ended(task, report, Cause::Completed);
        Ok(())
    }

    pub(super) fn end(
        &mut self,
        task: &TaskId,
        report: &Report,
        status: Status,
        ending: Ending,
        cause: Cause,
    ) -> Result<(), RunError> {
        let why = explained(report);
        let description = format!("attempt {} {}", self.attempt_number(task), why);
        let result = (status == Status::Failed).then(|| TaskResult {
            summary: why,
            deliverables: Vec::new(),
            notes: report.summary.clone().filter(|_| report.detail.is_some()),
        });
        let changes = report.commit.map(|commit| format!("branch {} at {commit}", self.branch(task)));
        self.transition(task, status, &description, changes, result)?;
        let lost = self.apply(task, Event::End(ending))?;
        self.retire_ended(task, ending);
        self.tell_ended(task, report, cause);
        if self.is_about_to_ask(task) {
            self.consultation.keep_untold(task, lost);
        } else if !lost.is_empty() {
            self.tell_lost(lost, task, cause);
        }
        if self.settings.fail_fast && cause == Cause::Failed && self.stage.is_none() {
            self.failed_fast = true;
            self.stop_at(Stage::Drain)?;
            self.tell(RunEvent::Note(
                "nothing new starts, because of --fail-fast; running agents finish".into(),
            ));
        }
        Ok(())
    }

    fn again(&mut self, task: &TaskId, report: &Report, pause: std::time::Duration) -> Result<(), RunError> {
        let attempt = self.attempt_number(task);
        let description = format!("attempt {attempt} {}; another one follows", explained(report));
        self.transition(task, Status::Pending, &description, None, None)?;
        let until = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
        self.apply(task, Event::Rest { until })?;
        self.tell(RunEvent::Retrying {
            task: task.clone(),
            attempt,
            outcome: report.outcome,
            detail: report.detail.clone(),
            pause,
        });
        Ok(())
    }

    pub(super) fn branch(&self, task: &TaskId) -> String {
        self.common.refs.branch(self.place_name(task, self.isolation(task))).as_str().to_owned()
    }

    /// The commit that the task's current attempt started from.
    fn base(&self, task: &TaskId) -> Option<String> {
        let started = &self.books.history().task(task.as_str())?.last_attempt()?.started;
        let how =
            if started.on_integration { " (the integration branch, as prerequisites conflict)" } else { "" };
        Some(format!("{}{how}", started.base))
    }

    /// The number of the task's current attempt.
    pub(super) fn attempt_number(&self, task: &TaskId) -> u32 {
        self.numbers.get(task).copied().unwrap_or(1)
    }
}

/// How an attempt ended, as the end of "attempt 2 …".
fn explained(report: &Report) -> String {
    let words = report.outcome.sentence();
    match report.question.as_ref().or(report.detail.as_ref()).map(|detail| detail.trim()) {
        None | Some("") => words.to_owned(),
        Some(detail) => format!("{words}: {}", in_short(detail)),
    }
}
