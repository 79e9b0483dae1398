//! A command that has to succeed, and perhaps to print a number that is good enough.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::pass::{Ran, not_run};
use super::value::value;
use super::{CommandGate, Gate, GateEnded, Measured, Metric, findings};
use crate::agent::last_lines_of_log;
use crate::run::Used;
use crate::run::attempt::Link;
use crate::run::job::Job;
use crate::run::step::{self, Means, Step, StepCommand, StepEnd, StepPlace, StepRun};

/// Bytes at the end of what was printed in which a number is looked for.
const MOST: u64 = 8 << 20;

/// By these exit codes a shell tells that it can't run a command, or finds none of that name.
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/// Where a gate's command runs.
#[derive(Clone, Copy)]
pub(in crate::run) struct Place<'a> {
    pub(in crate::run) means: Means<'a>,
    /// Its working directory.
    pub(in crate::run) folder: &'a Path,
    pub(in crate::run) env: &'a [(OsString, OsString)],
    /// The folder in which it has its log.
    pub(in crate::run) logs: &'a Path,
    /// It runs what the agent of that attempt has written; nothing where a person has.
    pub(in crate::run) confined_as: Option<&'a Job>,
    pub(in crate::run) link: &'a Link,
}

/// Runs it to its end. `plain` is how it ends without anything more, `rounds` how it ended before.
pub(in crate::run) async fn run_command(
    place: Place<'_>,
    (number, gate): (usize, &Gate),
    command: &CommandGate,
    rounds: &[Vec<GateEnded>],
    plain: GateEnded,
) -> Ran {
    let Place { means, folder, env, logs, confined_as, link } = place;
    let slug = slug(number, &gate.name);
    let place = StepPlace { means, folder, env, logs, slug: &slug, confined_as };
    let run = step::run_beside(&command.step, place, link).await;
    match &run.end {
        StepEnd::Stopped => return Ran::Stopped(Used::default()),
        StepEnd::CouldNotStart(why) if !is_of_the_work(&command.step) => return not_run(why.clone()),
        StepEnd::Failed(code) if is_not_run(&command.step, *code, folder) => {
            return not_run(why_not_run(*code, run.log).await);
        }
        StepEnd::Passed
        | StepEnd::CouldNotStart(_)
        | StepEnd::Failed(_)
        | StepEnd::TimedOut
        | StepEnd::Killed(_)
        | StepEnd::TooMuchOutput => {}
    }
    let (gate, command, rounds) = (gate.clone(), command.clone(), rounds.to_vec());
    match spawn_blocking(move || judged(&gate, &command, &run, &rounds, plain)).await {
        Ok(ended) => Ran::Ended(Box::new(ended)),
        Err(bug) => not_run(format!("a bug in blueprint: {bug}")),
    }
}

/// A name for its folder, which says to people which gate it was.
pub(super) fn slug(number: usize, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    format!("gate-{number}-{plain}")
}

/// Whether the program that could not be started is one that the work itself has to bring.
fn is_of_the_work(step: &Step) -> bool {
    match &step.command {
        StepCommand::Shell(_) => true,
        StepCommand::Program(words) => words.first().is_some_and(|program| program.contains('/')),
    }
}

/// Whether a shell has said that it can't run the command, or finds none of that name: no agent is asked to mend that. What the work has
/// brought itself, and can't be run, is for its agent to mend.
fn is_not_run(step: &Step, code: i32, folder: &Path) -> bool {
    let StepCommand::Shell(text) = &step.command else { return false };
    let program = text.split_whitespace().next().unwrap_or_default();
    let is_of_the_work = program.contains('/') && folder.join(program).exists();
    matches!(code, NOT_EXECUTABLE | NOT_FOUND) && !is_of_the_work
}

/// With the shell's last word.
async fn why_not_run(code: i32, log: PathBuf) -> String {
    let said = spawn_blocking(move || last_lines_of_log(&log, 1)).await.ok().flatten();
    let said = said.map_or_else(String::new, |said| format!(": {}", said.trim()));
    let why = if code == NOT_FOUND { "its command is not found" } else { "its command can't be run" };
    format!("{why} (exit code {code}){said}")
}

fn judged(
    gate: &Gate,
    command: &CommandGate,
    run: &StepRun,
    rounds: &[Vec<GateEnded>],
    ended: GateEnded,
) -> GateEnded {
    let measured = command.metric.as_ref().and_then(|metric| measure(metric, &run.log));
    let ended = GateEnded { measured, log: Some(run.log.clone()), ..ended };
    if run.end != StepEnd::Passed {
        return GateEnded { detail: Some(findings::of_command(gate, &command.step, run)), ..ended };
    }
    let Some(metric) = &command.metric else { return GateEnded { passed: true, ..ended } };
    if measured.is_some_and(|measured| measured.bounds().hold(measured.value)) {
        return GateEnded { passed: true, ..ended };
    }
    let detail = findings::of_number(gate, (&command.step, &metric.path), measured, rounds, &run.log);
    GateEnded { detail: Some(detail), ..ended }
}

fn measure(metric: &Metric, log: &Path) -> Option<Measured> {
    let value = value(&end_of(log)?, &metric.path)?;
    Some(Measured::new(value, metric.bounds.unwrap_or_default()))
}

fn end_of(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let start = file.metadata().ok()?.len().saturating_sub(MOST);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_s_folder_says_which_gate_it_was_however_that_is_called() {
        assert_eq!(slug(3, "Doc tests"), "gate-3-doc-tests");
        assert_eq!(slug(1, "../ü\0"), "gate-1------");
    }
}
