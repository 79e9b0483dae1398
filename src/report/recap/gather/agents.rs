use std::collections::{BTreeMap, BTreeSet};

use super::accuracy::accuracy;
use super::used;
use crate::genesis::Status;
use crate::report::recap::kind::Kind;
use crate::report::recap::{AgentRecap, AttemptRecap, TaskRecap};
use crate::run::Used;

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
    agents.sort_by_key(|agent| std::cmp::Reverse(agent.took_ms));
    agents
}

#[derive(Default)]
struct Work<'a> {
    /// By their place in the plan.
    tasks: BTreeSet<usize>,
    attempts: Vec<&'a AttemptRecap>,
}

impl Work<'_> {
    fn recap(self, (agent, runner): Name<'_>, tasks: &[TaskRecap]) -> AgentRecap {
        let used = self.attempts.iter().map(|attempt| used(attempt)).fold(Used::default(), Used::plus);
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
