//! The gates of a run: those of the configuration, and those of its profile.

mod programs;
mod rust;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::casting::{self, Wishes};
use super::config::{AgentConfig, Config, GateConfig, GateKind, Loaded, StepConfig};
use super::error::CliError;
use crate::agent::BaseEnv;
use crate::genesis::nearest;
use crate::run::{Check, CommandGate, Gate, Gates, Metric, Patience, Reviewer, When};

/// So often work goes back to its agent, unless the configuration says otherwise.
const ITERATIONS: u32 = 3;
/// So often, while a number comes closer to what it has to be.
const ROUNDS: u32 = 10;
/// Who reviews, unless a gate says otherwise.
const REVIEWER: &str = "reviewer";

/// The gates of a configuration, for the repository whose checkout is `root`.
///
/// # Errors
/// What makes no sense in it, or a program that is missing.
pub(super) fn gates(
    loaded: &Loaded,
    wishes: &Wishes<'_>,
    env: &BaseEnv,
    root: &Path,
) -> Result<Gates, CliError> {
    let config = &loaded.config;
    check(config)?;
    let configs = configured(config, root);
    if !wishes.only_looks {
        rust::check(&configs, config, root, env)?;
        programs::check(configs.iter().filter(|gate| config.gates.contains(gate)), loaded, env)?;
    }
    let all = configs.iter().map(|gate| made(gate, loaded, wishes, env).map(Arc::new));
    Ok(Gates {
        all: all.collect::<Result<_, _>>()?,
        of_tasks: chosen(&config.tasks),
        of_agents: chosen(&config.agents),
    })
}

/// What is wrong with the gates of a configuration as a whole; what is wrong with one alone, its reader has said.
pub(super) fn check(config: &Config) -> Result<(), CliError> {
    for (number, gate) in config.gates.iter().enumerate() {
        if config.gates.iter().take(number).any(|before| before.name == gate.name) {
            return Err(CliError::usage(format!("blueprint.toml: two [[gates]] are called `{}`", gate.name))
                .hint("each gate needs a name of its own"));
        }
        when(gate)?;
    }
    for (table, owner, name) in named(config) {
        known(name, config).map_err(|hint| {
            CliError::usage(format!(
                "blueprint.toml: [{table}.{owner}] names the gate `{name}`, which there is not"
            ))
            .hint(hint)
        })?;
    }
    Ok(())
}

/// Whether there is such a gate; what to do, if not.
pub(super) fn known(name: &str, config: &Config) -> Result<(), String> {
    let own = config.gates.iter().map(|gate| gate.name.as_str());
    let known: Vec<_> = own.chain(rust::NAMES).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add a [[gates]] with `name = \"{name}\"`"),
    })
}

/// Why the chosen profile has no gates, if that is so.
pub(super) fn empty_profile(config: &Config, root: &Path) -> Option<String> {
    let quality = config.quality.filter(|_| !rust::is_there(root) && configured(config, root).is_empty())?;
    Some(format!(
        "`quality = \"{}\"` has no gates here: they are known for Rust only, and there is no Cargo.toml at the repository's root; name your own in [[gates]]",
        quality.as_str()
    ))
}

/// The agents that review the work of others.
pub(super) fn reviewers(config: &Config) -> impl Iterator<Item = &str> {
    config.gates.iter().filter_map(|gate| match &gate.kind {
        GateKind::Review { agent } => Some(agent.as_deref().unwrap_or(REVIEWER)),
        GateKind::Command { .. } | GateKind::Approve => None,
    })
}

/// The gates that tables of tasks and agents name.
fn named(config: &Config) -> impl Iterator<Item = (&'static str, &str, &str)> {
    let tables = [("tasks", &config.tasks), ("agents", &config.agents)];
    tables.into_iter().flat_map(|(table, owners)| {
        owners.iter().flat_map(move |(owner, said)| {
            let names = said.gates.iter().flatten();
            names.map(move |name| (table, owner.as_str(), name.as_str()))
        })
    })
}

fn chosen(tables: &BTreeMap<String, AgentConfig>) -> BTreeMap<String, Vec<String>> {
    tables.iter().filter_map(|(owner, said)| Some((owner.clone(), said.gates.clone()?))).collect()
}

/// The profile's gates in its order, each as the configuration has it where it has one of that name; then those that only it has. Of one
/// that is for a profile, the chosen one has to go as far.
fn configured(config: &Config, root: &Path) -> Vec<GateConfig> {
    let profile = config.quality.map(|quality| rust::profile(quality, root)).unwrap_or_default();
    let own = |name: &str| config.gates.iter().find(|gate| gate.name == name);
    let is_new = |gate: &&GateConfig| profile.iter().all(|known| known.name != gate.name);
    let others: Vec<_> = config.gates.iter().filter(is_new).cloned().collect();
    let first = profile.iter().map(|gate| own(&gate.name).unwrap_or(gate).clone());
    let is_due = |gate: &GateConfig| {
        gate.quality.is_none_or(|from| config.quality.is_some_and(|chosen| chosen >= from))
    };
    first.chain(others).filter(is_due).collect()
}

fn made(config: &GateConfig, loaded: &Loaded, wishes: &Wishes<'_>, env: &BaseEnv) -> Result<Gate, CliError> {
    let iterations = loaded.config.gate_iterations.unwrap_or(ITERATIONS);
    let rounds = |usual: u32| config.rounds.unwrap_or(if iterations == 0 { 0 } else { usual });
    let check = match &config.kind {
        GateKind::Command { run, metric } => {
            let without_progress = metric.as_ref().and_then(|metric| metric.patience).unwrap_or(iterations);
            let usual = if metric.is_some() { ROUNDS.max(iterations) } else { iterations };
            let name = Some(config.name.clone());
            let step = StepConfig { run: run.clone(), name, timeout: config.timeout, every: None }.step();
            let metric =
                metric.as_ref().map(|metric| Metric { path: metric.path.clone(), bounds: metric.bounds });
            let patience = Patience { rounds: rounds(usual), without_progress };
            Check::Command(CommandGate { step, metric, patience })
        }
        GateKind::Review { agent } => {
            let agent = agent.as_deref().unwrap_or(REVIEWER);
            let mut cast = casting::reviewer(agent, &loaded.config, wishes, env, &loaded.dir)?;
            if let Some(timeout) = config.timeout {
                cast.timeout = timeout.0;
            }
            let patience = Patience { rounds: rounds(iterations), without_progress: iterations };
            Check::Review(Reviewer { cast, patience })
        }
        GateKind::Approve => Check::Approve,
    };
    Ok(Gate {
        name: config.name.clone(),
        check,
        agents: config.agents.clone(),
        tasks: config.tasks.clone(),
        when: when(config)?,
        parallel: config.parallel,
    })
}

fn when(gate: &GateConfig) -> Result<When, CliError> {
    let Some(patterns) = &gate.when else { return Ok(When::default()) };
    When::changed(patterns).map_err(|error| {
        CliError::usage(format!("blueprint.toml: the gate `{}`: `when`: {error}", gate.name))
            .hint("`when` has patterns of files, such as \"src/**\", or is \"always\"")
    })
}

#[cfg(test)]
mod tests;
