//! What is told of a gate that was not passed: to the agent, which is to mend it, and to people.

use std::path::Path;

use super::rounds::best;
use super::{Gate, GateEnded, Measured};
use crate::agent;
use crate::run::step::{Step, StepRun};

/// Lines at the end of what a command has printed.
const LINES: usize = 120;

/// Of a command that has not succeeded.
pub(super) fn of_command(gate: &Gate, step: &Step, run: &StepRun) -> String {
    let how = run.end.sentence(step).unwrap_or_default();
    with_log(&format!("the gate `{}` {how}", gate.name), step, &run.log)
}

/// Of a number that is not good enough, or that a command did not print.
pub(super) fn of_number(
    gate: &Gate,
    (step, path): (&Step, &str),
    measured: Option<Measured>,
    rounds: &[Vec<GateEnded>],
    log: &Path,
) -> String {
    let Some(measured) = measured else {
        let text = format!("the gate `{}` succeeded, but printed no number called `{path}`", gate.name);
        return with_log(&text, step, log);
    };
    let (value, bounds) = (measured.value, measured.bounds());
    let before: Vec<_> = rounds.iter().flatten().filter(|ended| ended.gate == gate.name).collect();
    let values: Vec<_> = before.iter().filter_map(|ended| ended.measured).collect();
    let best = best(&values).map_or_else(String::new, |best| format!("; the best so far was {}", best.value));
    let text = format!("the gate `{}` measured {value}, and has to measure {bounds}{best}", gate.name);
    with_log(&text, step, log)
}

fn with_log(what: &str, step: &Step, log: &Path) -> String {
    let command = &step.command;
    match agent::last_lines_of_log(log, LINES) {
        Some(lines) => {
            let log = log.display();
            format!(
                "{what}. It printed at its end:\n{lines}\n(its command: `{command}`; all that it printed: {log})"
            )
        }
        None => format!("{what}. It printed nothing. (Its command: `{command}`)"),
    }
}
