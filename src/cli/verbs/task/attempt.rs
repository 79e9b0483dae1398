//! From within an attempt: a request to the run, which decides after commit and merge.
//!
//! All that is needed stands in the environment: in a sandbox neither plan nor state may be there to be read.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{Args, TaskVerb};
use crate::agent::OUTBOX;
use crate::cli::context::find_only;
use crate::cli::error::{CliError, Kind};
use crate::cli::output;
use crate::git::Repo;
use crate::report::clean;
use crate::run::{Answer, History, LeaveError, Record, Request, leave};
use crate::store::{RunLock, StateDir, read_records};

/// How long a run may take to answer: it looks ten times a second, but may be busy with a merge.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an attempt was told about itself, by its environment.
pub(super) struct Attempt {
    token: String,
    task: String,
    outbox: PathBuf,
}

impl Attempt {
    pub(super) fn of_this_process() -> Option<Self> {
        let text = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let outbox = env::var_os(OUTBOX).or_else(|| env::var_os("WORKTREE_PATH"))?.into();
        Some(Self { token: text("BLUEPRINT_TASK_TOKEN")?, task: text("TASK_ID")?, outbox })
    }

    pub(super) fn report(&self, args: &Args, name: &str) -> Result<u8, CliError> {
        self.refuse_others(args, name)?;
        let records = records();
        if let Some((_, history)) = &records {
            self.refuse_a_stale_token(history)?;
        }
        let Some(says) = args.verb.says() else { return Ok(self.is_begun(&args.verb)) };
        let request = Request { token: self.token.clone(), says };
        let ticket = leave(&self.outbox, &request).map_err(not_left)?;
        let nobody_listens = records.is_some_and(|(state, _)| has_no_run(&state));
        let answer = if nobody_listens { None } else { ticket.wait(PATIENCE) };
        match answer {
            Some(Answer::Accepted { text }) => output::say(&format!("task {}: {text}", clean(name))),
            Some(Answer::Refused { text }) => return Err(CliError::usage(text)),
            Some(Answer::Forbidden { text }) => return Err(forbidden(text)),
            None => output::say(&format!(
                "task {}: left for the run, which has not answered yet; it takes this up later, at the latest when \
                 the attempt has ended",
                clean(name)
            )),
        }
        Ok(0)
    }

    /// An attempt has one task of one plan, and nobody in it has more to say than its agent.
    fn refuse_others(&self, args: &Args, name: &str) -> Result<(), CliError> {
        if args.force {
            return Err(forbidden("this is an attempt: nothing is forced from within one".to_owned())
                .hint("`--force` is for a person at a terminal of their own"));
        }
        if self.task != name {
            let message = format!("this attempt is about task `{}`; it can't change `{name}`", self.task);
            return Err(forbidden(message));
        }
        let Some(plan) = &args.genesis else { return Ok(()) };
        let own = env::var_os("GENESIS_FILE_PATH").and_then(|path| fs::canonicalize(path).ok());
        if own.is_some_and(|own| find_only(Some(plan)).is_ok_and(|path| path != own)) {
            return Err(forbidden(format!("this attempt is about another plan than `{plan}`")));
        }
        Ok(())
    }

    /// The run has the last word on the token; where the journal can be read, a wrong one is told at once.
    fn refuse_a_stale_token(&self, history: &History) -> Result<(), CliError> {
        if history.task(&self.task).is_some_and(|story| story.is_told(&self.token)) {
            return Ok(());
        }
        let task = &self.task;
        Err(forbidden(format!("the token is not that of the attempt under way at task `{task}`")))
    }

    fn is_begun(&self, verb: &TaskVerb) -> u8 {
        if matches!(verb, TaskVerb::Start { .. }) {
            output::say(&format!("task {} is in progress: this attempt works on it", clean(&self.task)));
        }
        0
    }
}

fn forbidden(message: String) -> CliError {
    CliError::new(Kind::Forbidden, message).hint("only the agent of the attempt under way reports on a task")
}

fn not_left(error: LeaveError) -> CliError {
    match error {
        LeaveError::TooLong { .. } => {
            CliError::usage(error).hint("write the rest into a file of the worktree, and name that")
        }
        LeaveError::Store(error) => {
            CliError::from(error).hint("reports go through the folder `.blueprint` in the worktree")
        }
    }
}

/// The state of the attempt's plan and what its journal says, if they are there to be read.
fn records() -> Option<(StateDir, History)> {
    let plan = fs::canonicalize(env::var_os("GENESIS_FILE_PATH")?).ok()?;
    let folder = plan.parent()?;
    let repo = Repo::discover(folder).ok()?;
    let root = repo.map_or_else(|| folder.join(".blueprint"), |repo| repo.common_dir().join("blueprint"));
    let state = StateDir::locate(&root, "", &plan);
    let journal = state.journal();
    let records = is_there(&journal).then(|| read_records::<Record>(&journal).ok())??;
    Some((state, History::from_records(records.records)))
}

/// A journal that is missing says nothing about a token: it may only be out of sight.
fn is_there(journal: &Path) -> bool {
    journal.is_file()
}

/// Whether it is known that nobody is there to answer.
fn has_no_run(state: &StateDir) -> bool {
    matches!(RunLock::live_owner(&state.run_lock()), Ok(None))
}
