//! By a person, or by an agent that nobody runs: the change itself, under the plan's lock.

use std::io::{self, IsTerminal};

use jiff::Timestamp;

use super::args::Args;
use super::past_gates;
use crate::cli::context::{Context, unknown_task};
use crate::cli::error::{CliError, Kind};
use crate::cli::held::Held;
use crate::cli::output;
use crate::cli::person::actor;
use crate::cli::said::Said;
use crate::genesis::{Edit, Entry, Genesis, Note, Status, TaskResult, Transition};
use crate::plan::{TaskId, legal};
use crate::report::clean;
use crate::run::{ASKED, Claim, Fact, History, Says, TransitionRecord, ledger, supervisor};
use crate::store::{CommitError, Committed, RunLock, Seen};

/// What is to become of the task.
struct Wish<'a> {
    task: &'a str,
    change: Change,
    actor: String,
    at: Timestamp,
}

enum Change {
    Status { to: Status, description: String, result: Option<TaskResult> },
    Entry(Entry),
}

/// Why a wish is not granted.
enum Refusal {
    /// A live run works on the task.
    Held,
    /// Its work has not passed what it has to.
    Short(CliError),
    Error(CliError),
}

impl From<CliError> for Refusal {
    fn from(error: CliError) -> Self {
        Self::Error(error)
    }
}

pub(super) fn change(context: &Context, seen: Seen, name: &str, args: &Args) -> Result<u8, CliError> {
    if supervisor::is_inside_attempt(&context.path) {
        let message = "this is an attempt at a task of this plan, but not by its agent's own means";
        let hint =
            "report with the variables TASK_ID, WORKTREE_PATH and BLUEPRINT_TASK_TOKEN as they were given";
        return Err(CliError::new(Kind::Forbidden, message).hint(hint));
    }
    if args.force {
        refuse_all_but_a_person()?;
    }
    let wish = Wish::of(name, args.verb.says().map(|says| Said::of(context).says(says)));
    let is_new = match commit(context, seen, &wish) {
        Err(CommitError::Refused(Refusal::Held)) if args.force => {
            decide(context, &wish)?;
            true
        }
        Err(CommitError::Refused(Refusal::Short(error))) if args.force => {
            decide(context, &wish)?;
            output::say(&format!(
                "note    {}; by your word it counts as it is, and the next run merges what is committed",
                clean(&error.message)
            ));
            true
        }
        committed => committed.map_err(|error| error_of(context, name, error))?.changed,
    };
    output::say(&wish.told(is_new));
    Ok(0)
}

/// An agent has no terminal; a person at one can be asked what they meant.
fn refuse_all_but_a_person() -> Result<(), CliError> {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    let message = "`--force` is for a person at a terminal, and here is none";
    Err(CliError::new(Kind::Forbidden, message).hint("wait for the run, or end it with `blueprint stop`"))
}

fn commit(context: &Context, seen: Seen, wish: &Wish<'_>) -> Result<Committed, CommitError<Refusal>> {
    let file = context.plan_file().map_err(|error| CommitError::Refused(Refusal::Error(error)))?;
    file.commit_from(Some(seen), |genesis| {
        let plan = context.valid(genesis)?;
        if plan.find(wish.task).is_none() {
            return Err(unknown_task(&plan, wish.task).into());
        }
        if wish.is_status() && is_held(context, genesis, wish.task)? {
            return Err(Refusal::Held);
        }
        let history = context.history()?;
        if wish.completes() {
            past_gates::refuse(context, &plan, genesis, &history, wish.task).map_err(Refusal::Short)?;
        }
        Ok(caught_up_and(wish, genesis, &history)?)
    })
}

/// The wish's edit, of the document as the journal has it: a run that was killed may not have written all of it.
fn caught_up_and(wish: &Wish<'_>, genesis: &Genesis, history: &History) -> Result<Edit, CliError> {
    if ledger::missing(history, genesis).is_empty() {
        return wish.edit(genesis);
    }
    let failed = |error| CliError::edit(&error);
    let mut now = ledger::caught_up(genesis.clone(), history).map_err(failed)?;
    now.edit(&wish.edit(&now)?).map_err(failed)?;
    Ok(Edit::between(genesis.source(), now.source()))
}

/// Whether a live run has the task in progress. Asked under the lock that the run takes to write the plan, and of the journal, in which it
/// writes before: who looks at the plan alone may see the moment in between.
fn is_held(context: &Context, genesis: &Genesis, name: &str) -> Result<bool, CliError> {
    if RunLock::live_owner(&context.state.run_lock())?.is_none() {
        return Ok(false);
    }
    let history = context.history()?;
    let Some((story, task)) = history.task(name).zip(genesis.task(name)) else { return Ok(false) };
    let is_begun = task.status == Status::InProgress && story.open_attempt().is_some();
    let is_about_to_begin = || {
        let missing = ledger::missing(&history, genesis);
        missing.iter().any(|record| record.task.as_str() == name && record.to == Status::InProgress)
    };
    Ok(is_begun || ledger::is_ours(Some(story), genesis, task) || is_about_to_begin())
}

/// The run keeps what is in the journal: there it finds that somebody has decided about its task, or that work counts as it is.
fn decide(context: &Context, wish: &Wish<'_>) -> Result<(), CliError> {
    let Change::Status { to, description, result } = &wish.change else { return Ok(()) };
    let held = Held::open(context)?;
    let record = TransitionRecord {
        task: TaskId::from(wish.task),
        from: held.genesis.task(wish.task).map_or(Status::InProgress, |task| task.status),
        to: *to,
        at: wish.at,
        actor: wish.actor.clone(),
        description: description.clone(),
        changes: None,
        result: result.clone(),
    };
    held.settle(Fact::Transition(record.clone()), &[record], || Ok(()))
}

fn error_of(context: &Context, name: &str, error: CommitError<Refusal>) -> CliError {
    let error = match error {
        CommitError::Refused(Refusal::Held) => {
            let message = format!("task `{name}` is being worked on by a live run");
            return CliError::new(Kind::Forbidden, message).hint(
                "only its own agent reports on it; wait for the run, end it, or decide for it at a terminal \
                 with `--force`",
            );
        }
        CommitError::Refused(Refusal::Short(error) | Refusal::Error(error)) => return error,
        CommitError::Load(error) => CommitError::Load(error),
        CommitError::Store(error) => CommitError::Store(error),
        CommitError::Edit(error) => CommitError::Edit(error),
    };
    CliError::commit(&context.path, error)
}

impl<'a> Wish<'a> {
    fn of(task: &'a str, says: Option<Says>) -> Self {
        // In whole seconds, as the plan has it: by its time a change is found again.
        let at = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default();
        let actor = actor();
        let change = match says {
            None => Change::status(Status::InProgress, "started by hand".to_owned(), None),
            Some(Says::Claim(claim)) => Change::claimed(claim),
            Some(Says::Remark(remark)) => Change::Entry(remark.entry(task, &actor, at)),
        };
        Self { task, change, actor, at }
    }

    fn completes(&self) -> bool {
        matches!(self.change, Change::Status { to: Status::Completed, .. })
    }

    fn is_status(&self) -> bool {
        matches!(self.change, Change::Status { .. })
    }

    fn edit(&self, genesis: &Genesis) -> Result<Edit, CliError> {
        let edit = match &self.change {
            Change::Entry(entry) => genesis.entries(std::slice::from_ref(entry)),
            Change::Status { to, description, result } => {
                let from = genesis.task(self.task).map_or(Status::Pending, |task| task.status);
                legal(from, *to).map_err(|error| CliError::from(error).hint(way_out(self.task, from)))?;
                if from == *to && from == Status::Blocked {
                    return self.one_more_reason(genesis, description);
                }
                genesis.transition(&Transition {
                    task: self.task,
                    to: *to,
                    at: self.at,
                    actor: &self.actor,
                    description,
                    changes: None,
                    result: result.clone(),
                })
            }
        };
        edit.map_err(|error| CliError::edit(&error))
    }

    /// Blocked tasks stay as they are; another reason or question is noted, so that it is not lost.
    fn one_more_reason(&self, genesis: &Genesis, description: &str) -> Result<Edit, CliError> {
        let details = genesis.details(self.task);
        if details.history.last().and_then(|last| last.description.as_deref()) == Some(description.trim()) {
            return Ok(Edit::default());
        }
        let (task, text) = (self.task.to_owned(), description.to_owned());
        let note = Note { task, text, actor: self.actor.clone(), at: self.at };
        genesis.note(&note).map_err(|error| CliError::edit(&error))
    }

    fn told(&self, is_new: bool) -> String {
        let task = clean(self.task);
        match &self.change {
            Change::Entry(_) if is_new => format!("task {task}: noted in the plan"),
            Change::Entry(_) => format!("task {task}: that is noted already"),
            Change::Status { to, .. } if is_new => format!("task {task} is now {to}"),
            Change::Status { to, .. } => format!("task {task} was already {to}"),
        }
    }
}

impl Change {
    fn status(to: Status, description: String, result: Option<TaskResult>) -> Self {
        Self::Status { to, description, result }
    }

    fn claimed(claim: Claim) -> Self {
        match claim {
            Claim::Done { summary, deliverables, notes } => {
                let description = format!("completed by hand: {summary}");
                Self::status(
                    Status::Completed,
                    description,
                    Some(TaskResult { summary, deliverables, notes }),
                )
            }
            Claim::Failed { reason } => {
                let description = format!("failed: {reason}");
                let result = TaskResult { summary: reason, ..TaskResult::default() };
                Self::status(Status::Failed, description, Some(result))
            }
            Claim::Blocked { reason } => Self::status(Status::Blocked, format!("blocked: {reason}"), None),
            Claim::Asks { question } => Self::status(Status::Blocked, format!("{ASKED}{question}"), None),
        }
    }
}

/// What to do where a task can't become what is asked for.
fn way_out(task: &str, from: Status) -> String {
    match from {
        Status::Completed => {
            "what is completed stays so; what else is to be known can be added with `blueprint task note`"
                .into()
        }
        Status::Cancelled => "it was cancelled: work for it needs a task of its own".into(),
        Status::Failed => format!("begin it again first: `blueprint task start {task}`"),
        Status::Pending | Status::InProgress | Status::Blocked => {
            format!("`blueprint status {task}` tells how it came to be {from}")
        }
    }
}
