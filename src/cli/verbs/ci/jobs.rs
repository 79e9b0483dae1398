//! The jobs of a plan, as every service knows them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::time::Duration;

use crate::agent::{BaseEnv, Kind};
use crate::cli::casting::{Wishes, cast};
use crate::cli::config::Config;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::verbs::run::{JOBS, RETRIES};
use crate::git::{Repo, epic_slug, slugs};
use crate::plan::{Plan, TaskIndex};
use crate::report::shell_word;
use crate::run::{Cast, Casting};

/// Beside its attempts a job fetches, sets up its worktree, runs gates, and pushes.
const AROUND: Duration = Duration::from_mins(30);
/// The key of the last job.
pub(super) const SYNC: &str = "sync";

/// A plan as jobs.
pub(super) struct Pipeline {
    /// The epic, as it stands in names.
    pub(super) epic: String,
    /// The plan's file, relative to the repository's root.
    pub(super) genesis: String,
    /// In document order.
    pub(super) jobs: Vec<Job>,
    /// Names of secrets that agents' programs need.
    pub(super) secrets: Vec<String>,
}

/// One task as a job.
pub(super) struct Job {
    /// Its name among the jobs: letters, digits, `-` and `_`.
    pub(super) key: String,
    /// The task's name and agent, for people.
    pub(super) title: String,
    /// The keys of the jobs that it waits for.
    pub(super) needs: Vec<String>,
    /// The longest that it may take, in minutes.
    pub(super) minutes: u64,
    /// Of the jobs with one lane only one runs at a time.
    pub(super) lane: Option<String>,
    /// What it runs.
    pub(super) command: String,
}

impl Pipeline {
    /// Of a plan in a repository.
    pub(super) fn of(context: &Context, plan: &Plan, secrets: &[String]) -> Result<Self, CliError> {
        let genesis = in_repository(context)?;
        let loaded = context.config()?;
        let wishes = Wishes { runner: None, timeout: None, isolation: None, only_looks: true };
        let env = BaseEnv::new(env::vars_os());
        let casting = cast(plan, &loaded.config, &wishes, &env, &loaded.dir)?;
        let epic = epic_slug(&context.epic);
        let lanes = lanes(plan, &loaded.config, &casting, &epic);
        let keys = keys(plan);
        let tries = loaded.config.retries.unwrap_or(RETRIES).saturating_add(1);
        let job = |(index, task): (TaskIndex, &crate::plan::Task)| {
            let cast = casting.get(&task.id);
            let timeout = cast.map(|cast| cast.timeout).unwrap_or_default();
            Job {
                key: keys[&index].clone(),
                title: cast.map_or(task.name.clone(), |cast| format!("{} ({})", task.name, cast.agent)),
                needs: plan.prerequisites(index).iter().map(|before| keys[before].clone()).collect(),
                minutes: (timeout.saturating_mul(tries).saturating_add(AROUND)).as_secs().div_ceil(60),
                lane: lanes.get(&index).cloned(),
                command: run_command(&genesis, task.id.as_str()),
            }
        };
        let jobs = plan.tasks().map(job).collect();
        let needed = casting.values().filter_map(|cast| secret_of(cast.kind)).map(str::to_owned);
        let secrets: BTreeSet<_> = needed.chain(secrets.iter().cloned()).collect();
        Ok(Self { epic, jobs, secrets: secrets.into_iter().collect(), genesis })
    }

    /// What the last job runs.
    pub(super) fn sync_command(&self) -> String {
        format!("exec blueprint sync {}", operand(&self.genesis))
    }
}

/// `exec`, so that the signal by which a service cancels a job reaches the run and not a shell above it.
fn run_command(genesis: &str, task: &str) -> String {
    if task.starts_with('-') {
        return format!("exec blueprint run --ci -- {} {}", operand(genesis), shell_word(task));
    }
    format!("exec blueprint run {} {} --ci", operand(genesis), shell_word(task))
}

fn operand(path: &str) -> String {
    let is_flag = path.starts_with('-');
    shell_word(&if is_flag { format!("./{path}") } else { path.to_owned() })
}

fn in_repository(context: &Context) -> Result<String, CliError> {
    let relative = context.repo.as_ref().and_then(|repo: &Repo| repo.relative(&context.path));
    let relative = relative.ok_or_else(|| {
        CliError::usage(format!("the plan `{}` is in no git repository", context.path.display()))
            .hint("jobs clone one, and find the plan in it")
    })?;
    let text = relative.to_str().map(str::to_owned);
    text.ok_or_else(|| CliError::usage("the plan's path is no text that a workflow could name"))
}

/// Names that differ, also where case counts for nothing.
fn keys(plan: &Plan) -> HashMap<TaskIndex, String> {
    let ids: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).collect();
    let legible = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let mut taken = BTreeSet::from([SYNC.to_owned()]);
    let mut keys = HashMap::new();
    for (number, slug) in slugs(&ids).iter().enumerate() {
        let slug: String = slug.chars().map(legible).collect();
        let is_name = slug.starts_with(|c: char| c.is_ascii_alphabetic());
        let mut key = if is_name { slug } else { format!("task-{slug}") };
        if !taken.insert(key.to_lowercase()) {
            key = format!("{key}-{number}");
            taken.insert(key.to_lowercase());
        }
        keys.insert(TaskIndex(number), key);
    }
    keys
}

/// Services know no "at most four of these at a time", but "one of these at a time": as many lanes as may run at once, each with every
/// so-manyth task in the order in which they become ready. The tightest limit of plan, runner and agent says how many.
fn lanes(plan: &Plan, config: &Config, casting: &Casting, epic: &str) -> HashMap<TaskIndex, String> {
    let all = config.jobs.unwrap_or(JOBS).get();
    let mut groups: BTreeMap<String, (usize, Vec<TaskIndex>)> = BTreeMap::new();
    for &index in plan.topological() {
        let (name, limit) = tightest(casting.get(&plan.task(index).id).map(AsRef::as_ref), config, all, epic);
        groups.entry(name).or_insert((limit, Vec::new())).1.push(index);
    }
    let mut lanes = HashMap::new();
    for (name, (limit, tasks)) in groups {
        if tasks.len() > limit {
            lanes.extend(
                tasks
                    .iter()
                    .enumerate()
                    .map(|(place, index)| (*index, format!("{name}-{}", place % limit + 1))),
            );
        }
    }
    lanes
}

fn tightest(cast: Option<&Cast>, config: &Config, all: usize, epic: &str) -> (String, usize) {
    let Some(cast) = cast else { return (format!("blueprint-{epic}"), all) };
    let number = |jobs: std::num::NonZeroU32| jobs.get() as usize;
    let agent = config.agents.get(&cast.agent).and_then(|agent| agent.jobs).map(number);
    let runner = config.runners.get(cast.runner.name()).and_then(|runner| runner.jobs).map(number);
    let own = [
        agent.map(|jobs| (format!("blueprint-{epic}-agent-{}", epic_slug(&cast.agent)), jobs)),
        runner.map(|jobs| (format!("blueprint-{epic}-runner-{}", epic_slug(cast.runner.name())), jobs)),
    ];
    let own = own.into_iter().flatten().filter(|(_, jobs)| *jobs < all);
    own.min_by_key(|(_, jobs)| *jobs).unwrap_or((format!("blueprint-{epic}"), all))
}

/// The secret by which a program logs in where nobody can.
fn secret_of(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Claude => Some("ANTHROPIC_API_KEY"),
        Kind::Codex => Some("CODEX_API_KEY"),
        Kind::Gemini => Some("GEMINI_API_KEY"),
        Kind::Opencode | Kind::Command => None,
    }
}
