use std::collections::{BTreeMap, BTreeSet};

use super::accuracy::accuracy;
use super::used;
use crate::genesis::Status;
use crate::report::recap::kind::Kind;
use crate::report::recap::{AgentRecap, AttemptRecap, TaskRecap};
use crate::run::{REVIEW, Used};

/// An agent, and what plays it.
type Name<'a> = (Option<&'a str>, &'a str);

/// Who did the work: of two, the one whose attempts took longer comes first.
pub(super) fn agents(tasks: &[TaskRecap]) -> Vec<AgentRecap> {
    let mut work = BTreeMap::<Name<'_>, Work<'_>>::new();
    for (at, task) in tasks.iter().enumerate() {
        for attempt in &task.attempts {
            let work = work.entry((attempt.agent.as_deref(), attempt.runner.as_str())).or_default();
            work.tasks.insert(at);
            work.attempts.push(attempt);
        }
    }
    let mut agents: Vec<_> = work.into_iter().map(|(name, work)| work.recap(name, tasks)).collect();
    agents.extend(reviewers(tasks));
    agents.sort_by_key(|agent| std::cmp::Reverse(agent.took_ms));
    agents
}

/// Who looked at the work of others; how long that took is in the time of these.
fn reviewers(tasks: &[TaskRecap]) -> impl Iterator<Item = AgentRecap> {
    let mut reviews = BTreeMap::<&str, (BTreeSet<usize>, usize, Used)>::new();
    for (at, task) in tasks.iter().enumerate() {
        for (reviewer, more) in task.attempts.iter().flat_map(|attempt| &attempt.reviews) {
            let (of, count, used) = reviews.entry(reviewer).or_default();
            of.insert(at);
            (*count, *used) = (*count + 1, used.plus(*more));
        }
    }
    reviews.into_iter().map(|(reviewer, (of, count, used))| AgentRecap {
        agent: Some(reviewer.to_owned()),
        runner: REVIEW.to_owned(),
        tasks: of.len(),
        completed: 0,
        attempts: count,
        unsuccessful: 0,
        took_ms: 0,
        cost_usd: used.cost_usd,
        tokens: used.tokens,
        accuracy: None,
    })
}

/// What its agent used up.
fn own_use(attempt: &AttemptRecap) -> Used {
    let reviewed = attempt.reviews.iter().fold(Used::default(), |all, (_, used)| all.plus(*used));
    used(attempt).since(reviewed)
}

#[derive(Default)]
struct Work<'a> {
    /// By their place in the plan.
    tasks: BTreeSet<usize>,
    attempts: Vec<&'a AttemptRecap>,
}

impl Work<'_> {
    fn recap(self, (agent, runner): Name<'_>, tasks: &[TaskRecap]) -> AgentRecap {
        let used = self.attempts.iter().map(|attempt| own_use(attempt)).fold(Used::default(), Used::plus);
        let own: Vec<_> = self.tasks.iter().filter_map(|at| tasks.get(*at)).collect();
        let is_done_by = |task: &TaskRecap| {
            let by = |attempt: &AttemptRecap| attempt.agent.as_deref() == agent && attempt.runner == runner;
            task.attempts.iter().any(|attempt| attempt.counts && by(attempt))
        };
        let is_ones_own = |task: &&&TaskRecap| {
            let by = |attempt: &AttemptRecap| attempt.agent.as_deref() == agent && attempt.runner == runner;
            task.attempts.iter().all(by)
        };
        AgentRecap {
            agent: agent.map(str::to_owned),
            runner: runner.to_owned(),
            tasks: own.len(),
            // By whose work it is: who gave it back has not done it.
            completed: own.iter().filter(|task| task.status == Status::Completed && is_done_by(task)).count(),
            attempts: self.attempts.len(),
            unsuccessful: self.attempts.iter().filter(|attempt| Kind::of(attempt).is_unsuccessful()).count(),
            took_ms: self.attempts.iter().map(|attempt| attempt.took_ms).sum(),
            cost_usd: used.cost_usd,
            tokens: used.tokens,
            // Where others had a hand in it, nobody can say who took how long.
            accuracy: accuracy(own.iter().filter(is_ones_own).copied()),
        }
    }
}
