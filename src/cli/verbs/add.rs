use std::collections::BTreeMap;

use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use crate::cli::args::Global;
use crate::cli::context::{Context, find, unknown_task};
use crate::cli::error::CliError;
use crate::cli::live::TakenUp;
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::said::Said;
use crate::genesis::{Edit, EditError, Genesis, NewTask, Status};
use crate::plan::{self, Plan};
use crate::report::clean;
use crate::run::ledger;
use crate::store::RunLock;

#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Example: blueprint add genesis.xml rate-limit --name \"Limit requests\" --after auth-api --before release\n\n\
A run that is live takes the task up."
)]
pub(crate) struct Args {
    /// The plan, and the id of the new task.
    #[arg(value_name = "GENESIS|ID", required = true, num_args = 1..=2)]
    arguments: Vec<String>,
    /// What it is called.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// What is to be done; its name, if left out.
    #[arg(long)]
    description: Option<String>,
    /// A task that it waits for; may be given more than once.
    #[arg(long, value_name = "TASK")]
    after: Vec<String>,
    /// A task that is to wait for it; may be given more than once.
    #[arg(long, value_name = "TASK")]
    before: Vec<String>,
    /// Who does it; as the first task that it waits for, or as most tasks of the plan, if left out.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    agent: Option<String>,
    /// How long it may take, such as 45min or 1.5h; if left out, none is written.
    #[arg(long, value_name = "DURATION")]
    estimate: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("add", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("add", Some(&path))?;
    let [id] = names else {
        return Err(
            CliError::usage("which id is the new task to have?").hint("`blueprint add ID --name NAME`")
        );
    };
    if let Some(estimate) = &args.estimate
        && let Err(error) = plan::parse_estimate(estimate)
    {
        return Err(CliError::usage(format!("`--estimate {estimate}`: {error}")));
    }
    let (context, _) = Context::open(path, global)?.known()?;
    let said = Said::of(&context);
    let args = &Args {
        name: said.text(&args.name),
        description: said.some(args.description.as_deref()),
        ..args.clone()
    };
    let committed = context
        .plan_file()?
        .commit(|genesis| edit(args, id, genesis, &context))
        .map_err(|error| CliError::commit(&context.path, error))?;
    let agent = committed.genesis.task(id).and_then(|task| task.agent.as_ref());
    let who = agent.map_or_else(String::new, |agent| format!(" for {}", clean(&agent.id)));
    // Asked when it is in the plan: a run that was live before may have ended meanwhile.
    let run = RunLock::live_owner(&context.state.run_lock())?;
    let live = match TakenUp::by(&context, run.as_ref())? {
        TakenUp::Now => "; the live run takes it up",
        TakenUp::AfterTheLiveRun => "; the live run is ending, and leaves it to the next one",
        TakenUp::Later => "",
    };
    output::say(&format!("task {} is added{who}{live}", clean(id)));
    Ok(0)
}

/// The edit, if the plan is one with it.
fn edit(args: &Args, id: &str, genesis: &Genesis, context: &Context) -> Result<Edit, CliError> {
    let plan = context.valid(genesis)?;
    let now =
        ledger::caught_up(genesis.clone(), &context.history()?).map_err(|error| CliError::edit(&error))?;
    refuse_begun(args, &now)?;
    let list = |ids: &[String]| ids.iter().map(|id| (*id).clone()).collect::<std::collections::BTreeSet<_>>();
    let (after, before) = (list(&args.after), list(&args.before));
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let agent = args.agent.clone().or_else(|| usual_agent(args, &plan));
    let new = NewTask {
        id,
        name: &args.name,
        description: args.description.as_deref().unwrap_or(&args.name),
        agent: agent.as_deref(),
        estimate: args.estimate.as_deref(),
        after: &after,
        before: &before,
        at: Timestamp::now(),
        actor: &actor(),
    };
    let edit = genesis.add_task(&new).map_err(|error| refusal(error, &plan))?;
    let with_it = genesis.apply(&edit).map_err(|error| CliError::edit(&error))?;
    plan::load(&with_it).map_err(|found| {
        let first = found.iter().find(|diagnostic| diagnostic.is_error());
        let why = first.map_or("it would be invalid", |diagnostic| diagnostic.message.as_str());
        CliError::usage(format!("with task `{id}` the plan could not be run: {why}"))
    })?;
    Ok(edit)
}

/// What has begun can't wait any more.
fn refuse_begun(args: &Args, genesis: &Genesis) -> Result<(), CliError> {
    let begun = |id: &&String| genesis.task(id).is_some_and(|task| task.status != Status::Pending);
    let Some(id) = args.before.iter().find(begun) else { return Ok(()) };
    let status = genesis.task(id).map_or(Status::Pending, |task| task.status);
    Err(CliError::usage(format!("task `{id}` can't wait for the new one: it is {status}"))
        .hint("only tasks that are pending can"))
}

/// None in a plan whose tasks name none.
fn usual_agent(args: &Args, plan: &Plan) -> Option<String> {
    let of = |id: &String| plan.task(plan.find(id)?).agent.clone();
    if let Some(agent) = args.after.iter().find_map(of) {
        return Some(agent);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for agent in plan.tasks().filter_map(|(_, task)| task.agent.as_deref()) {
        *counts.entry(agent).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(agent, _)| agent.to_owned())
}

fn refusal(error: EditError, plan: &Plan) -> CliError {
    match error {
        EditError::UnknownTask(id) => unknown_task(plan, &id),
        EditError::TaskExists(_) => CliError::usage(error).hint("`blueprint status` lists the tasks"),
        EditError::NoPlace(_) => CliError::usage(error).hint("add it by hand"),
        EditError::DoesNotFit(_) | EditError::Breaks(_) => CliError::edit(&error),
    }
}
