use std::collections::HashSet;

use super::Sources;
use super::attempts::attempts;
use super::spans::Spans;
use super::used;
use crate::genesis::Status;
use crate::plan::{Task, TaskIndex};
use crate::report::recap::{AttemptRecap, ChangeSize, TaskRecap};
use crate::run::{Attempt, TaskHistory, Used};

/// All tasks, in the order of the file.
pub(super) fn tasks(sources: &Sources<'_>, spans: &Spans) -> Vec<TaskRecap> {
    let critical: HashSet<_> = sources.plan.critical_path().into_iter().collect();
    let recap = |(index, task)| recap(sources, spans, index, task, critical.contains(&index));
    sources.plan.tasks().map(recap).collect()
}

fn recap(sources: &Sources<'_>, spans: &Spans, index: TaskIndex, task: &Task, critical: bool) -> TaskRecap {
    let story = sources.history.task(task.id.as_str());
    let attempts = story.map(|story| attempts(story, spans, sources)).unwrap_or_default();
    let used = attempts.iter().map(used).fold(Used::default(), Used::plus);
    let took = took_ms(&attempts);
    let estimate = task.estimate.and_then(|estimate| u64::try_from(estimate.as_millis()).ok());
    let result =
        sources.genesis.details(task.id.as_str()).result.filter(|_| has_come_to_something(task.status));
    let work = story.and_then(work);
    let stat = work.and_then(|attempt| (sources.changed)(attempt));
    let prerequisites = sources.plan.prerequisites(index).into_iter();
    TaskRecap {
        id: task.id.to_string(),
        name: task.name.clone(),
        status: task.status,
        agent: task.agent.clone(),
        level: sources.plan.level(index),
        needs: prerequisites.map(|before| sources.plan.task(before).id.to_string()).collect(),
        critical,
        estimate_ms: estimate,
        took_ms: took,
        ratio: ratio(task.status, estimate, took),
        cost_usd: used.cost_usd,
        tokens: used.tokens,
        changed: stat.map(ChangeSize::from).filter(|size| size.files > 0),
        unmeasured: stat.is_none() && work.is_some_and(has_commits),
        summary: result.as_ref().map(|result| result.summary.clone()),
        notes: result.as_ref().and_then(|result| result.notes.clone()),
        deliverables: result.map(|result| result.deliverables).unwrap_or_default(),
        attempts,
    }
}

/// What an earlier attempt came to is no summary of a task that is to be done again.
fn has_come_to_something(status: Status) -> bool {
    match status {
        Status::Pending | Status::InProgress => false,
        Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => true,
    }
}

/// Everything that was tried for it, the gates included.
fn took_ms(attempts: &[AttemptRecap]) -> Option<u64> {
    attempts.iter().map(|attempt| attempt.took_ms).reduce(u64::saturating_add)
}

/// Only what is done can be held against its estimate.
#[expect(clippy::cast_precision_loss, reason = "a ratio of milliseconds needs no more than 52 bits")]
fn ratio(status: Status, estimate: Option<u64>, took: Option<u64>) -> Option<f64> {
    let (estimate, took) = (estimate.filter(|estimate| *estimate > 0)?, took.filter(|took| *took > 0)?);
    (status == Status::Completed).then(|| took as f64 / estimate as f64)
}

/// The attempt whose work counts; where none does yet, the newest.
fn work(story: &TaskHistory) -> Option<&Attempt> {
    story.success().or_else(|| story.last_attempt())
}

/// Whether there is something that could be compared.
fn has_commits(attempt: &Attempt) -> bool {
    !attempt.started.base.is_empty() && attempt.commit().is_some()
}
