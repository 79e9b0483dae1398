//! A program that answers questions in a person's place: it finds the question on its standard input and as a variable, and prints the answer.
//!
//! Knows nothing of what becomes of the answer: see the dispatcher.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::attempt::Link;
use super::job::Common;
use super::questions::{LONGEST_ANSWER, answer_in};
use super::step::{self, Step, StepEnd, StepPlace, StepRun};
use crate::agent;
use crate::plan::TaskId;
use crate::store::AttemptDir;

/// Bytes of a question that fit into a variable: the kernel takes no longer one.
const VARIABLE: usize = 100 * 1024;

/// A question, and what the program may want to know of it.
pub(super) struct Asking {
    pub(super) task: TaskId,
    /// What the task is called.
    pub(super) name: String,
    pub(super) agent: String,
    pub(super) question: String,
    /// Where the task's agent works, if that is there.
    pub(super) worktree: Option<PathBuf>,
    /// The folder of its logs.
    pub(super) logs: PathBuf,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(String),
    /// There is none, for that reason.
    None(String),
    /// The run did not wait for it.
    Stopped,
}

pub(super) async fn ask(common: &Common, step: &Step, asking: &Asking, link: &Link) -> Reply {
    let env = variables(common, asking);
    let (means, folder, logs) = (common.means(), common.config_dir.as_path(), asking.logs.as_path());
    let place = StepPlace { means, folder, env: &env, logs, slug: "ask", confined_as: None };
    let run = step::consult(step, place, asking.question.clone().into_bytes(), link).await;
    match &run.end {
        StepEnd::Passed => match printed(&run.log) {
            Ok(text) => answer_in(&text).map_or_else(|error| Reply::None(error.to_string()), Reply::Answer),
            Err(error) => Reply::None(format!("{} cannot be read: {error}", run.log.display())),
        },
        StepEnd::Stopped => Reply::Stopped,
        StepEnd::Failed(_)
        | StepEnd::TimedOut
        | StepEnd::Killed(_)
        | StepEnd::TooMuchOutput
        | StepEnd::CouldNotStart(_) => Reply::None(complaint(step, run)),
    }
}

/// What it says of its failure it says on its standard error.
fn complaint(step: &Step, run: StepRun) -> String {
    let errors = run.log.parent().map(|folder| AttemptDir::at(folder.to_owned()).stderr());
    let has_any = |log: &PathBuf| agent::end_of_log(log).is_some();
    let log = errors.filter(has_any).unwrap_or(run.log);
    StepRun { log, ..run }.complaint(step).unwrap_or_default()
}

fn printed(log: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    // Enough to see that it is too much.
    File::open(log)?.take(2 * LONGEST_ANSWER as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn variables(common: &Common, asking: &Asking) -> Vec<(OsString, OsString)> {
    let question = asking.question.replace('\0', " ");
    let question = &question[..question.floor_char_boundary(VARIABLE)];
    let own: [(&str, OsString); 5] = [
        ("GENESIS_FILE_PATH", common.genesis.clone().into()),
        ("TASK_ID", asking.task.as_str().into()),
        ("BLUEPRINT_TASK_NAME", asking.name.replace('\0', " ").into()),
        ("BLUEPRINT_AGENT", asking.agent.clone().into()),
        ("BLUEPRINT_QUESTION", question.into()),
    ];
    let place = asking.worktree.clone().map(|place| ("WORKTREE_PATH", place.into()));
    own.into_iter().chain(place).map(|(name, value)| (name.into(), value)).collect()
}
