//! What is told of a gate that was not passed: to the agent, which is to mend it, and to people.

use std::path::Path;

use super::rounds::best;
use super::{Gate, GateEnded, Measured};
use crate::agent;
use crate::run::step::{Step, StepRun};

/// Lines at the end of what a command has printed.
const LINES: usize = 120;
/// Characters of the line that is taken from among them.
const LINE: usize = 200;
/// A line with one of these says what went wrong.
const TELLING: [&str; 4] = ["error", "fail", "panic", "assert"];
/// Though not one that only says how often nothing did.
const UNTELLING: [&str; 3] = ["0 failed", "0 failures", "0 errors"];

/// Of a command that has not succeeded.
pub(super) fn of_command(gate: &Gate, step: &Step, run: &StepRun) -> String {
    let how = run.end.sentence(step).unwrap_or_default();
    let printed = agent::last_lines_of_log(&run.log, LINES);
    let line = printed.as_deref().and_then(telling_line).map_or_else(String::new, |line| format!(": {line}"));
    with_log(&format!("the gate `{}` {how}{line}", gate.name), step, (printed, &run.log))
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
        return with_log(&text, step, (agent::last_lines_of_log(log, LINES), log));
    };
    let (value, bounds) = (measured.value, measured.bounds());
    let before: Vec<_> = rounds.iter().flatten().filter(|ended| ended.gate == gate.name).collect();
    let values: Vec<_> = before.iter().map(|ended| ended.measured).collect();
    let best = best(&values).map_or_else(String::new, |best| so_far(best, measured));
    let text = format!("the gate `{}` measured {value}, and has to measure {bounds}{best}", gate.name);
    with_log(&text, step, (agent::last_lines_of_log(log, LINES), log))
}

/// How a measurement stands to the best of those before it.
fn so_far(best: Measured, now: Measured) -> String {
    let distance = |measured: Measured| now.bounds().distance(measured.value);
    if distance(now) < distance(best) {
        format!("; that is closer than any before, of which the best was {}", best.value)
    } else {
        format!("; the best so far was {}", best.value)
    }
}

/// What happened stands in the first line, for whoever shows no more.
fn with_log(what: &str, step: &Step, (printed, log): (Option<String>, &Path)) -> String {
    let command = &step.command;
    match printed {
        Some(lines) => {
            let log = log.display();
            format!(
                "{what}.\nIt printed at its end:\n{lines}\n(its command: `{command}`; all that it printed: {log})"
            )
        }
        None => format!("{what}. It printed nothing. (Its command: `{command}`)"),
    }
}

/// The line that says most of what went wrong: the first that names an error, else the last.
fn telling_line(printed: &str) -> Option<String> {
    let lines = || printed.lines().map(str::trim).filter(|line| !line.is_empty());
    let tells = |line: &&str| {
        let line = line.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
        has(&TELLING) && !has(&UNTELLING)
    };
    let line = lines().find(tells).or_else(|| lines().next_back())?;
    Some(line.chars().take(LINE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::gates::Bounds;

    #[test]
    fn the_line_that_tells_is_the_first_with_an_error_else_the_last() {
        let telling = |text| telling_line(text);
        let tests = "running 2 tests\ntest a ... ok\n  test b ... FAILED\nerror: test failed, to rerun";
        assert_eq!(telling(tests).as_deref(), Some("test b ... FAILED"));
        assert_eq!(
            telling("ok. 2 passed; 0 failed\n12 lines differ\n\n").as_deref(),
            Some("12 lines differ")
        );
        assert_eq!(telling(" \n"), None);
        assert_eq!(telling(&"é".repeat(LINE + 9)).map(|line| line.chars().count()), Some(LINE));
    }

    #[test]
    fn a_number_that_climbs_is_the_best_itself() {
        let bounds = Bounds { at_least: Some(5.0), at_most: None };
        let [one, two] = [1.0, 2.0].map(|value| Measured::new(value, bounds));
        assert_eq!(so_far(one, two), "; that is closer than any before, of which the best was 1");
        assert_eq!(so_far(two, one), "; the best so far was 2");
        assert_eq!(so_far(two, two), "; the best so far was 2");
    }
}
