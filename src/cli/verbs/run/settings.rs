use std::env;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use super::{Args, Isolation};
use crate::agent::{BaseEnv, EnvPolicy, Offer};
use crate::cli::casting::{Wishes, agent_folders, cast, secrets};
use crate::cli::config::{self, Config, Loaded, PriceConfig, StepConfig, WORKTREE_DIR};
use crate::cli::error::{CliError, Kind};
use crate::cli::gates::gates;
use crate::cli::sandbox::confinement;
use crate::cli::sharing::sharing;
use crate::git::{EpicRefs, Repo};
use crate::plan::{Plan, TaskId};
use crate::run::{
    Asides, Caps, Caster, Casting, Isolation as InWhat, Keep, Outfit, Price, Prices, Protected, Provisioning,
    Settings, Step, VerifyStep,
};

/// How often running agents' last lines are shown on a terminal.
const OUTPUT_EVERY: Duration = Duration::from_millis(250);
/// How many tasks at once, unless something says otherwise.
pub(in crate::cli::verbs) const JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// How often an attempt is followed by another one, unless something says otherwise.
pub(in crate::cli::verbs) const RETRIES: u32 = 2;
const KILL_GRACE: Duration = Duration::from_secs(10);
/// Systems that cancel a job kill it a few seconds later.
const GRACE_OF_JOBS: Duration = Duration::from_secs(4);
const STALL_TIMEOUT: Duration = Duration::from_mins(15);

/// What a run is asked to do: flags over configuration over defaults.
pub(super) fn settings(
    args: &Args,
    plan: &Plan,
    only: Vec<TaskId>,
    loaded: &Loaded,
    repo: &Repo,
    shows_output: bool,
) -> Result<Settings, CliError> {
    let Loaded { config, dir, .. } = loaded;
    let env = BaseEnv::new(env::vars_os());
    let wishes = Wishes {
        runner: args.runner.as_deref(),
        timeout: args.timeout.map(|timeout| timeout.0),
        isolation: isolation(args),
        only_looks: args.dry_run,
    };
    let policy = EnvPolicy { pass: config.env_pass.clone(), allow_push: config.allow_push };
    let casting = cast(plan, config, &wishes, &env, dir)?;
    refuse_unconfined(&casting, config)?;
    Ok(Settings {
        jobs: args.jobs.or(config.jobs).unwrap_or(JOBS),
        retries: args.retries.or(config.retries).unwrap_or(RETRIES),
        retry_outcomes: config.retry_outcomes.clone(),
        kill_grace: kill_grace(args, config),
        stall_timeout: config.stall_timeout.map_or(STALL_TIMEOUT, |stall| stall.0),
        budget: budget(args, config),
        prices: prices(config),
        unattended: args.ci,
        alone: false,
        fail_fast: args.fail_fast,
        rerun_failed: args.rerun_failed,
        only,
        allow_no_changes: config.allow_no_changes.clone(),
        require_definitions: config.require_definitions,
        worktree_dir: config.worktree_dir.clone().unwrap_or_else(|| WORKTREE_DIR.to_owned()),
        branch: config.branch.clone().unwrap_or_else(|| EpicRefs::DEFAULT_TEMPLATE.to_owned()),
        base: config.base.clone(),
        strategy: config.strategy.map_or_else(Default::default, config::Strategy::of_git),
        gates: gates(loaded, &wishes, &env, repo.require_workdir()?)?,
        verify: config.verify_integration.as_ref().map(verify_step),
        on_conflict: config.on_conflict.map_or_else(Default::default, config::OnConflict::of_run),
        ask: ask(args, config)?,
        agent_folders: agent_folders(loaded, repo.require_workdir()?),
        casting,
        caster: caster(args, loaded, &env),
        secrets: secrets(config, &env, &policy),
        env,
        env_policy: policy,
        confinement: confinement(loaded)?,
        protected: protected(config)?,
        offer: offer(config)?,
        config_dir: dir.clone(),
        program: own_program()?,
        keep: config.keep.map_or(Keep::default(), keep),
        max_worktrees: config.max_worktrees,
        provisioning: provisioning(config)?,
        sharing: sharing(config),
        output_every: shows_output.then_some(OUTPUT_EVERY),
        asides: Asides::default(),
    })
}

/// Why a run would not begin here, as far as that is known without one: programs that it needs are missing.
pub(super) fn refusal(args: &Args, plan: &Plan, loaded: &Loaded, repo: &Repo) -> Option<CliError> {
    let env = BaseEnv::new(env::vars_os());
    let wishes = Wishes {
        runner: args.runner.as_deref(),
        timeout: None,
        isolation: isolation(args),
        only_looks: false,
    };
    let refused = || {
        cast(plan, &loaded.config, &wishes, &env, &loaded.dir)?;
        gates(loaded, &wishes, &env, repo.require_workdir()?)
    };
    refused().err()
}

/// What a person's worktree gets, too.
pub(in crate::cli) fn outfit(loaded: &Loaded) -> Result<Outfit, CliError> {
    let config = &loaded.config;
    let env = BaseEnv::new(env::vars_os());
    let env_policy = EnvPolicy { pass: config.env_pass.clone(), allow_push: config.allow_push };
    Ok(Outfit {
        provisioning: provisioning(config)?,
        secrets: secrets(config, &env, &env_policy),
        env,
        env_policy,
        program: own_program()?,
        kill_grace: config.kill_grace.map_or(KILL_GRACE, |grace| grace.0),
    })
}

/// What a system that cancels a job leaves of its time, the state has to be saved in, too.
fn kill_grace(args: &Args, config: &Config) -> Duration {
    let grace = config.kill_grace.map_or(KILL_GRACE, |grace| grace.0);
    if args.ci { grace.min(GRACE_OF_JOBS) } else { grace }
}

fn ask(args: &Args, config: &Config) -> Result<Option<Step>, CliError> {
    let Some(command) = args.ask_command.as_ref().or(config.ask_command.as_ref()) else { return Ok(None) };
    if command.every.is_some() {
        return Err(CliError::usage("blueprint.toml: `ask-command` has `every`")
            .hint("it runs whenever a task asks; `every` is for `verify-integration`"));
    }
    Ok(Some(command.step()))
}

/// What the run may use up.
fn budget(args: &Args, config: &Config) -> Caps {
    Caps {
        cost_usd: args.max_cost.or(config.max_cost).map(|cost| cost.0),
        tokens: args.max_tokens.or(config.max_tokens).map(NonZeroU64::get),
    }
}

fn prices(config: &Config) -> Prices {
    let price = |price: &PriceConfig| Price {
        input: price.input.0,
        cached_input: price.cached_input.unwrap_or(price.input).0,
        output: price.output.0,
    };
    Prices::new(config.price.iter().map(|(name, table)| (name.clone(), price(table))))
}

fn verify_step(config: &config::StepConfig) -> VerifyStep {
    VerifyStep { step: config.step(), every: config.every.map_or(1, |every| every.get() as usize) }
}

fn protected(config: &Config) -> Result<Protected, CliError> {
    Protected::new(&config.protected_paths)
        .map_err(|error| CliError::usage(format!("blueprint.toml: `protected-paths`: {error}")))
}

fn offer(config: &Config) -> Result<Offer, CliError> {
    Offer::new(&config.context)
        .map_err(|error| CliError::usage(format!("blueprint.toml: `context`: {error}")))
}

/// In the checkout itself an agent works without a sandbox: it may have to write anywhere in there.
fn refuse_unconfined(casting: &Casting, config: &Config) -> Result<(), CliError> {
    let in_place = casting.values().any(|cast| cast.isolation == InWhat::None);
    if config.require_sandbox != Some(true) || !in_place {
        return Ok(());
    }
    let error = CliError::usage(
        "with `require-sandbox = true` no task can work in the checkout itself (isolation `none`)",
    );
    Err(error.hint("only in worktrees are agents kept in a sandbox"))
}

fn keep(word: config::Keep) -> Keep {
    match word {
        config::Keep::Landed => Keep::Landed,
        config::Keep::Failed => Keep::Failed,
        config::Keep::None => Keep::None,
        config::Keep::All => Keep::All,
    }
}

/// What worktrees get before agents begin in them.
fn provisioning(config: &Config) -> Result<Provisioning, CliError> {
    if config.setup.iter().any(|step| step.every.is_some()) {
        return Err(CliError::usage("blueprint.toml: a step of `setup` has `every`")
            .hint("setup runs once in every worktree; `every` is for `verify-integration`"));
    }
    Ok(Provisioning {
        bring: config.bring.iter().map(|item| item.0.clone()).collect(),
        setup: config.setup.iter().map(StepConfig::step).collect(),
        build_cache: config.build_cache.iter().map(|variable| variable.0.clone()).collect(),
    })
}

/// The same for a plan that changes while the run lasts; the configuration does not.
fn caster(args: &Args, loaded: &Loaded, env: &BaseEnv) -> Caster {
    let (config, dir, env) = (loaded.config.clone(), loaded.dir.clone(), env.clone());
    let (runner, timeout, isolation, only_looks) =
        (args.runner.clone(), args.timeout.map(|timeout| timeout.0), isolation(args), args.dry_run);
    Box::new(move |plan| {
        let wishes = Wishes { runner: runner.as_deref(), timeout, isolation, only_looks };
        cast(plan, &config, &wishes, &env, &dir).map_err(|error| match &error.hint {
            Some(hint) => format!("{error} ({hint})"),
            None => error.to_string(),
        })
    })
}

fn isolation(args: &Args) -> Option<config::Isolation> {
    args.isolation.map(|isolation| match isolation {
        Isolation::Worktree => config::Isolation::Worktree,
        Isolation::Shared => config::Isolation::Shared,
        Isolation::None => config::Isolation::None,
    })
}

/// Supervisors are started from the same binary, even if another version takes its path while the run goes on.
fn own_program() -> Result<PathBuf, CliError> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() {
        return Ok(PathBuf::from(format!("/proc/{}/exe", std::process::id())));
    }
    env::current_exe()
        .map_err(|error| CliError::new(Kind::Environment, format!("can't find our own program: {error}")))
}
