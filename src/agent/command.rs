//! The runner of kind `command`: any program, with the prompt on its standard input.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::environment::{Needs, assemble, of_program};
use super::log_text::{self, LINE, cut};
use super::program::{self, Wanted};
use super::render::{Piece, pieces};
use super::retry_at;
use super::{
    Answer, BaseEnv, CommandLine, Definition, Ended, EnvPolicy, Event, Exit, Kind, Launch, Outcome, Reading,
    Runner, RunnerError, RunnerSpec,
};

/// Any program. Exit code 0 is success, the last line of its output the summary.
#[derive(Debug)]
pub(super) struct Command {
    spec: RunnerSpec,
    /// The first item of the spec's command.
    program: String,
}

impl Command {
    /// # Errors
    /// The spec has no command.
    pub(super) fn new(spec: RunnerSpec) -> Result<Command, RunnerError> {
        match spec.command.first().filter(|program| !program.is_empty()).cloned() {
            Some(program) => Ok(Command { spec, program }),
            None => Err(RunnerError::NoCommand { name: spec.name }),
        }
    }
}

impl Runner for Command {
    fn name(&self) -> &str {
        &self.spec.name
    }

    fn kind(&self) -> Kind {
        self.spec.kind
    }

    fn command_line(&self, launch: &Launch<'_>) -> Result<CommandLine, RunnerError> {
        let program = filled(&self.program, |name| value(launch, name));
        let args = self.spec.command.iter().skip(1).chain(&self.spec.args);
        let line = CommandLine {
            program: program::resolve(&program, launch.config_dir),
            args: args.map(|arg| filled(arg, |name| value(launch, name))).collect(),
            env: assemble(launch, &Needs::default(), &self.spec.env),
            stdin: stdin(launch.definition_text, launch.prompt_text),
            files: Vec::new(),
        };
        line.checked(&self.spec.name)
    }

    fn check(&self, env: &BaseEnv, config_dir: &Path) -> Result<PathBuf, RunnerError> {
        let known = |name: &str| (name == "{config_dir}").then_some(config_dir.as_os_str());
        let program = filled(&self.program, known);
        let wanted = Wanted { runner: &self.spec.name, program: &program, hint: None };
        program::find(wanted, env, config_dir)
    }

    fn read(&self, ended: &Ended<'_>) -> Reading {
        let (output, trouble) = tail(ended.stdout);
        let mut reading = judge(ended, &output);
        if let Some(trouble) = trouble {
            reading.detail = Some(reading.detail.map_or(trouble.clone(), |d| format!("{d} ({trouble})")));
        }
        reading
    }

    fn events(&self, line: &str) -> Vec<Event> {
        log_text::first_line(line).map(Event::Said).into_iter().collect()
    }

    fn model<'a>(&'a self, _: &'a Definition) -> Option<&'a str> {
        self.spec.model.as_deref()
    }

    fn variables(&self, env: &BaseEnv, policy: &EnvPolicy) -> Vec<(OsString, OsString)> {
        of_program(env, &Needs::default(), policy, &self.spec.env)
    }

    fn can_resume(&self) -> bool {
        false
    }
}

/// The placeholders of a command, which is configured and not taken from the plan; what stands in for them is one
/// argument or a part of one, whatever is in it.
const PLACEHOLDERS: [&str; 7] =
    ["{config_dir}", "{worktree}", "{task}", "{genesis}", "{definition}", "{prompt}", "{agent}"];

fn value<'a>(launch: &Launch<'a>, placeholder: &str) -> Option<&'a OsStr> {
    Some(match placeholder {
        "{config_dir}" => launch.config_dir.as_os_str(),
        "{worktree}" => launch.worktree.as_os_str(),
        "{task}" => OsStr::new(launch.task),
        "{genesis}" => launch.genesis.as_os_str(),
        "{definition}" => launch.definition_file.as_os_str(),
        "{prompt}" => launch.prompt_file.as_os_str(),
        "{agent}" => OsStr::new(launch.agent),
        _ => return None,
    })
}

fn filled<'a>(text: &str, value: impl Fn(&str) -> Option<&'a OsStr>) -> OsString {
    let mut whole = OsString::new();
    for piece in pieces(text, &PLACEHOLDERS) {
        match piece {
            Piece::Text(text) => whole.push(text),
            Piece::Name(index) => {
                let name = PLACEHOLDERS[index];
                whole.push(value(name).unwrap_or(OsStr::new(name)));
            }
        }
    }
    whole
}

/// The definition, a blank line, the prompt.
pub(super) fn stdin(definition: &str, prompt: &str) -> Vec<u8> {
    let gap = if definition.ends_with('\n') { "\n" } else { "\n\n" };
    [definition, gap, prompt].concat().into_bytes()
}

fn judge(ended: &Ended<'_>, output: &str) -> Reading {
    if let Some(by) = ended.ended_by_us {
        let last = log_text::last_line(output);
        let detail = last.map(|line| format!("its last line was: {}", cut(line, LINE)));
        return Reading { detail, ..Reading::of(by.outcome()) };
    }
    match ended.exit {
        Exit::Signal(_) => failed(Outcome::Killed, ended, output),
        Exit::Code(code) => match Answer::in_log(output) {
            Some(answer) => answered(answer, output),
            None if code == 0 => completed(output),
            None => limited(ended).unwrap_or_else(|| failed(Outcome::Failed, ended, output)),
        },
    }
}

/// How a program of anybody's can say that it ran into a limit: a line on its standard error, with the seconds or the time.
const RETRY_AFTER: &str = "retry-after:";
/// Lines at the end of standard error in which that is looked for.
const LAST_LINES: usize = 20;

fn limited(ended: &Ended<'_>) -> Option<Reading> {
    let (errors, _) = tail(ended.stderr);
    let says_so = |line: &&str| {
        let start = line.trim_start().get(..RETRY_AFTER.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(RETRY_AFTER))
    };
    let line = errors.lines().rev().take(LAST_LINES).find(says_so)?;
    let retry_at = retry_at::retry_at(line, ended.at);
    Some(Reading { retry_at, ..failed(Outcome::RateLimited, ended, "") })
}

fn completed(output: &str) -> Reading {
    Reading { summary: summary(output), ..Reading::of(Outcome::Completed) }
}

/// The plain end of a log, and why there is none if it cannot be read.
fn tail(log: &Path) -> (String, Option<String>) {
    match log_text::tail(log) {
        Ok(text) => (log_text::plain(&text), None),
        Err(error) => (String::new(), Some(format!("{} cannot be read: {error}", log.display()))),
    }
}

fn summary(output: &str) -> Option<String> {
    log_text::last_line(output).map(|line| cut(line, LINE))
}

fn answered(answer: Answer, output: &str) -> Reading {
    let mut reading = Reading { summary: summary(output), ..Reading::of(answer.outcome()) };
    answer.tell(&mut reading);
    reading
}

fn failed(outcome: Outcome, ended: &Ended<'_>, output: &str) -> Reading {
    let detail = log_text::with_last_lines(ended, output);
    Reading { detail: Some(detail), summary: summary(output), ..Reading::of(outcome) }
}

#[cfg(test)]
mod tests;
