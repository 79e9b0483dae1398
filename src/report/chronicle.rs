use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Plan, Task, TaskId};
use crate::run::{Attempt, Cause, History, RunEvent, Summary, TaskEnded, Used};

/// What a run has told, kept for what is written when it is over.
#[derive(Debug, Default)]
pub struct Chronicle {
    /// The epic.
    pub(super) epic: String,
    /// How the run ended; nothing if it could not.
    pub(super) summary: Option<Summary>,
    /// By number.
    attempts: BTreeMap<TaskId, Vec<u32>>,
    ended: HashMap<TaskId, TaskEnded>,
    not_run: HashMap<TaskId, NotRun>,
}

#[derive(Debug, Clone)]
struct NotRun {
    because: TaskId,
    cause: Cause,
    outcome: Option<Outcome>,
}

/// One task, as a run leaves it.
pub(super) struct Chapter<'a> {
    pub(super) task: &'a Task,
    /// Of this run, the first one first.
    pub(super) attempts: Vec<&'a Attempt>,
    /// It ended in this run.
    pub(super) ended: Option<&'a TaskEnded>,
    /// Why it is as it is, where that is worth a word.
    pub(super) why: Option<String>,
}

impl Chronicle {
    /// Takes an event in.
    pub fn hear(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started(started) => started.epic.clone_into(&mut self.epic),
            RunEvent::AttemptStarted { task, attempt, .. } => {
                self.ended.remove(task);
                self.not_run.remove(task);
                let attempts = self.attempts.entry(task.clone()).or_default();
                if !attempts.contains(attempt) {
                    attempts.push(*attempt);
                }
            }
            RunEvent::TaskEnded(ended) => {
                self.ended.insert(ended.task.clone(), ended.clone());
            }
            RunEvent::NotRun { tasks, because, cause, outcome } => {
                let not_run = NotRun { because: because.clone(), cause: *cause, outcome: *outcome };
                self.not_run.extend(tasks.iter().map(|task| (task.clone(), not_run.clone())));
            }
            RunEvent::Ended(summary) => self.summary = Some(summary.clone()),
            RunEvent::Note(_)
            | RunEvent::Warning { .. }
            | RunEvent::OverEstimate { .. }
            | RunEvent::Output { .. }
            | RunEvent::Reported { .. }
            | RunEvent::Retrying { .. }
            | RunEvent::Parked { .. }
            | RunEvent::Held { .. }
            | RunEvent::PlanChanged { .. }
            | RunEvent::Paused { .. }
            | RunEvent::Resumed { .. }
            | RunEvent::Stopping(_)
            | RunEvent::Suspended
            | RunEvent::Continued { .. } => {}
        }
    }

    /// How the run ended; nothing if it could not.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// The tasks of the plan as it is now, in document order.
    pub(super) fn chapters<'a>(&'a self, plan: &'a Plan, history: &'a History) -> Vec<Chapter<'a>> {
        plan.tasks().map(|(_, task)| self.chapter(task, history)).collect()
    }

    fn chapter<'a>(&'a self, task: &'a Task, history: &'a History) -> Chapter<'a> {
        let numbers = self.attempts.get(&task.id).map(Vec::as_slice).unwrap_or_default();
        let all = history.task(task.id.as_str()).map(|story| story.attempts.as_slice()).unwrap_or_default();
        let attempts = all.iter().filter(|attempt| numbers.contains(&attempt.started.attempt)).collect();
        let ended = self.ended.get(&task.id);
        let why = self.why(task, all.last(), ended);
        Chapter { task, attempts, ended, why }
    }

    fn why(&self, task: &Task, last: Option<&Attempt>, ended: Option<&TaskEnded>) -> Option<String> {
        if let Some(ended) = ended.filter(|ended| !ended.summary.trim().is_empty()) {
            return Some(ended.summary.clone());
        }
        if let Some(NotRun { because, cause, outcome }) = self.not_run.get(&task.id) {
            let how = outcome.map_or(cause.as_str(), Outcome::as_str);
            return Some(format!("not run: {because} ({how})"));
        }
        let known = last.and_then(|attempt| attempt.ended.as_ref()).map(|(ended, _)| ended);
        let detail = known.and_then(|ended| ended.question.clone().or_else(|| ended.detail.clone()));
        match task.status {
            Status::Completed if ended.is_none() => Some("completed before this run".to_owned()),
            Status::Completed => None,
            Status::Failed | Status::Blocked => detail,
            Status::Cancelled => Some("cancelled by a person".to_owned()),
            Status::InProgress => Some("somebody has it in hand".to_owned()),
            Status::Pending => Some("not part of this run, or not reached by it".to_owned()),
        }
    }
}

impl Chapter<'_> {
    /// How its last attempt ended, if that is known.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let last = self.attempts.last().and_then(|attempt| attempt.outcome());
        self.ended.map(|ended| ended.outcome).or(last)
    }

    /// For how long it was worked on in this run.
    pub(super) fn worked(&self) -> Duration {
        self.attempts.iter().map(|attempt| attempt.took(None)).sum()
    }

    /// What it used up in this run.
    pub(super) fn used(&self) -> Used {
        self.attempts.iter().map(|attempt| attempt.used()).fold(Used::default(), Used::plus)
    }
}
