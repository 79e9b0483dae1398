use std::collections::{BTreeMap, BTreeSet};

use super::{Sources, used};
use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::{Plan, TaskIndex};
use crate::report::recap::{Failure, OutcomeCount, TaskRecap};
use crate::run::{Lacks, TaskHistory, Used, open_question, word_that_is_due};

/// What did not work out, and stands so still; first what most others wait for.
pub(super) fn failures(sources: &Sources<'_>, tasks: &[TaskRecap]) -> Vec<Failure> {
    let found = tasks.iter().enumerate().filter(|(_, task)| did_not_work_out(task.status));
    let mut failures: Vec<_> = found.map(|(at, task)| failure(sources, TaskIndex(at), task)).collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.holds_up));
    failures
}

/// How attempts ended, the most frequent way first.
pub(super) fn outcomes(tasks: &[TaskRecap]) -> Vec<OutcomeCount> {
    let mut counts = BTreeMap::<Outcome, (usize, Used)>::new();
    for attempt in tasks.iter().flat_map(|task| &task.attempts) {
        if let Some(outcome) = attempt.outcome {
            let (count, all) = counts.entry(outcome).or_default();
            (*count, *all) = (*count + 1, all.plus(used(attempt)));
        }
    }
    let count = |(outcome, (attempts, used)): (_, (_, Used))| OutcomeCount {
        outcome,
        attempts,
        cost_usd: used.cost_usd,
    };
    let mut outcomes: Vec<_> = counts.into_iter().map(count).collect();
    outcomes.sort_by_key(|count| std::cmp::Reverse(count.attempts));
    outcomes
}

fn did_not_work_out(status: Status) -> bool {
    match status {
        Status::Failed | Status::Blocked | Status::Cancelled => true,
        Status::Pending | Status::InProgress | Status::Completed => false,
    }
}

fn failure(sources: &Sources<'_>, index: TaskIndex, task: &TaskRecap) -> Failure {
    let story = sources.history.task(&task.id);
    let (outcome, detail) =
        story.and_then(TaskHistory::failure).map_or((None, None), |(o, why)| (Some(o), why));
    let by_hand = || sources.genesis.details(&task.id).newest().and_then(|event| event.description.clone());
    let question =
        sources.genesis.task(&task.id).and_then(|found| open_question(sources.genesis, found, story));
    let waits = question.is_some() || matches!(story.and_then(TaskHistory::lacks), Some(Lacks::Leave(_)));
    Failure {
        word_due: waits.then(|| word_that_is_due(story)),
        task: task.id.clone(),
        status: task.status,
        outcome,
        why: detail.or_else(by_hand).or_else(|| task.summary.clone()),
        question: question.map(|question| question.text),
        attempts: task.attempts.len(),
        cost_usd: task.cost_usd,
        holds_up: waiting_for(sources.plan, index),
    }
}

/// How many tasks can't be done because of it, directly or not.
fn waiting_for(plan: &Plan, index: TaskIndex) -> usize {
    let mut found = BTreeSet::new();
    let mut open = vec![index];
    while let Some(index) = open.pop() {
        open.extend(plan.dependents(index).into_iter().filter(|after| found.insert(*after)));
    }
    found.iter().filter(|after| plan.task(**after).status != Status::Completed).count()
}
