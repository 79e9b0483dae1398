//! Work that has not passed what it has to: `task done` is no way round that.

use crate::cli::branches::Branches;
use crate::cli::casting::{DEFAULT_AGENT, Wishes};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::gates::gates;
use crate::cli::help_line::plan_words;
use crate::cli::verbs::run::outfit;
use crate::genesis::{Genesis, Status};
use crate::plan::Plan;
use crate::report::clean;
use crate::run::{History, Isolation, Lacks, TaskHistory, call, is_left_over};

/// Refuses to complete the task by a mere word where its work waits at a gate, has not passed one, or would be merged without having been
/// through any.
pub(super) fn refuse(
    context: &Context,
    plan: &Plan,
    genesis: &Genesis,
    history: &History,
    name: &str,
) -> Result<(), CliError> {
    if genesis.task(name).is_some_and(|task| task.status == Status::Completed) {
        return Ok(());
    }
    let story = history.task(name);
    let isolation = story.and_then(TaskHistory::last_attempt).map(|last| last.started.isolation);
    match story.and_then(TaskHistory::lacks) {
        Some(lacks) => Err(refused(context, name, &lacks, isolation.unwrap_or_default())),
        None => refuse_what_no_gate_has_seen(context, plan, genesis, history, name),
    }
}

fn refused(context: &Context, name: &str, lacks: &Lacks, isolation: Isolation) -> CliError {
    let id = clean(name);
    let of = |verb: &str, rest: &str| {
        let plan = plan_words(&context.path);
        format!("`{}`", call(verb, &plan, &id, rest))
    };
    let (why, way) = match lacks {
        Lacks::Approval(gate) => (
            format!("waits for a person's approval at the gate `{}`", clean(gate)),
            format!("{} approves of it", of("answer", " approve")),
        ),
        Lacks::Pass(gate) => (
            format!("has not passed the gate `{}`", clean(gate)),
            format!("{} has its agent go on", of("retry", " --note TEXT")),
        ),
        Lacks::Run(gate) => (
            format!("has not passed the gate `{}`, which could not be run", clean(gate)),
            format!("mend that; {} goes on with its gates", of("run", "")),
        ),
        Lacks::Rest => {
            ("has not been through all its gates".to_owned(), format!("{} goes on with them", of("run", "")))
        }
        Lacks::Leave(paths) => (
            format!("changes protected paths ({}), and waits for approval", clean(&paths.join(", "))),
            format!("{} approves of it", of("approve", "")),
        ),
    };
    // What is in the checkout itself can't be taken.
    let by_hand = match isolation {
        Isolation::Worktree | Isolation::Shared => {
            format!("or finish it yourself: {}, then {}; ", of("take", ""), of("give", ""))
        }
        Isolation::None => String::new(),
    };
    CliError::usage(format!("the work on task `{id}` {why}"))
        .hint(format!("{way}; {by_hand}a person at a terminal can complete it as it is with `--force`"))
}

/// What a person has committed on the task's branch, or resolved there, counts as its work from the next run on.
fn refuse_what_no_gate_has_seen(
    context: &Context,
    plan: &Plan,
    genesis: &Genesis,
    history: &History,
    name: &str,
) -> Result<(), CliError> {
    if context.repo.is_none() {
        return Ok(());
    }
    let branches = Branches::of(context, plan, history)?;
    let head = branches.repo.target(&branches.refs.branch(branches.slug(name)).full())?;
    let counts = |head| !history.task(name).is_some_and(|story| is_left_over(story, head));
    if !head.is_some_and(counts) {
        return Ok(());
    }
    let gates = names_of_gates(context, genesis, name)?;
    if gates.is_empty() {
        return Ok(());
    }
    let id = clean(name);
    let of = |verb: &str| call(verb, "", &id, "");
    let message =
        format!("what is on the branch of task `{id}` has not been through its gates: {}", gates.join(", "));
    Err(CliError::usage(message).hint(format!(
        "`{}`, then `{}` has it go through them; a person at a terminal can complete it as it is with `--force`",
        of("take"),
        of("give")
    )))
}

fn names_of_gates(context: &Context, genesis: &Genesis, name: &str) -> Result<Vec<String>, CliError> {
    let loaded = context.config()?;
    let wishes = Wishes { runner: None, timeout: None, isolation: None, only_looks: true };
    let root = context.repo.as_ref().and_then(|repo| repo.workdir()).unwrap_or(context.folder());
    let all = gates(&loaded, &wishes, &outfit(&loaded)?.env, root)?;
    let task = genesis.task(name);
    let agent = task.and_then(|task| task.agent.as_ref()).map_or(DEFAULT_AGENT, |agent| agent.id.as_str());
    let meant = all.of(name, agent, &genesis.project().quality);
    Ok(meant.iter().map(|gate| clean(&gate.name)).collect())
}
