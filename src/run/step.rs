//! A command that is no agent: what sets a worktree up, and what checks work. It runs under a supervisor as agents do: its whole tree of
//! processes ends with it, whatever becomes of the run.

mod folder;

pub(super) use folder::{end_leftovers, folders_in, unused};

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::spawn_blocking;

use super::Stage;
use super::attempt::Link;
use super::job::{Common, Job};
use super::masking::mask_kept;
use super::process::{Limits, Supervised};
use super::supervisor::{End, Exit, MOST_OUTPUT, Reason, Walls};
use super::waiting::{Clock, wait};
use super::walls::{self, WallsError};
use crate::agent::{self, BaseEnv, CommandLine, EndedBy, EnvPolicy, Secrets};
use crate::store::{AttemptDir, StoreError};
use folder::{make_folder, make_folder_with};

/// A command to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What messages call it.
    pub name: String,
    /// What is started.
    pub command: StepCommand,
    /// The longest that it may take.
    pub timeout: Duration,
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepCommand {
    /// A text for `sh -c`.
    Shell(String),
    /// A program and its arguments, as they are.
    Program(Vec<String>),
}

impl fmt::Display for StepCommand {
    /// As one would type it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(text) => f.write_str(text),
            Self::Program(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepEnd {
    /// With exit code 0.
    Passed,
    /// With another one.
    Failed(i32),
    /// Its time was up, and it was ended.
    TimedOut,
    /// A signal ended it that we did not send.
    Killed(i32),
    /// It printed more than can be kept, and was ended.
    TooMuchOutput,
    /// It never ran, or nobody saw how it ended, for that reason.
    CouldNotStart(String),
    /// The run was told to end, and ended it; or it was not begun because of that.
    Stopped,
}

/// What came of a step.
#[derive(Debug, Clone)]
pub(super) struct StepRun {
    pub(super) end: StepEnd,
    /// What it printed, on both outputs, in the order in which it did.
    pub(super) log: PathBuf,
}

/// What all steps need.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    /// Our own program, which supervises them.
    pub(super) program: &'a Path,
    /// Between TERM and KILL.
    pub(super) kill_grace: Duration,
    /// The environment that we were started with.
    pub(super) env: &'a BaseEnv,
    /// What of it is passed on beside the usual.
    pub(super) env_policy: &'a EnvPolicy,
    /// What is masked in their logs.
    pub(super) secrets: &'a Secrets,
}

impl Common {
    /// What all steps of the run need.
    pub(super) fn means(&self) -> Means<'_> {
        let Self { program, kill_grace, env, env_policy, secrets, .. } = self;
        Means { program, kill_grace: *kill_grace, env, env_policy, secrets }
    }
}

/// Where a step runs.
#[derive(Clone, Copy)]
pub(super) struct StepPlace<'a> {
    pub(super) means: Means<'a>,
    /// Its working directory.
    pub(super) folder: &'a Path,
    /// Its variables beside those of [`environment`].
    pub(super) env: &'a [(OsString, OsString)],
    /// The folder in which steps of this sort have their logs: [`AttemptDir::steps`] of an attempt.
    pub(super) logs: &'a Path,
    /// The name of its own folder there, such as `setup-1`; one that has been used is not used again.
    pub(super) slug: &'a str,
    /// It runs what the agent of that attempt has written, and is kept in the same sandbox.
    pub(super) confined_as: Option<&'a Job>,
}

/// Runs the step to its end. Steps that an earlier run has left running there are killed before.
pub(super) async fn run(step: &Step, place: StepPlace<'_>, link: &Link) -> StepRun {
    let logs = place.logs.to_owned();
    after_leftovers(place, run_beside(step, place, link), logs).await
}

/// The same beside other steps that run there.
pub(super) async fn run_beside(step: &Step, place: StepPlace<'_>, link: &Link) -> StepRun {
    run_in_folder(step, place, link, make_folder).await
}

/// The same for a step that is told something, and gives an answer: it finds `input` on its standard input, and its log is what it prints on
/// its standard output alone.
pub(super) async fn consult(step: &Step, place: StepPlace<'_>, input: Vec<u8>, link: &Link) -> StepRun {
    let logs = place.logs.to_owned();
    let consulted = run_in_folder(step, place, link, move |logs, slug| make_folder_with(logs, slug, &input));
    after_leftovers(place, consulted, logs).await
}

async fn after_leftovers(
    place: StepPlace<'_>,
    step: impl Future<Output = StepRun>,
    logs: PathBuf,
) -> StepRun {
    match spawn_blocking(move || end_leftovers(&logs)).await {
        Ok(Ok(())) => step.await,
        Ok(Err(error)) => not_run(place, error.to_string()),
        Err(bug) => not_run(place, format!("a bug in blueprint: {bug}")),
    }
}

async fn run_in_folder(
    step: &Step,
    place: StepPlace<'_>,
    link: &Link,
    folder: impl FnOnce(&Path, &str) -> Result<AttemptDir, StoreError> + Send + 'static,
) -> StepRun {
    let (logs, slug) = (place.logs.to_owned(), place.slug.to_owned());
    let made = spawn_blocking(move || folder(&logs, &slug)).await;
    let dir = match made {
        Ok(Ok(dir)) => dir,
        Ok(Err(error)) => return not_run(place, error.to_string()),
        Err(bug) => return not_run(place, format!("a bug in blueprint: {bug}")),
    };
    let end = run_in(step, place, &dir, link).await;
    mask(place, &dir).await;
    tracing::debug!(step = step.name, folder = %dir.path().display(), ?end, "step");
    StepRun { end, log: dir.stdout() }
}

fn not_run(place: StepPlace<'_>, why: String) -> StepRun {
    StepRun { end: StepEnd::CouldNotStart(why), log: AttemptDir::at(place.logs.join(place.slug)).stdout() }
}

/// Before anybody reads what it printed. One that can't be masked is on a disk that does nothing else either.
async fn mask(place: StepPlace<'_>, dir: &AttemptDir) {
    let (dir, secrets) = (dir.clone(), place.means.secrets.clone());
    if let Ok(Err(error)) = spawn_blocking(move || mask_kept(&dir, &secrets)).await {
        tracing::warn!(%error, "log is not masked");
    }
}

async fn run_in(step: &Step, place: StepPlace<'_>, dir: &AttemptDir, link: &Link) -> StepEnd {
    if link.stop.borrow().is_some_and(|stage| stage >= Stage::End) {
        return StepEnd::Stopped;
    }
    let StepPlace { means, folder, .. } = place;
    // It may be silent for as long as it may take.
    let limits = Limits { timeout: step.timeout, stall: step.timeout, grace: means.kill_grace };
    let mut command = command_line(step, place, dir);
    let walls = match walls_of(place, dir, &mut command) {
        Ok(walls) => walls,
        Err(error) => return StepEnd::CouldNotStart(format!("no sandbox can be made: {error}")),
    };
    let mut process = match Supervised::start(means.program, &command, walls.as_ref(), folder, dir, limits) {
        Ok(process) => process,
        Err(error) => return StepEnd::CouldNotStart(format!("can't start its supervisor: {error}")),
    };
    link.stoppable.is_under(&process);
    let (end, ended_by) = wait(&mut process, limits, Clock::plain(link, step.timeout)).await;
    if walls.is_some() {
        walls::remove_temp(dir);
    }
    match end {
        Ok(end) => StepEnd::of(&end, ended_by),
        Err(error) => StepEnd::CouldNotStart(error.to_string()),
    }
}

fn walls_of(
    place: StepPlace<'_>,
    dir: &AttemptDir,
    command: &mut CommandLine,
) -> Result<Option<Walls>, WallsError> {
    place.confined_as.map_or(Ok(None), |job| walls::around(job, dir, command, place.env))
}

impl StepEnd {
    fn of(end: &End, ended_by: Option<EndedBy>) -> Self {
        let ended_by = ended_by.or_else(|| end.asked.then_some(EndedBy::Interrupted));
        match (end.reason, ended_by) {
            (Some(Reason::TimedOut | Reason::Silent), _) | (None, Some(EndedBy::TimedOut)) => Self::TimedOut,
            (Some(Reason::TooMuchOutput), _) | (None, Some(EndedBy::TooMuchOutput)) => Self::TooMuchOutput,
            (None, Some(EndedBy::Cancelled | EndedBy::Interrupted | EndedBy::OutOfBudget)) => Self::Stopped,
            (None, None) => Self::of_exit(&end.exit),
        }
    }

    fn of_exit(exit: &Exit) -> Self {
        match exit {
            Exit::Code(0) => Self::Passed,
            Exit::Code(code) => Self::Failed(*code),
            Exit::Signal(signal) => Self::Killed(*signal),
            Exit::NotStarted(why) => Self::CouldNotStart(why.clone()),
            Exit::Unseen => {
                Self::CouldNotStart("its supervisor was killed, and nobody saw its end".to_owned())
            }
        }
    }

    /// What there is to say of it after the step's name; nothing of one that passed.
    pub(super) fn sentence(&self, step: &Step) -> Option<String> {
        match self {
            Self::Passed => None,
            Self::Failed(code) => Some(format!("ended with exit code {code}")),
            Self::TimedOut => {
                let timeout = SignedDuration::try_from(step.timeout).unwrap_or_default();
                Some(format!("took longer than {timeout:#}"))
            }
            Self::Killed(signal) => Some(format!("was killed by signal {signal}")),
            Self::TooMuchOutput => Some(format!("printed more than {} MiB", MOST_OUTPUT >> 20)),
            Self::CouldNotStart(why) => Some(format!("could not be run: {why}")),
            Self::Stopped => Some("was ended with the run".to_owned()),
        }
    }
}

impl StepRun {
    /// What a person should know of a step that has not passed: how it ended, the end of what it printed, and where the rest is.
    pub(super) fn complaint(&self, step: &Step) -> Option<String> {
        let how = format!("`{}` {}", step.name, self.end.sentence(step)?);
        Some(match agent::end_of_log(&self.log) {
            Some(lines) => format!("{how}: {lines}\n(all that it printed: {})", self.log.display()),
            None => how,
        })
    }
}

fn command_line(step: &Step, place: StepPlace<'_>, dir: &AttemptDir) -> CommandLine {
    let words = match &step.command {
        StepCommand::Shell(text) => vec!["sh".to_owned(), "-c".to_owned(), text.clone()],
        StepCommand::Program(words) => words.clone(),
    };
    let mut words = words.into_iter().map(OsString::from);
    let mut env = environment(place.means);
    env.extend_from_slice(place.env);
    // By this its processes are found where its supervisor was killed.
    env.push((agent::STEP.into(), dir.path().into()));
    let program = words.next().unwrap_or_default();
    CommandLine { program, args: words.collect(), env, stdin: Vec::new(), files: Vec::new() }
}

/// What every step sees of the environment that we were started with: what agents see, without what their programs need.
fn environment(means: Means<'_>) -> Vec<(OsString, OsString)> {
    agent::passed_to_steps(means.env, means.env_policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(exit: Exit) -> End {
        End::by(exit)
    }

    #[test]
    fn who_ended_a_step_counts_for_more_than_how_it_left() {
        let timed_out = End { reason: Some(Reason::TimedOut), asked: true, ..end(Exit::Code(0)) };
        assert_eq!(StepEnd::of(&timed_out, Some(EndedBy::Interrupted)), StepEnd::TimedOut);
        assert_eq!(StepEnd::of(&end(Exit::Code(0)), Some(EndedBy::Interrupted)), StepEnd::Stopped);
        assert_eq!(StepEnd::of(&end(Exit::Signal(9)), Some(EndedBy::TimedOut)), StepEnd::TimedOut);
        assert_eq!(StepEnd::of(&end(Exit::Signal(9)), None), StepEnd::Killed(9));
        assert_eq!(StepEnd::of(&end(Exit::Code(0)), None), StepEnd::Passed);
        assert_eq!(StepEnd::of(&end(Exit::Code(3)), None), StepEnd::Failed(3));
    }

    #[test]
    fn a_complaint_says_how_it_ended_what_it_printed_and_where_that_is() {
        let folder = tempfile::tempdir().unwrap();
        let dir = make_folder(folder.path(), "setup-1").unwrap();
        std::fs::write(dir.stderr(), "\x1b[31mno such package\x1b[0m\n").unwrap();
        let step = Step {
            name: "npm ci".into(),
            command: StepCommand::Shell("npm ci".into()),
            timeout: Duration::ZERO,
        };
        let run = |end| StepRun { end, log: dir.stdout() };
        let said = run(StepEnd::Failed(1)).complaint(&step).unwrap();
        let log = dir.stdout();
        let expected = format!(
            "`npm ci` ended with exit code 1: no such package\n(all that it printed: {})",
            log.display()
        );
        assert_eq!(said, expected);
        assert_eq!(run(StepEnd::Passed).complaint(&step), None);
    }
}
