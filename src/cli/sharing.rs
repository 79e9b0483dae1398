//! What attempts share, by the configuration: limits by name, by runner and by agent, disk, load, jobs of builds.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::thread::available_parallelism;

use super::config::{Config, Jobserver};
use super::error::CliError;
use crate::genesis::nearest;
use crate::run::{Resource, Sharing};

/// How much there is of what attempts share.
pub(super) fn sharing(config: &Config) -> Sharing {
    let named = config.limits.iter().map(|(name, most)| (Resource::Named(name.clone()), *most));
    let of_runners = config.runners.iter().filter_map(|(name, runner)| Some((name, runner.jobs?)));
    let of_runners = of_runners.map(|(name, jobs)| (Resource::Runner(name.clone()), jobs));
    let of_agents = config.agents.iter().filter_map(|(name, agent)| Some((name, agent.jobs?)));
    let of_agents = of_agents.map(|(name, jobs)| (Resource::Agent(name.clone()), jobs));
    let most = named.chain(of_runners).chain(of_agents).map(|(resource, most)| (resource, most.get()));
    Sharing {
        most: most.collect(),
        min_free_disk: config.min_free_disk.map(|bytes| bytes.0),
        max_load: config.max_load.map(|load| load.0),
        build_jobs: config.jobserver.and_then(build_jobs),
    }
}

fn build_jobs(jobserver: Jobserver) -> Option<NonZeroU32> {
    let cores = || available_parallelism().unwrap_or(NonZeroUsize::MIN).try_into().ok();
    match jobserver {
        Jobserver::Cores(false) => None,
        Jobserver::Cores(true) => cores(),
        Jobserver::Jobs(jobs) => Some(jobs),
    }
}

/// What the task shares with others: its runner, its agent where that is limited, and what task and agent are said to need.
pub(super) fn needs(
    task: &str,
    agent: &str,
    runner: &str,
    config: &Config,
) -> Result<Vec<Resource>, CliError> {
    let mut needs = vec![Resource::Runner(runner.to_owned())];
    if config.agents.get(agent).is_some_and(|table| table.jobs.is_some()) {
        needs.push(Resource::Agent(agent.to_owned()));
    }
    let tables = [("tasks", task, config.tasks.get(task)), ("agents", agent, config.agents.get(agent))];
    for (table, key, said) in tables {
        let names = said.and_then(|said| said.needs_limit.as_ref()).map_or(&[][..], |names| names.names());
        for name in names {
            known(name, &config.limits).map_err(|hint| unknown(table, key, name).hint(hint))?;
            needs.push(Resource::Named(name.clone()));
        }
    }
    Ok(needs)
}

/// Refuses what says how many at once of a single task.
pub(super) fn check(config: &Config) -> Result<(), CliError> {
    match config.tasks.iter().find(|(_, table)| table.jobs.is_some()) {
        None => Ok(()),
        Some((task, _)) => Err(CliError::usage(format!("blueprint.toml: [tasks.{task}] has `jobs`"))
            .hint("a task runs once at a time; `jobs` is for [agents.NAME] and [runners.NAME]")),
    }
}

/// Whether there is such a limit; what to do, if not.
pub(super) fn known(name: &str, limits: &BTreeMap<String, NonZeroU32>) -> Result<(), String> {
    if limits.contains_key(name) {
        return Ok(());
    }
    Err(match nearest(name, limits.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add `{name} = 1` to [limits]: how many may use it at once"),
    })
}

fn unknown(table: &str, key: &str, name: &str) -> CliError {
    CliError::usage(format!("blueprint.toml: [{table}.{key}] needs the limit `{name}`, which there is not"))
}
