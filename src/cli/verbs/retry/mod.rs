mod landed;
mod work;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::context::{Context, unknown_task};
use crate::cli::error::CliError;
use crate::cli::held::Held;
use crate::cli::live::{TakenUp, next_step};
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::remote::{Jobs, NEXT_JOB, RemoteArgs, Workplace};
use crate::cli::said::Said;
use crate::genesis::{Status, Task};
use crate::plan::{Plan, TaskId, TaskIndex};
use crate::report::clean;
use crate::run::{Fact, SetBack, TransitionRecord, ledger};
use work::Work;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint retry genesis.xml auth-api --note \"use the session store, not cookies\"\n\n\
Their work leaves the integration branch; the commits stay reachable, and what was merged after it is merged again. A run that is live \
follows: it ends agents that build on what is to be done again. Tasks that somebody has in progress are taken back."
)]
pub(crate) struct Args {
    /// The plan, then the tasks that are to be done again.
    #[arg(value_name = "GENESIS|TASK")]
    arguments: Vec<String>,
    /// What their next agents are to know.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Leave what depends on them as it is, with the work that it was built on.
    #[arg(long)]
    only: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("retry", None)?;
    let (remote, arguments) = args.remote.split(&args.arguments);
    let (workplace, names) = Workplace::open("retry", (remote.as_deref(), Jobs::Refuse), &arguments, global)?;
    if names.is_empty() {
        return Err(CliError::usage("which task?").hint("`blueprint retry TASK…`"));
    }
    let context = &workplace.context;
    let held = Held::open(context)?;
    let plan = context.valid(&held.genesis)?;
    let chosen: BTreeSet<_> = names
        .iter()
        .map(|name| plan.find(name).ok_or_else(|| unknown_task(&plan, name)))
        .collect::<Result<_, _>>()?;
    let dependents = if args.only { BTreeSet::new() } else { after(context, &held, &plan, &chosen) };
    let dependents: BTreeSet<_> =
        dependents.into_iter().filter(|index| is_undone(&held, &plan, *index)).collect();
    let again: Vec<_> = chosen.union(&dependents).map(|index| plan.task(*index).id.as_str()).collect();
    let taken_up = TakenUp::by(context, held.run.as_ref())?;
    let landed = landed::notes(context, &held, &plan, &again);
    set_back(args, context, held, &plan, &chosen, &again)?;
    tell(&plan, &chosen, &dependents);
    for note in landed {
        output::say(&format!("note    {note}"));
    }
    let next = next_step(context, taken_up);
    let is_remote = workplace.close()?;
    output::say(if is_remote { NEXT_JOB } else { &next });
    Ok(0)
}

/// One line of the journal for all: none is pending without the others.
fn set_back(
    args: &Args,
    context: &Context,
    held: Held<'_>,
    plan: &Plan,
    chosen: &BTreeSet<TaskIndex>,
    again: &[&str],
) -> Result<(), CliError> {
    let work = Work::of(context, again.to_vec(), args.only)?;
    if let Some(work) = &work {
        work.refuse_unless_it_can_leave()?;
    }
    let by = actor();
    let note = Said::of(context).some(args.note.as_deref());
    let note = note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    let open =
        again.iter().filter_map(|id| held.genesis.task(id)).filter(|task| task.status != Status::Pending);
    let transitions: Vec<_> = open.map(|task| record(task, &by, note)).collect();
    let fact = Fact::SetBack(SetBack {
        by: by.clone(),
        tasks: chosen.iter().map(|index| plan.task(*index).id.clone()).collect(),
        note: note.map(str::to_owned),
        transitions: transitions.clone(),
    });
    held.settle(fact, &transitions, || work.as_ref().map_or(Ok(()), Work::leave))?;
    Ok(())
}

/// All that waits for these tasks, directly or not, and what was begun where the integration branch had their work.
fn after(
    context: &Context,
    held: &Held<'_>,
    plan: &Plan,
    chosen: &BTreeSet<TaskIndex>,
) -> BTreeSet<TaskIndex> {
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = chosen.iter().copied().collect();
    while let Some(index) = open.pop() {
        let id = &plan.task(index).id;
        let by_base = context.repo.as_ref().map(|repo| held.history.built_on(repo, id)).unwrap_or_default();
        let by_base = by_base.iter().filter_map(|id| plan.find(id.as_str()));
        let after = plan.dependents(index).into_iter().chain(by_base);
        open.extend(after.filter(|after| found.insert(*after)));
    }
    found.difference(chosen).copied().collect()
}

/// Whether what came of a dependent counts no more. What a person has decided, or has in hand, stays.
fn is_undone(held: &Held<'_>, plan: &Plan, index: TaskIndex) -> bool {
    let id = plan.task(index).id.as_str();
    held.genesis.task(id).is_some_and(|task| match task.status {
        Status::Completed => !held.genesis.is_skipped(task),
        Status::InProgress => ledger::is_ours(held.history.task(id), &held.genesis, task),
        Status::Failed | Status::Blocked => true,
        Status::Pending | Status::Cancelled => false,
    })
}

fn record(task: &Task, by: &str, note: Option<&str>) -> TransitionRecord {
    let why = note.map_or_else(String::new, |note| format!(": {note}"));
    TransitionRecord {
        task: TaskId::from(task.id.as_str()),
        from: task.status,
        to: Status::Pending,
        // In whole seconds, as the plan has it: by its time a change is found again.
        at: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
        actor: by.to_owned(),
        description: format!("set back by {by}{why}"),
        changes: None,
        result: None,
    }
}

fn tell(plan: &Plan, chosen: &BTreeSet<TaskIndex>, dependents: &BTreeSet<TaskIndex>) {
    let list = |tasks: &BTreeSet<TaskIndex>| {
        tasks.iter().map(|index| clean(plan.task(*index).id.as_str())).collect::<Vec<_>>().join(", ")
    };
    let (is, it) = if chosen.len() == 1 { ("is", "it") } else { ("are", "them") };
    let with = match dependents.len() {
        0 => String::new(),
        _ => format!(", and with {it} what depends on {it}: {}", list(dependents)),
    };
    output::say(&format!("{} {is} to be done again{with}", list(chosen)));
}
