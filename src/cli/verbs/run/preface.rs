use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::casting::DEFAULT_AGENT;
use crate::cli::config::Config;
use crate::cli::context::{Context, Known};
use crate::cli::error::CliError;
use crate::cli::gates::empty_profile;
use crate::cli::output;
use crate::git::Repo;
use crate::plan;
use crate::report::clean;
use crate::run::{Caps, Isolation, Settings};
use crate::store::is_temp_of;

/// How many files without a commit are named.
const UNCOMMITTED: usize = 5;

/// What people should know before agents start.
pub(super) fn say(
    context: &Context,
    known: &Known,
    repo: &Repo,
    config: &Config,
    settings: &Settings,
) -> Result<(), CliError> {
    let warnings = plan::diagnostics(&known.genesis);
    for warning in &warnings {
        output::say(&format!("warning {}", clean(&warning.message)));
    }
    if !warnings.is_empty() {
        output::say("note    `blueprint validate` shows where");
    }
    if let Some(budget) = budget(settings.budget) {
        output::say(&format!("note    this run may use up {budget}: what is in flight counts"));
    }
    say_strangers(known, config);
    if let Some(text) = repo.workdir().and_then(|root| empty_profile(config, root)) {
        output::say(&format!("warning blueprint.toml: {text}"));
    }
    for attribute in settings.gates.unreadable(&known.genesis.project().quality) {
        output::say(&format!(
            "warning the target of the quality attribute `{}` names no number that its gate could be held to: `{}`",
            clean(&attribute.name),
            clean(&attribute.target)
        ));
    }
    let in_place = settings.casting.values().filter(|cast| cast.isolation == Isolation::None).count();
    if in_place < settings.casting.len() {
        say_uncommitted(context, repo)?;
        say_sandbox(settings);
    }
    match in_place {
        0 => {}
        all if all == settings.casting.len() => {
            output::say(
                "note    agents work in the checkout itself, all in one folder, without a sandbox; nothing is committed or merged",
            );
        }
        some => output::say(&format!("note    agents of {some} tasks work in the checkout itself")),
    }
    Ok(())
}

/// What a look does without, and a run does not.
pub(super) fn say_refusal(error: &CliError) {
    let hint = error.hint.as_deref().map_or_else(String::new, |hint| format!(" ({hint})"));
    output::say(&format!("warning `blueprint run` would not begin: {error}{hint}"));
}

fn budget(most: Caps) -> Option<String> {
    let cost = most.cost_usd.map(|cost| format!("${cost:.2}"));
    let tokens = most.tokens.map(|tokens| format!("{tokens} tokens"));
    let limits: Vec<_> = cost.into_iter().chain(tokens).collect();
    (!limits.is_empty()).then(|| limits.join(" and "))
}

fn say_sandbox(settings: &Settings) {
    let has_own = settings.casting.values().any(|cast| cast.runner.has_own_sandbox());
    if has_own && settings.confinement.sandbox.is_some() {
        output::say("note    agents that Codex plays are kept in its own sandbox instead");
    }
    let is_shared = settings.casting.values().any(|cast| cast.isolation == Isolation::Shared);
    let place = if is_shared { "one worktree that all share" } else { "worktrees of their own" };
    let walls = match settings.confinement.sandbox {
        Some(sandbox) => format!("in a sandbox ({})", sandbox.as_str()),
        None => "without a sandbox".to_owned(),
    };
    output::say(&format!("note    agents work in {place}, {walls}"));
    if is_shared {
        output::say("note    a commit there may hold what other tasks have begun");
    }
}

fn say_uncommitted(context: &Context, repo: &Repo) -> Result<(), CliError> {
    let plan = repo.relative(&context.path);
    let mut uncommitted = repo.uncommitted(UNCOMMITTED + 1)?;
    // Nor what a run that holds the plan is about to save.
    let is_plan = |path: &PathBuf| plan.as_ref().is_some_and(|plan| path == plan || is_temp_of(plan, path));
    uncommitted.paths.retain(|path| !is_plan(path));
    if !uncommitted.paths.is_empty() {
        let named: Vec<_> =
            uncommitted.paths.iter().take(UNCOMMITTED).map(|path| clean(&path.to_string_lossy())).collect();
        let more = uncommitted.paths.len() - named.len() + uncommitted.more;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        output::say(&format!("note    not committed, so tasks won't see it: {}{more}", named.join(", ")));
    }
    Ok(())
}

/// Ids in the configuration that no task has.
/// What the configuration names and the plan has not: nothing of it holds for anybody.
pub(super) fn say_strangers(known: &Known, config: &Config) {
    let no_task = strangers(known, config).into_iter().map(|(table, id)| (table, id, "no task"));
    let gates = gates_of_nobody(known, config).into_iter().map(|(id, what)| ("[[gates]]", id, what));
    for (table, id, what) in no_task.chain(gates) {
        output::say(&format!(
            "warning blueprint.toml: {table} names `{}`, which is {what} of the plan",
            clean(id)
        ));
    }
}

/// A gate that is for them alone lets everything pass.
fn gates_of_nobody<'c>(known: &Known, config: &'c Config) -> Vec<(&'c str, &'static str)> {
    let agents: BTreeSet<_> =
        known.plan.tasks().map(|(_, task)| task.agent.as_deref().unwrap_or(DEFAULT_AGENT)).collect();
    let tasks = config.gates.iter().flat_map(|gate| gate.tasks.iter().flatten());
    let no_tasks =
        tasks.filter(|id| known.plan.find(id.as_str()).is_none()).map(|id| (id.as_str(), "no task"));
    let named = config.gates.iter().flat_map(|gate| gate.agents.iter().flatten());
    let no_agents =
        named.filter(|name| !agents.contains(name.as_str())).map(|name| (name.as_str(), "no agent"));
    no_tasks.chain(no_agents).collect()
}

fn strangers<'c>(known: &Known, config: &'c Config) -> Vec<(&'static str, &'c str)> {
    let tables = config.tasks.keys().map(|id| ("[tasks]", id.as_str()));
    let allowed = config.allow_no_changes.iter().map(|id| ("allow-no-changes", id.as_str()));
    tables.chain(allowed).filter(|(_, id)| known.plan.find(id).is_none()).collect()
}
