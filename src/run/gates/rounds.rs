//! Whether work that has not passed its gates goes back to its agent. Pure.

use super::{Gate, GateEnded, Measured};

/// So often an agent that is told of a gate may leave its work as it was.
const IDLE: usize = 3;

/// How often an agent is told that a gate was not passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// So often at most.
    pub rounds: u32,
    /// Of a number: so often without its having come closer to what it has to be.
    pub without_progress: u32,
}

/// What follows gates that were not passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Decision {
    /// The agent is told, and goes on.
    GoOn,
    /// It is told no more, for that reason.
    GiveUp(String),
}

/// Decides for work that has just not passed. `rounds` are its gates' ends, a list for each round that the agent had; the last one is
/// that which was not passed.
pub(in crate::run) fn decide(gates: &[impl AsRef<Gate>], rounds: &[Vec<GateEnded>]) -> Decision {
    let Some(last) = rounds.last() else { return Decision::GoOn };
    let failed = last.iter().filter(|ended| !ended.passed);
    let reasons = failed.filter_map(|ended| {
        let gate = gates.iter().map(AsRef::as_ref).find(|gate| gate.name == ended.gate)?;
        reason_to_give_up(gate, ended, rounds)
    });
    reasons.into_iter().next().map_or(Decision::GoOn, Decision::GiveUp)
}

fn reason_to_give_up(gate: &Gate, last: &GateEnded, rounds: &[Vec<GateEnded>]) -> Option<String> {
    let patience = gate.patience()?;
    let name = &last.gate;
    let of_gate = || rounds.iter().flatten().filter(|ended| ended.gate == *name);
    let failed = of_gate().filter(|ended| !ended.passed).count();
    let values: Vec<_> = of_gate().map(|ended| ended.measured).collect();
    if gate.is_metric()
        && let Some(stall) = since_the_best(&values).filter(|since| *since >= patience.without_progress)
        && stall > 0
    {
        let best = best(&values)
            .map_or("; it never gave a number".to_owned(), |best| format!("; the best was {}", best.value));
        return Some(format!("`{name}` came no closer in {stall} rounds{best}"));
    }
    let idle = unchanged(of_gate());
    if idle >= IDLE {
        return Some(format!("`{name}` did not pass, and its agent changed nothing in {idle} rounds"));
    }
    let is_used_up = u32::try_from(failed).unwrap_or(u32::MAX) > patience.rounds;
    let rounds = if failed == 1 { String::new() } else { format!(" in {failed} rounds") };
    is_used_up.then(|| format!("`{name}` did not pass{rounds}"))
}

/// How many rounds at the end had the very same commit as the one before them.
fn unchanged<'e>(ends: impl DoubleEndedIterator<Item = &'e GateEnded>) -> usize {
    let mut heads = ends.rev().map(|ended| ended.head.as_deref());
    let Some(last) = heads.next().flatten() else { return 0 };
    heads.take_while(|head| *head == Some(last)).count()
}

/// The measurement that came closest, the first of equals.
pub(super) fn best(values: &[Option<Measured>]) -> Option<Measured> {
    values.get(place_of_best(values)?).copied().flatten()
}

/// What gave no number is as far away as can be.
fn place_of_best(values: &[Option<Measured>]) -> Option<usize> {
    let distance = |measured: &Measured| measured.bounds().distance(measured.value);
    let distances = values.iter().map(|measured| measured.as_ref().map_or(f64::INFINITY, distance));
    // `min_by` gives the first of equals.
    distances.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(place, _)| place)
}

/// How many measurements there were after the best one.
fn since_the_best(values: &[Option<Measured>]) -> Option<u32> {
    place_of_best(values).map(|place| u32::try_from(values.len() - 1 - place).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::{Bounds, Check, CommandGate, Metric, When};
    use super::*;
    use crate::plan::TaskId;
    use crate::run::step::{Step, StepCommand};

    fn gate(metric: bool, patience: Patience) -> Arc<Gate> {
        let step = Step {
            name: "g".into(),
            command: StepCommand::Shell("true".into()),
            timeout: Duration::from_secs(1),
        };
        let metric = metric.then(|| Metric { path: "m".into(), bounds: None });
        let check = Check::Command(CommandGate { step, metric, patience });
        Arc::new(Gate {
            name: "g".into(),
            check,
            agents: None,
            tasks: None,
            when: When::default(),
            parallel: false,
        })
    }

    fn ended(passed: bool, value: Option<f64>) -> Vec<GateEnded> {
        let bounds = Bounds { at_least: Some(80.0), at_most: None };
        vec![GateEnded {
            task: TaskId::from("a"),
            attempt: 1,
            gate: "g".into(),
            by: "true".into(),
            head: None,
            at: jiff::Timestamp::UNIX_EPOCH,
            passed,
            measured: value.map(|value| Measured::new(value, bounds)),
            detail: None,
            log: None,
            cost_usd: None,
            tokens: None,
        }]
    }

    fn of_values(values: &[f64], patience: Patience) -> Decision {
        let rounds: Vec<_> = values.iter().map(|value| ended(*value >= 80.0, Some(*value))).collect();
        decide(&[gate(true, patience)], &rounds)
    }

    #[test]
    fn a_command_is_given_as_many_rounds_as_it_has() {
        let patience = Patience { rounds: 2, without_progress: 9 };
        let failed = |count| decide(&[gate(false, patience)], &vec![ended(false, None); count]);
        assert_eq!([failed(1), failed(2)], [Decision::GoOn, Decision::GoOn]);
        assert_eq!(failed(3), Decision::GiveUp("`g` did not pass in 3 rounds".into()));
        let none = Patience { rounds: 0, without_progress: 0 };
        assert_eq!(
            decide(&[gate(false, none)], &[ended(false, None)]),
            Decision::GiveUp("`g` did not pass".into())
        );
    }

    #[test]
    fn a_number_that_comes_closer_goes_on_until_its_rounds_are_used_up() {
        let patience = Patience { rounds: 4, without_progress: 2 };
        assert_eq!(of_values(&[50.0, 60.0, 70.0], patience), Decision::GoOn);
        assert_eq!(of_values(&[50.0, 60.0, 55.0], patience), Decision::GoOn);
        let used_up = of_values(&[50.0, 60.0, 70.0, 71.0, 72.0], patience);
        assert_eq!(used_up, Decision::GiveUp("`g` did not pass in 5 rounds".into()));
    }

    #[test]
    fn a_number_that_comes_no_closer_is_given_up_with_the_best_one_said() {
        let patience = Patience { rounds: 9, without_progress: 2 };
        let stalled = Decision::GiveUp("`g` came no closer in 2 rounds; the best was 60".into());
        assert_eq!(of_values(&[50.0, 60.0, 55.0, 60.0], patience), stalled);
        assert_eq!(of_values(&[60.0, 60.0, 59.0], patience), stalled);
    }

    #[test]
    fn the_best_is_that_which_is_closest() {
        let bounds = Bounds { at_least: None, at_most: Some(200.0) };
        let values = [300.0, 250.0, 280.0, 250.0].map(|value| Some(Measured::new(value, bounds)));
        assert_eq!((place_of_best(&values), since_the_best(&values)), (Some(1), Some(2)));
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn a_command_that_gives_no_number_comes_no_closer() {
        let patience = Patience { rounds: 9, without_progress: 2 };
        let of = |values: &[Option<f64>]| {
            let rounds: Vec<_> = values.iter().map(|value| ended(false, *value)).collect();
            decide(&[gate(true, patience)], &rounds)
        };
        let never = Decision::GiveUp("`g` came no closer in 2 rounds; it never gave a number".into());
        assert_eq!((of(&[None, None]), of(&[None, None, None])), (Decision::GoOn, never));
        let lost = Decision::GiveUp("`g` came no closer in 2 rounds; the best was 60".into());
        assert_eq!((of(&[None, Some(60.0), None]), of(&[Some(60.0), None, None])), (Decision::GoOn, lost));
    }

    #[test]
    fn the_same_commit_again_and_again_is_given_up_whatever_rounds_are_left() {
        let patience = Patience { rounds: 9, without_progress: 9 };
        let of = |heads: &[&str]| {
            let round = |head: &&str| {
                let ends = ended(false, None).into_iter();
                ends.map(|end| GateEnded { head: Some((*head).to_owned()), ..end }).collect()
            };
            decide(&[gate(false, patience)], &heads.iter().map(round).collect::<Vec<_>>())
        };
        let idle = Decision::GiveUp("`g` did not pass, and its agent changed nothing in 3 rounds".into());
        assert_eq!(of(&["a", "b", "b", "b", "b"]), idle);
        assert_eq!(of(&["b", "b", "b", "a", "b", "b"]), Decision::GoOn);
    }
}
