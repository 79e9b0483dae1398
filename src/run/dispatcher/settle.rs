//! Settling what happened: journal, plan file, schedule, and then the news.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::Dispatcher;
use crate::agent::Outcome;
use crate::genesis::{Edit, EditError, Genesis, Status, TaskResult};
use crate::plan::{Ending, Event, State, TaskId, TaskIndex};
use crate::run::job::Report;
use crate::run::record::{Fact, Record, TransitionRecord};
use crate::run::verdict::{Next, next};
use crate::run::{Cause, RunError, RunEvent, Stage, TaskEnded, ledger};

/// Who makes the transitions of a run.
const ACTOR: &str = "blueprint";
const SECOND: Duration = Duration::from_secs(1);

impl Dispatcher<'_> {
    pub(super) fn record(&mut self, fact: Fact) -> Result<(), RunError> {
        let record = Record::now(fact);
        tracing::debug!(fact = ?record.fact, "journal");
        self.books.journal.append(&record)?;
        self.books.history.add(record);
        Ok(())
    }

    /// Changes a task's status: in the journal, which is the commit point, then in the plan file.
    pub(super) fn transition(
        &mut self,
        index: TaskIndex,
        to: Status,
        description: &str,
        changes: Option<String>,
        result: Option<TaskResult>,
    ) -> Result<(), RunError> {
        let task = self.id(index);
        let from = self.books.genesis.task(task.as_str()).map_or(Status::Pending, |task| task.status);
        let record = TransitionRecord {
            at: self.moment(&task, to),
            task,
            from,
            to,
            actor: ACTOR.to_owned(),
            description: description.to_owned(),
            changes,
            result,
        };
        self.record(Fact::Transition(record.clone()))?;
        self.save(|now| ledger::edit_of(&record, ledger::project_status(&record, now), now))?;
        if !ledger::is_written(&record, &self.books.genesis) {
            self.save(|now| ledger::take_back(&record, now))?;
            self.save(|now| ledger::edit_of(&record, ledger::project_status(&record, now), now))?;
        }
        Ok(())
    }

    /// The time that the plan file shows for a change. The file has whole seconds, and by its second a change is found again: one that the
    /// task has had before in this very second gets the next one.
    fn moment(&self, task: &TaskId, to: Status) -> Timestamp {
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        let story = self
            .books
            .history
            .task(task.as_str())
            .map(|story| story.transitions.as_slice())
            .unwrap_or_default();
        let last = story.iter().filter(|before| before.to == to).map(|before| before.at).max();
        let next = last.and_then(|last| last.checked_add(SECOND).ok());
        next.map_or(now, |next| now.max(next))
    }

    pub(super) fn save(
        &mut self,
        decide: impl Fn(&Genesis) -> Result<Edit, EditError>,
    ) -> Result<(), RunError> {
        let saved = self.site.plan.commit(decide)?;
        tracing::debug!(changed = saved.changed, "plan saved");
        self.books.genesis = saved.genesis;
        Ok(())
    }

    pub(super) fn on_over(&mut self, index: TaskIndex, report: &Report) -> Result<(), RunError> {
        self.running.remove(&index);
        self.keep_reports_of(index)?;
        if let Some(cost) = report.cost_usd {
            *self.cost_usd.get_or_insert(0.0) += cost;
        }
        if let Some(decision) = self.decided(index)? {
            return self.leave_to(index, report, &decision);
        }
        let tries = self.tries.get(&index).copied().unwrap_or(1);
        let stopping = self.stage.is_some();
        match next(report, tries, self.settings.retries, stopping, fastrand::f64()) {
            Next::Complete => self.complete(index, report),
            Next::Fail => self.end(index, report, Status::Failed, Ending::Failed, Cause::Failed),
            Next::Block => self.end(index, report, Status::Blocked, Ending::Blocked, Cause::Blocked),
            Next::Release => {
                self.end(index, report, Status::Pending, Ending::Interrupted, Cause::Interrupted)
            }
            Next::Again { pause } => self.again(index, report, pause),
        }
    }

    fn complete(&mut self, index: TaskIndex, report: &Report) -> Result<(), RunError> {
        let summary = report.summary.clone().unwrap_or_else(|| report.outcome.sentence().to_owned());
        let result =
            TaskResult { summary, deliverables: report.deliverables.clone(), notes: report.notes.clone() };
        let number = self.attempt_number(index);
        let mut description = format!("attempt {number} completed");
        if report.outcome == Outcome::NoChanges {
            description.push_str(" without a change");
        }
        let changes = report.commit.map(|commit| {
            let base = self.base(index).map_or_else(String::new, |base| format!(" from {base}"));
            let merged = report.merge.map_or_else(String::new, |merge| format!(", merged as {merge}"));
            format!("branch {}{base} to {commit}{merged}", self.branch(index))
        });
        self.transition(index, Status::Completed, &description, changes, Some(result))?;
        self.done_now += 1;
        self.spent.0 += report.duration;
        self.spent.1 += self.ground.plan.weight(index);
        if let Some(commit) = report.commit {
            self.results.insert(index, commit);
        }
        self.schedule.apply(index, Event::End(Ending::Completed))?;
        self.tell_ended(index, report, Cause::Completed);
        Ok(())
    }

    fn end(
        &mut self,
        index: TaskIndex,
        report: &Report,
        status: Status,
        ending: Ending,
        cause: Cause,
    ) -> Result<(), RunError> {
        let why = explained(report);
        let description = format!("attempt {} {}", self.attempt_number(index), why);
        let result = (status == Status::Failed).then(|| TaskResult {
            summary: why,
            deliverables: Vec::new(),
            notes: report.summary.clone().filter(|_| report.detail.is_some()),
        });
        let changes = report.commit.map(|commit| format!("branch {} at {commit}", self.branch(index)));
        self.transition(index, status, &description, changes, result)?;
        let lost = self.schedule.apply(index, Event::End(ending))?;
        self.tell_ended(index, report, cause);
        if !lost.is_empty() {
            self.tell_lost(lost, index, cause);
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

    fn again(
        &mut self,
        index: TaskIndex,
        report: &Report,
        pause: std::time::Duration,
    ) -> Result<(), RunError> {
        let attempt = self.attempt_number(index);
        let description = format!("attempt {attempt} {}; another one follows", explained(report));
        self.transition(index, Status::Pending, &description, None, None)?;
        let until = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
        self.schedule.apply(index, Event::Rest { until })?;
        self.tell(RunEvent::Retrying {
            task: self.id(index),
            attempt,
            outcome: report.outcome,
            detail: report.detail.clone(),
            pause,
        });
        Ok(())
    }

    pub(super) fn tell_ended(&self, index: TaskIndex, report: &Report, cause: Cause) {
        let summary = match cause {
            Cause::Completed => report.summary.clone().unwrap_or_default(),
            _ => report.question.clone().or_else(|| report.detail.clone()).unwrap_or_default(),
        };
        self.tell(RunEvent::TaskEnded(TaskEnded {
            task: self.id(index),
            cause,
            outcome: report.outcome,
            summary,
            log: self.log(index),
            commit: report.commit.map(|commit| commit.to_string()),
            duration: report.duration,
            cost_usd: self.cost_usd,
            remaining: self.remaining(),
        }));
    }

    /// The longest path of what is not over, by estimates, stretched as much as they were off so far.
    fn remaining(&self) -> Option<std::time::Duration> {
        let (actual, estimated) = self.spent;
        if estimated.is_zero() {
            return None;
        }
        let is_open = |state: &State| !matches!(state, State::Ended(_) | State::LeftOut);
        let longest = self.ground.plan.longest_path(|index| is_open(self.schedule.state(index)));
        Some(longest.mul_f64(actual.as_secs_f64() / estimated.as_secs_f64()))
    }

    fn log(&self, index: TaskIndex) -> Option<PathBuf> {
        let dir = self.site.state.attempt(&self.ground.slugs[index.0], self.attempt_number(index));
        let says_something = |log: &PathBuf| log.metadata().is_ok_and(|log| log.len() > 0);
        [dir.stdout(), dir.stderr()].into_iter().find(says_something)
    }

    pub(super) fn tell_running(&self, index: TaskIndex, resumed: bool) {
        let task = self.ground.plan.task(index);
        let cast = &self.settings.casting[&task.id];
        let attempt = self.attempt_number(index);
        self.tell(RunEvent::AttemptStarted {
            task: task.id.clone(),
            name: task.name.clone(),
            agent: cast.agent.clone(),
            runner: cast.runner.name().to_owned(),
            attempt,
            branch: self.branch(index),
            resumed,
        });
    }

    /// Tasks of this run that can't run from the start, because of one that is over already.
    pub(super) fn tell_not_run(&self) {
        let mut lost: BTreeMap<TaskIndex, Vec<TaskIndex>> = BTreeMap::new();
        for (index, state) in self.schedule.states() {
            if let State::Ended(Ending::NotRun { because }) = *state {
                lost.entry(because).or_default().push(index);
            }
        }
        for (because, tasks) in lost {
            self.tell_lost(tasks, because, self.cause_of(because));
        }
    }

    pub(super) fn tell_lost(&self, tasks: Vec<TaskIndex>, because: TaskIndex, cause: Cause) {
        let tasks = tasks.into_iter().map(|task| self.id(task)).collect();
        self.tell(RunEvent::NotRun { tasks, because: self.id(because), cause });
    }

    fn cause_of(&self, index: TaskIndex) -> Cause {
        match self.schedule.state(index) {
            State::Ended(Ending::Failed) => Cause::Failed,
            State::Ended(Ending::Blocked) => Cause::Blocked,
            State::Ended(Ending::Cancelled) => Cause::Cancelled,
            State::Ended(Ending::Foreign) => Cause::Foreign,
            State::Ended(Ending::Interrupted) => Cause::Interrupted,
            State::Ended(Ending::Completed) => Cause::Completed,
            State::Ended(Ending::NotRun { .. })
            | State::LeftOut
            | State::Waiting { .. }
            | State::Ready
            | State::Running
            | State::Resting { .. } => Cause::LeftOut,
        }
    }

    pub(super) fn note_foreign(&self, index: TaskIndex) {
        let id = self.id(index);
        let actor = self.books.genesis.task(id.as_str()).and_then(|task| task.history.last()?.actor.clone());
        let whose = actor.map_or_else(String::new, |actor| format!(" by {actor}"));
        self.tell(RunEvent::Note(format!("{id} is in progress{whose} and is left alone")));
    }

    pub(super) fn branch(&self, index: TaskIndex) -> String {
        self.common.refs.branch(&self.ground.slugs[index.0]).as_str().to_owned()
    }

    /// The commit that the task's current attempt started from.
    fn base(&self, index: TaskIndex) -> Option<&str> {
        let attempt = self.books.history.task(self.ground.plan.task(index).id.as_str())?.last_attempt()?;
        Some(&attempt.started.base)
    }

    /// The number of the task's current attempt.
    pub(super) fn attempt_number(&self, index: TaskIndex) -> u32 {
        self.numbers.get(&index).copied().unwrap_or(1)
    }
}

/// How an attempt ended, as the end of "attempt 2 …".
fn explained(report: &Report) -> String {
    let words = report.outcome.sentence();
    match report.question.as_ref().or(report.detail.as_ref()).map(|detail| detail.trim()) {
        None | Some("") => words.to_owned(),
        Some(detail) => format!("{words}: {detail}"),
    }
}
