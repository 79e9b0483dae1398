//! What is told of tasks: how they ended, what is not run because of them, and how long the rest may take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::Dispatcher;
use crate::agent::Outcome;
use crate::plan::{Ending, State, TaskId, TaskIndex};
use crate::run::job::Report;
use crate::run::{Cause, Lacks, RunEvent, TaskEnded, TaskHistory, call, word_that_is_due};

impl Dispatcher<'_> {
    pub(super) fn tell_ended(&self, task: &TaskId, report: &Report, cause: Cause) {
        let summary = match cause {
            Cause::Completed => report.summary.clone().unwrap_or_default(),
            _ => report.question.clone().or_else(|| report.detail.clone()).unwrap_or_default(),
        };
        let story = self.books.history().task(task.as_str());
        self.tell(RunEvent::TaskEnded(TaskEnded {
            task: task.clone(),
            cause,
            outcome: report.outcome,
            summary,
            log: self.log(task, report.outcome),
            commit: report.commit.map(|commit| commit.to_string()),
            duration: story.map_or(report.duration, |story| story.took(None)),
            cost_usd: self.used().cost_usd,
            used: report.used(),
            lacks: story.and_then(TaskHistory::lacks),
            remaining: None,
        }));
    }

    /// Says with the ends of tasks how much longer the run may take: that takes a walk through the whole plan, and is the same for all that
    /// are told at once.
    pub(super) fn add_remaining(&self, news: &mut [RunEvent]) {
        let mut known = None;
        for event in news {
            if let RunEvent::TaskEnded(ended) = event {
                ended.remaining = *known.get_or_insert_with(|| self.remaining());
            }
        }
    }

    /// What is not over, by estimates stretched as much as they were off so far: the longest path of it, or all of it shared among the jobs.
    fn remaining(&self) -> Option<Duration> {
        let (actual, estimated) = self.spent;
        if estimated.is_zero() {
            return None;
        }
        let (pace, now) = (actual.as_secs_f64() / estimated.as_secs_f64(), Timestamp::now());
        let left = |index| self.left_of(index, pace, now);
        let all = self
            .schedule
            .states()
            .map(|(index, _)| left(index))
            .fold(Duration::ZERO, Duration::saturating_add);
        let jobs = u32::try_from(self.settings.jobs.get()).unwrap_or(u32::MAX);
        Some(self.ground.plan.longest_path_by(left).max(all / jobs))
    }

    /// What is left of a task: of one that is under way, what it has not run yet.
    fn left_of(&self, index: TaskIndex, pace: f64, now: Timestamp) -> Duration {
        let ran = match self.schedule.state(index) {
            State::Ended(_) | State::LeftOut => return Duration::ZERO,
            State::Waiting { .. } | State::Ready | State::Resting { .. } => Duration::ZERO,
            State::Running => {
                let story = self.books.history().task(self.ground.plan.task(index).id.as_str());
                let open = story.and_then(TaskHistory::last_attempt).filter(|attempt| attempt.is_at_work());
                open.map_or(Duration::ZERO, |attempt| attempt.took(Some(now)))
            }
        };
        let whole = self.ground.plan.weight(index).as_secs_f64() * pace;
        Duration::try_from_secs_f64(whole).unwrap_or(Duration::MAX).saturating_sub(ran)
    }

    /// What says why it ended so: of a gate that was not passed, what that has printed; else what the agent has.
    fn log(&self, task: &TaskId, outcome: Outcome) -> Option<PathBuf> {
        let of_gate = || {
            let attempt = self.books.history().task(task.as_str())?.last_attempt()?;
            let log = attempt.gates.iter().rev().find(|gate| !gate.passed)?.log.clone()?;
            // What ran on another machine has its files there.
            log.exists().then_some(log)
        };
        if outcome == Outcome::GateFailed
            && let Some(log) = of_gate()
        {
            return Some(log);
        }
        let dir = self.site.state.attempt(self.ground.slug(task), self.attempt_number(task));
        let says_something = |log: &PathBuf| log.metadata().is_ok_and(|log| log.len() > 0);
        [dir.stdout(), dir.stderr()].into_iter().find(says_something)
    }

    pub(super) fn tell_running(&self, task: &TaskId, resumed: bool) {
        let Some(cast) = self.ground.casting.get(task) else { return };
        self.tell(RunEvent::AttemptStarted {
            task: task.clone(),
            name: self.name(task),
            agent: cast.agent.clone(),
            runner: cast.runner.name().to_owned(),
            attempt: self.attempt_number(task),
            branch: self.branch(task),
            resumed,
        });
    }

    /// Tasks of this run that can't run, because of one that is over already; but for those of which it is known.
    pub(super) fn tell_not_run(&self, known: &BTreeSet<TaskId>) {
        let mut lost: BTreeMap<TaskIndex, Vec<TaskId>> = BTreeMap::new();
        for (index, state) in self.schedule.states() {
            if let State::Ended(Ending::NotRun { because }) = *state
                && !known.contains(&self.id(index))
            {
                lost.entry(because).or_default().push(self.id(index));
            }
        }
        for (because, tasks) in lost {
            self.tell_lost(tasks, &self.id(because), self.cause_of(because));
        }
    }

    pub(super) fn tell_lost(&self, tasks: Vec<TaskId>, because: &TaskId, cause: Cause) {
        let outcome = self.failure_of(because).map(|(outcome, _)| outcome);
        self.tell(RunEvent::NotRun { tasks, because: because.clone(), cause, outcome });
    }

    /// How the task's last attempt went wrong, and more on it, if nobody else has had a say since.
    pub(super) fn failure_of(&self, task: &TaskId) -> Option<(Outcome, Option<String>)> {
        self.books.history().task(task.as_str())?.failure()
    }

    pub(super) fn cause_of(&self, index: TaskIndex) -> Cause {
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

    /// A named task that waits for a person's word is not begun anew for being named.
    pub(super) fn note_waiting(&self, task: &TaskId) {
        if !self.settings.only.contains(task) {
            return;
        }
        let story = self.books.history().task(task.as_str());
        let is_approval =
            matches!(story.and_then(TaskHistory::lacks), Some(Lacks::Leave(_) | Lacks::Approval(_)));
        if !is_approval && self.question_of(task).is_none() {
            return;
        }
        let what = if is_approval { "your approval" } else { "an answer" };
        let of = |verb: &str, rest: &str| call(verb, &self.common.plan_word(), task.as_str(), rest);
        let (verb, rest) = word_that_is_due(story);
        let (way, anew) = (of(verb, rest), of("retry", ""));
        self.tell(RunEvent::Note(format!("{task} waits for {what}: `{way}` (`{anew}` begins it anew)")));
    }

    pub(super) fn note_foreign(&self, task: &TaskId) {
        let history = self.books.genesis().details(task.as_str()).history;
        let actor = history.last().and_then(|last| last.actor.clone());
        let whose = actor.map_or_else(String::new, |actor| format!(" by {actor}"));
        let is_taken =
            self.books.history().task(task.as_str()).is_some_and(|story| story.taken_by().is_some());
        let way_out = if is_taken {
            format!("`{}`", call("give", &self.common.plan_word(), task.as_str(), ""))
        } else {
            "`blueprint task done` or `fail`".to_owned()
        };
        self.tell(RunEvent::Note(format!(
            "{task} is in progress{whose} and is left alone; {way_out} ends that"
        )));
    }
}
