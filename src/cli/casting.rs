//! Who plays which task: from the configuration, and from `--runner`.

use std::collections::BTreeSet;
use std::env;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::config::{self, AgentConfig, Config, Loaded};
use super::error::CliError;
use super::sharing;
use crate::agent::{self, BaseEnv, DefinitionMode, EnvPolicy, Kind, Runner, RunnerSpec, Secrets};
use crate::genesis::{Status, nearest};
use crate::plan::{Plan, Task};
use crate::run::{Caps, Cast, Casting, Isolation};

/// Who plays agents of which the configuration says nothing.
const DEFAULT_RUNNER: &str = "claude";
/// The agent of a task that names none.
pub(super) const DEFAULT_AGENT: &str = "agent";
/// The longest that one attempt may take, unless the configuration says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// What the command line says over the configuration.
pub(super) struct Wishes<'a> {
    pub(super) runner: Option<&'a str>,
    pub(super) timeout: Option<Duration>,
    pub(super) isolation: Option<config::Isolation>,
    /// The programs need not be there: nothing is started.
    pub(super) only_looks: bool,
}

/// Casts every task of the plan. Each runner is made once; the programs of those that open tasks need are looked for.
pub(super) fn cast(
    plan: &Plan,
    config: &Config,
    wishes: &Wishes<'_>,
    env: &BaseEnv,
    config_dir: &Path,
) -> Result<Casting, CliError> {
    sharing::check(config)?;
    let mut runners = Runners::default();
    let mut casting = Casting::new();
    let mut last: Option<Arc<Cast>> = None;
    for (_, task) in plan.tasks() {
        let spec = spec(|| layers(task, config), config, wishes)?;
        let kind = spec.kind;
        let made = runners.made(spec)?;
        if !wishes.only_looks
            && task.status != Status::Completed
            && !std::mem::replace(&mut made.is_found, true)
        {
            made.runner.check(env, config_dir)?;
        }
        let runner = Arc::clone(&made.runner);
        let (agent, timeout) = (agent_of(task).to_owned(), timeout(task, config, wishes));
        let needs = sharing::needs(task.id.as_str(), &agent, runner.name(), config)?;
        let isolation = isolation(task, config, wishes);
        let caps = caps(|| layers(task, config));
        let cast = Cast { runner, kind, agent, timeout, caps, isolation, needs };
        // Most tasks are cast like the one before.
        let same = last.take().filter(|last| last.is_like(&cast));
        let cast = same.unwrap_or_else(|| Arc::new(cast));
        last = Some(Arc::clone(&cast));
        casting.insert(task.id.clone(), cast);
    }
    refuse_a_mixture(&casting)?;
    Ok(casting)
}

/// Casts an agent that reviews the work of others, and has no task of its own.
pub(super) fn reviewer(
    agent: &str,
    config: &Config,
    wishes: &Wishes<'_>,
    env: &BaseEnv,
    config_dir: &Path,
) -> Result<Cast, CliError> {
    let said = || config.agents.get(agent).into_iter();
    let spec = spec(said, config, wishes)?;
    let kind = spec.kind;
    let runner: Arc<dyn Runner> = agent::build(spec)?.into();
    if !wishes.only_looks {
        runner.check(env, config_dir)?;
    }
    let configured = said().find_map(|layer| layer.timeout).or(config.timeout).map(|timeout| timeout.0);
    let timeout = wishes.timeout.or(configured).unwrap_or(DEFAULT_TIMEOUT);
    let isolation = Isolation::Worktree;
    let caps = caps(said);
    Ok(Cast { runner, kind, agent: agent.to_owned(), timeout, caps, isolation, needs: Vec::new() })
}

/// The runners made so far.
#[derive(Default)]
struct Runners(Vec<Made>);

struct Made {
    spec: RunnerSpec,
    runner: Arc<dyn Runner>,
    /// Its program has been looked for.
    is_found: bool,
}

impl Runners {
    fn made(&mut self, spec: RunnerSpec) -> Result<&mut Made, CliError> {
        let known = self.0.iter().position(|made| made.spec == spec);
        let place = known.unwrap_or(self.0.len());
        if known.is_none() {
            let runner = agent::build(spec.clone())?.into();
            self.0.push(Made { spec, runner, is_found: false });
        }
        Ok(&mut self.0[place])
    }
}

fn timeout(task: &Task, config: &Config, wishes: &Wishes<'_>) -> Duration {
    let from_layers = layers(task, config).find_map(|layer| layer.timeout);
    let configured = from_layers.or(config.timeout).map(|timeout| timeout.0);
    wishes.timeout.or(configured).unwrap_or(DEFAULT_TIMEOUT)
}

/// What one attempt may use up: the nearer layer says, for each of the two by itself.
fn caps<'c, L: Iterator<Item = &'c AgentConfig>>(layers: impl Fn() -> L) -> Caps {
    Caps {
        cost_usd: layers().find_map(|layer| layer.max_cost).map(|cost| cost.0),
        tokens: layers().find_map(|layer| layer.max_tokens).map(NonZeroU64::get),
    }
}

fn isolation(task: &Task, config: &Config, wishes: &Wishes<'_>) -> Isolation {
    let from_layers = layers(task, config).find_map(|layer| layer.isolation);
    match wishes.isolation.or(from_layers).or(config.isolation) {
        None | Some(config::Isolation::Worktree) => Isolation::Worktree,
        Some(config::Isolation::Shared) => Isolation::Shared,
        Some(config::Isolation::None) => Isolation::None,
    }
}

/// Work of a worktree that all share is built on by those that share it: a task beside them would not find it in its base, nor they that
/// task's.
fn refuse_a_mixture(casting: &Casting) -> Result<(), CliError> {
    let has = |isolation| casting.values().any(|cast| cast.isolation == isolation);
    if has(Isolation::Shared) && has(Isolation::Worktree) {
        return Err(CliError::usage("blueprint.toml: some tasks share a worktree, and some have one of their own")
            .hint("isolation `shared` is for all tasks of a plan but those with `none`: set it at the top, or run with `--isolation shared`"));
    }
    Ok(())
}

fn agent_of(task: &Task) -> &str {
    task.agent.as_deref().unwrap_or(DEFAULT_AGENT)
}

/// What the configuration says of the task, then of its agent.
fn layers<'c>(task: &Task, config: &'c Config) -> impl Iterator<Item = &'c AgentConfig> + use<'c> {
    layers_of(task.id.as_str(), agent_of(task), config)
}

fn layers_of<'c>(
    task: &str,
    agent: &str,
    config: &'c Config,
) -> impl Iterator<Item = &'c AgentConfig> + use<'c> {
    [config.tasks.get(task), config.agents.get(agent)].into_iter().flatten()
}

/// What kind of program would play `agent` at `task`, as far as the configuration makes one.
pub(super) fn kind_of(task: &str, agent: &str, config: &Config) -> Option<Kind> {
    let from_layers = layers_of(task, agent, config).find_map(|layer| layer.runner.as_deref());
    let name = from_layers.or(config.runner.as_deref()).unwrap_or(DEFAULT_RUNNER);
    named(name, config).ok().map(|spec| spec.kind)
}

/// Where definitions are looked for: the configuration's folders, then the usual ones of the repository at `root` and of the user; one
/// that is named twice is looked through once.
pub(super) fn agent_folders(loaded: &Loaded, root: &Path) -> Vec<PathBuf> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let configured = loaded.config.agent_dirs.iter().map(|folder| loaded.dir.join(folder));
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in configured.chain(agent::default_folders(root, home.as_deref())) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// By what the tables say of who is cast, the first one first.
fn spec<'c, L: Iterator<Item = &'c AgentConfig>>(
    layers: impl Fn() -> L,
    config: &Config,
    wishes: &Wishes<'_>,
) -> Result<RunnerSpec, CliError> {
    let from_layers = layers().find_map(|layer| layer.runner.as_deref());
    let name = wishes.runner.or(from_layers).or(config.runner.as_deref()).unwrap_or(DEFAULT_RUNNER);
    let mut spec = named(name, config)?;
    spec.definition = config.definition.unwrap_or_default();
    if let Some(model) = layers().find_map(|layer| layer.model.clone()) {
        spec.model = Some(model);
    }
    if let Some(args) = layers().find_map(|layer| layer.args.clone()) {
        spec.args.extend(args);
    }
    Ok(spec)
}

/// `[runners.NAME]`; those named after a kind are there without being configured.
fn named(name: &str, config: &Config) -> Result<RunnerSpec, CliError> {
    let built_in = name.parse::<Kind>().ok();
    let Some(table) = config.runners.get(name) else {
        return built_in.map(|kind| RunnerSpec::new(name, kind)).ok_or_else(|| unknown(name, config));
    };
    let from_command = (!table.command.is_empty()).then_some(Kind::Command);
    let kind = table.kind.or(built_in).or(from_command);
    let kind = kind.ok_or_else(|| {
        CliError::usage(format!("runner `{name}` has neither a kind nor a command"))
            .hint(format!("add `kind = \"claude\"` or `command = [\"program\"]` to [runners.{name}]"))
    })?;
    Ok(RunnerSpec {
        name: name.to_owned(),
        kind,
        command: table.command.clone(),
        args: table.args.clone(),
        model: table.model.clone(),
        env: table.env.clone(),
        definition: DefinitionMode::default(),
    })
}

/// The secrets among all that any program may be passed by that configuration.
pub(super) fn secrets(config: &Config, env: &BaseEnv, policy: &EnvPolicy) -> Secrets {
    let built_in = Kind::ALL.iter().map(|kind| kind.as_str());
    let names: BTreeSet<_> = config.runners.keys().map(String::as_str).chain(built_in).collect();
    // One that can't be made is told of where it is to play somebody.
    let runners = names.into_iter().filter_map(|name| agent::build(named(name, config).ok()?).ok());
    let of_each = runners.map(|runner| Secrets::among(&runner.variables(env, policy)));
    let of_steps = Secrets::among(&agent::passed_to_steps(env, policy));
    of_each.fold(of_steps, Secrets::and)
}

/// The agent program of that name, as far as the configuration makes one; no program of the user's own.
pub(super) fn program(name: &str, config: &Config) -> Option<Box<dyn Runner>> {
    let spec = named(name, config).ok().filter(|spec| spec.kind != Kind::Command)?;
    agent::build(spec).ok()
}

fn unknown(name: &str, config: &Config) -> CliError {
    // Not `command`: without a table that says which, it is no runner.
    let built_in = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Command);
    let mut known: BTreeSet<&str> = config.runners.keys().map(String::as_str).collect();
    for kind in built_in {
        known.insert(kind.as_str());
    }
    let error = CliError::usage(format!("there is no runner `{name}`"));
    match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("known runners: {}", Vec::from_iter(known).join(", "))),
    }
}

#[cfg(test)]
mod tests;
