//! How much was done at once, and how much could have been.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{Sources, millis_of};
use crate::plan::{Plan, TaskIndex};
use crate::report::recap::{AttemptRecap, Pace, TaskRecap};

/// Over all attempts of agents: what people took is no time of theirs.
#[expect(clippy::cast_precision_loss, reason = "a ratio of milliseconds needs no more than 52 bits")]
pub(super) fn pace(sources: &Sources<'_>, tasks: &[TaskRecap]) -> Pace {
    let Sources { plan, history, now, .. } = *sources;
    let live = history.runs().last().filter(|_| sources.live).map(|run| run.run.as_str());
    let wall_ms = history.at_work(live, now).map_or(0, millis_of);
    let worked_ms = by_agents(tasks).map(|attempt| attempt.took_ms).sum::<u64>();
    let (chain, chain_ms) = longest_chain(plan, tasks);
    let critical = plan.critical_path();
    let name = |index: &TaskIndex| plan.task(*index).id.to_string();
    let share = |part: u64| (wall_ms > 0).then(|| part as f64 / wall_ms as f64);
    let estimate: u64 = critical
        .iter()
        .map(|index| plan.weight(*index).as_millis())
        .sum::<u128>()
        .try_into()
        .unwrap_or(u64::MAX);
    Pace {
        wall_ms,
        worked_ms,
        average: share(worked_ms),
        most: most_at_once(tasks, now),
        critical_estimate_ms: estimate,
        critical_path: critical.iter().map(name).collect(),
        longest_chain: chain.iter().map(name).collect(),
        longest_chain_ms: chain_ms,
        // What was done again after others had built on it makes a chain overlap with itself.
        efficiency: share(chain_ms).map(|share| share.min(1.0)),
    }
}

fn by_agents(tasks: &[TaskRecap]) -> impl Iterator<Item = &AttemptRecap> {
    tasks.iter().flat_map(|task| &task.attempts).filter(|attempt| !attempt.is_by_a_person)
}

fn most_at_once(tasks: &[TaskRecap], now: Timestamp) -> usize {
    let ends = |attempt: &AttemptRecap| [(attempt.began, true), (attempt.ended.unwrap_or(now), false)];
    let mut ends: Vec<_> = by_agents(tasks).flat_map(ends).collect();
    // Where one ends and the next begins at once, there are never two.
    ends.sort_by_key(|(at, begins)| (*at, *begins));
    let (mut most, mut open) = (0, 0_usize);
    for (_, begins) in ends {
        open = if begins { open + 1 } else { open.saturating_sub(1) };
        most = most.max(open);
    }
    most
}

/// The chain of tasks, each needing the one before, that took longest: no number of agents is faster.
fn longest_chain(plan: &Plan, tasks: &[TaskRecap]) -> (Vec<TaskIndex>, u64) {
    let own = |index: TaskIndex| tasks.get(index.0).map(std::slice::from_ref).unwrap_or_default();
    let took = |index| by_agents(own(index)).map(|attempt| attempt.took_ms).sum::<u64>();
    let mut until = vec![0_u64; plan.len()];
    let mut before = vec![None; plan.len()];
    for &index in plan.topological() {
        let longest = plan.prerequisites(index).into_iter().max_by_key(|i| (until[i.0], Reverse(*i)));
        until[index.0] = took(index) + longest.map_or(0, |i| until[i.0]);
        before[index.0] = longest.filter(|i| until[i.0] > 0);
    }
    let last = plan.topological().iter().copied().max_by_key(|i| (until[i.0], Reverse(*i)));
    let Some(last) = last.filter(|last| until[last.0] > 0) else { return (Vec::new(), 0) };
    // What was never tried adds nothing to it.
    let mut chain: Vec<_> =
        std::iter::successors(Some(last), |index| before[index.0]).filter(|i| took(*i) > 0).collect();
    chain.reverse();
    (chain, until[last.0])
}
