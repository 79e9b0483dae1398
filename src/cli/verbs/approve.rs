use jiff::Timestamp;

use crate::agent::Outcome;
use crate::cli::args::Global;
use crate::cli::branches::refs;
use crate::cli::config;
use crate::cli::context::{Context, find, unknown_task};
use crate::cli::error::{CliError, Kind};
use crate::cli::held::Held;
use crate::cli::help_line::plan_words;
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::genesis::{Status, TaskResult};
use crate::git::{Integrated, MayLose, Message, Oid, Work};
use crate::plan::TaskId;
use crate::report::clean;
use crate::run::{Attempt, AttemptEnded, Fact, Record, TransitionRecord, call, open_journal, told_losses};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: blueprint approve genesis.xml release-workflow\n\n\
Look first: `blueprint diff TASK` shows what it changed. The work is merged as it is; no agent is run again.")]
pub(crate) struct Args {
    /// The plan, then the tasks whose changes of protected paths are approved.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("approve", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("approve", Some(&path))?;
    if names.is_empty() {
        return Err(CliError::usage("which task?").hint("`blueprint approve TASK…`"));
    }
    let context = Context::open(path, global)?.context();
    for name in names {
        approve(&context, name)?;
    }
    output::say(&format!("next    blueprint run {}", plan_words(&context.path)));
    Ok(0)
}

/// From then on it is as if nothing had stood in the way of the attempt's work.
fn approve(context: &Context, name: &str) -> Result<(), CliError> {
    let held = Held::open(context)?;
    let plan = context.valid(&held.genesis)?;
    let index = plan.find(name).ok_or_else(|| unknown_task(&plan, name))?;
    let waiting = waiting(&held, name)?;
    let merge = merged(context, waiting, &plan.task(index).name)?;
    let mut journal = open_journal(&context.state.journal())?;
    let task = TaskId::from(name);
    let ended = AttemptEnded { outcome: Outcome::Completed, detail: None, ..waiting.ended.clone() };
    journal.append(&Record::now(Fact::AttemptEnded(ended)))?;
    let commit = waiting.commit.to_string();
    let (attempt, merge) = (waiting.ended.attempt, merge.to_string());
    journal.append(&Record::now(Fact::Merged { task: task.clone(), attempt, commit, merge }))?;
    drop(journal);
    let record = completed(task, waiting.ended);
    held.settle(Fact::Transition(record.clone()), &[record], || Ok(()))?;
    output::say(&format!("task {} is approved and merged", clean(name)));
    Ok(())
}

/// An attempt whose work waits for approval.
#[derive(Clone, Copy)]
struct Waiting<'a> {
    ended: &'a AttemptEnded,
    commit: Oid,
    base: Option<Oid>,
}

fn waiting<'a>(held: &'a Held<'_>, name: &str) -> Result<Waiting<'a>, CliError> {
    let story = held.history.task(name).filter(|story| !story.is_set_back());
    let is_blocked = held.genesis.task(name).is_some_and(|task| task.status == Status::Blocked);
    let found = story.and_then(|story| of_attempt(story.last_attempt()?)).filter(|_| is_blocked);
    found.ok_or_else(|| {
        let message = format!("task `{name}` does not wait for approval of changes to protected paths");
        CliError::usage(message)
            .hint(format!("`{}` tells where it stands", call("status", "", &clean(name), "")))
    })
}

fn of_attempt(attempt: &Attempt) -> Option<Waiting<'_>> {
    let (ended, _) = attempt.ended.as_ref().filter(|(ended, _)| !ended.protected.is_empty())?;
    Some(Waiting { ended, commit: attempt.commit()?, base: attempt.started.base.parse().ok() })
}

fn no_repository() -> CliError {
    CliError::usage("the plan is in no git repository")
        .hint("work that waits for approval is on a branch of one")
}

fn merged(context: &Context, waiting: Waiting<'_>, name: &str) -> Result<Oid, CliError> {
    let Some(repo) = &context.repo else { return Err(no_repository()) };
    let Waiting { ended, commit, base } = waiting;
    let subject = format!("Merge task {}: {name}", ended.task);
    let message = Message::new(&subject).for_attempt(ended.task.as_str(), ended.attempt);
    let strategy = context.config()?.config.strategy.map_or_else(Default::default, config::Strategy::of_git);
    let refs = refs(context)?;
    let dropped = ended.dropped();
    let work = Work { head: commit, base, message: &message, may_lose: MayLose::In(&dropped) };
    match repo.integrate(&refs, &work, strategy)? {
        Integrated::Merged { commit, .. } => Ok(commit),
        Integrated::AlreadyIn => Ok(repo.merge_of(&refs, commit)?.unwrap_or(commit)),
        Integrated::Conflict(paths) => {
            let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
            let message = format!(
                "its work conflicts with `{}`, in {}; nothing was changed",
                refs.integration(),
                paths.join(", ")
            );
            let hint = format!(
                "`{}` has it made again on what is there now",
                call("retry", "", &clean(ended.task.as_str()), "")
            );
            Err(CliError::new(Kind::Environment, message).hint(hint))
        }
        Integrated::Losing(losses) => {
            let message = format!(
                "its work has merged what others have done, and takes some of it away again: {}; nothing was changed",
                clean(&told_losses(&losses))
            );
            let task = clean(ended.task.as_str());
            let hint = format!(
                "`{}`, put that back, then `{}`",
                call("take", "", &task, ""),
                call("give", "", &task, "")
            );
            Err(CliError::usage(message).hint(hint))
        }
    }
}

fn completed(task: TaskId, ended: &AttemptEnded) -> TransitionRecord {
    let by = actor();
    let summary = ended.summary.clone().unwrap_or_else(|| ended.outcome.sentence().to_owned());
    TransitionRecord {
        task,
        from: Status::Blocked,
        to: Status::Completed,
        // In whole seconds, as the plan has it: by its time a change is found again.
        at: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
        description: format!("approved by {by}: changes {}", ended.protected.join(", ")),
        actor: by,
        changes: None,
        result: Some(TaskResult {
            summary,
            deliverables: ended.deliverables.clone(),
            notes: ended.notes.clone(),
        }),
    }
}
