use std::env;
use std::io::{IsTerminal, stderr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::agent::{BaseEnv, EnvPolicy, default_folders};
use crate::cli::args::Global;
use crate::cli::casting::{Wishes, cast};
use crate::cli::config::{Loaded, Timeout};
use crate::cli::context::{Context, Known, find};
use crate::cli::error::{CliError, Kind};
use crate::cli::{dry_run, output, scratch};
use crate::git::{EpicRefs, Repo};
use crate::report::{Bars, Plain, clean};
use crate::run::{self, RunEvent, Settings, Site, Verdict};
use crate::store::PlanFile;

/// Where worktrees go: beside the checkout, because those inside confuse build tools and linters.
const WORKTREE_DIR: &str = "../{repo}.worktrees/{epic}/{task}";
/// How often running agents' last lines are shown on a terminal.
const OUTPUT_EVERY: Duration = Duration::from_millis(250);
const JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
const RETRIES: u32 = 2;
const KILL_GRACE: Duration = Duration::from_secs(10);
/// How many files without a commit are named.
const UNCOMMITTED: usize = 5;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint run genesis.xml -j 8\n         blueprint run genesis.xml auth-api --dry-run"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Args {
    /// The plan, then the tasks to run with what they need; all, if none is named. A named task is run again if it failed.
    #[arg(value_name = "GENESIS|TASK")]
    arguments: Vec<String>,
    /// How many tasks at once [default: 4].
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Show what would be done; touch nothing.
    #[arg(long)]
    dry_run: bool,
    /// Go on with what does not depend on a failed task (the default).
    #[arg(long, conflicts_with = "fail_fast")]
    keep_going: bool,
    /// Start nothing new after the first task that fails.
    #[arg(long)]
    fail_fast: bool,
    /// How often an attempt that ended for a passing reason is followed by another [default: 2].
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// How long one attempt may take, such as 90s or 1h30m [default: 60m].
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Timeout>,
    /// Take up failed tasks again.
    #[arg(long)]
    rerun_failed: bool,
    /// The runner that plays every agent, whatever the configuration says.
    #[arg(long, value_name = "NAME")]
    runner: Option<String>,
    /// How to show what happens.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Progress,
    /// Copy the plan's folder into a new repository under the temp folder, and run there.
    #[arg(long)]
    scratch: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Progress {
    /// Bars on a terminal, else lines.
    Auto,
    /// Bars.
    Bar,
    /// A line for each thing that happens.
    Plain,
    /// Nothing.
    None,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt()?;
    let (path, names) = find(&args.arguments)?;
    let path = if args.scratch { scratch::copy(&path)? } else { path };
    let (context, known) = Context::open(path, global)?.known()?;
    let only = known.ids(names)?;
    let repo = repository(&context)?;
    let Loaded { config, dir } = context.config()?;
    let env = BaseEnv::new(env::vars_os());
    let wishes = Wishes { runner: args.runner.as_deref(), timeout: args.timeout.map(|timeout| timeout.0) };
    let casting = cast(&known.plan, &config, &wishes, &env, &dir)?;
    let home = env::var_os("HOME").map(PathBuf::from);
    let mut agent_folders: Vec<_> = config.agent_dirs.iter().map(|folder| dir.join(folder)).collect();
    agent_folders.extend(default_folders(repo.require_workdir()?, home.as_deref()));
    let bars = match args.progress {
        Progress::Auto => stderr().is_terminal() && !global.quiet,
        Progress::Bar => true,
        Progress::Plain | Progress::None => false,
    };
    let settings = Settings {
        jobs: args.jobs.or(config.jobs).unwrap_or(JOBS),
        retries: args.retries.or(config.retries).unwrap_or(RETRIES),
        kill_grace: config.kill_grace.map_or(KILL_GRACE, |grace| grace.0),
        fail_fast: args.fail_fast,
        rerun_failed: args.rerun_failed,
        only,
        allow_no_changes: config.allow_no_changes.clone(),
        require_definitions: config.require_definitions,
        worktree_dir: config.worktree_dir.clone().unwrap_or_else(|| WORKTREE_DIR.to_owned()),
        branch: config.branch.clone().unwrap_or_else(|| EpicRefs::DEFAULT_TEMPLATE.to_owned()),
        base: config.base.clone(),
        agent_folders,
        env,
        env_policy: EnvPolicy { pass: config.env_pass.clone() },
        config_dir: dir,
        program: own_program()?,
        casting,
        output_every: bars.then_some(OUTPUT_EVERY),
    };
    if args.dry_run {
        let site = site(&context, &repo, PlanFile::new(&context.path, context.state.plan_lock())?);
        output::data(&dry_run::describe(&site, &known, &settings)?)?;
        return Ok(0);
    }
    let say_less = args.progress == Progress::None || global.quiet;
    if !say_less {
        preface(&context, &known, &repo, &config.without_effect())?;
    }
    let shown = show(if say_less {
        Progress::None
    } else if bars {
        Progress::Bar
    } else {
        Progress::Plain
    });
    start(&context, &repo, settings, &shown, say_less)
}

fn start(
    context: &Context,
    repo: &Repo,
    settings: Settings,
    tell: &dyn Fn(RunEvent),
    quiet: bool,
) -> Result<u8, CliError> {
    let site = site(context, repo, context.plan_file()?);
    let summary = run::run(&site, settings, tell).map_err(|error| CliError::run(&context.path, error))?;
    if !quiet {
        output::say(&next_step(context, repo, &summary));
    }
    Ok(summary.verdict.exit_code())
}

fn site(context: &Context, repo: &Repo, plan: PlanFile) -> Site {
    Site { plan, repo: repo.clone(), state: context.state.clone(), epic: context.epic.clone() }
}

fn show(progress: Progress) -> Box<dyn Fn(RunEvent)> {
    match progress {
        Progress::None => Box::new(|_| ()),
        Progress::Bar => {
            let bars = Bars::default();
            Box::new(move |event| bars.show(&event))
        }
        Progress::Auto | Progress::Plain => Box::new(|event| Plain.show(&event)),
    }
}

/// An agent that runs the plan it is part of would wait for itself.
fn refuse_inside_an_attempt() -> Result<(), CliError> {
    if env::var_os("BLUEPRINT_TASK_TOKEN").is_none() {
        return Ok(());
    }
    Err(CliError::new(Kind::Forbidden, "`blueprint run` is not for agents: this is an attempt of a run")
        .hint("report with `blueprint task done|fail`; the run goes on by itself"))
}

fn repository(context: &Context) -> Result<Repo, CliError> {
    let repo = context.repo.clone().ok_or_else(|| {
        let folder = context.folder().display();
        CliError::usage(format!("the plan's folder `{folder}` is in no git repository"))
            .hint("make one (`git init`, and a first commit), or try the plan with `--scratch`")
    })?;
    repo.require_workdir()?;
    Ok(repo)
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

/// What people should know before agents start.
fn preface(context: &Context, known: &Known, repo: &Repo, without_effect: &[&str]) -> Result<(), CliError> {
    for warning in &known.plan.warnings {
        output::say(&format!("warning {}", clean(&warning.message)));
    }
    if !known.plan.warnings.is_empty() {
        output::say("note    `blueprint validate` shows where");
    }
    if !without_effect.is_empty() {
        let keys = without_effect.join("`, `");
        output::say(&format!("warning blueprint.toml: no effect in this version: `{keys}`"));
    }
    let plan = repo.relative(&context.path);
    let mut uncommitted = repo.uncommitted(UNCOMMITTED + 1)?;
    uncommitted.paths.retain(|path| Some(path) != plan.as_ref());
    if !uncommitted.paths.is_empty() {
        let named: Vec<_> =
            uncommitted.paths.iter().take(UNCOMMITTED).map(|path| clean(&path.to_string_lossy())).collect();
        let more = uncommitted.paths.len() - named.len() + uncommitted.more;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        output::say(&format!("note    not committed, so tasks won't see it: {}{more}", named.join(", ")));
    }
    output::say("note    agents work in worktrees of their own, without a sandbox");
    Ok(())
}

fn next_step(context: &Context, repo: &Repo, summary: &run::Summary) -> String {
    let plan = context.path.display();
    match summary.verdict {
        Verdict::Completed => {
            let checkout = repo.workdir().unwrap_or(repo.common_dir()).display();
            format!("next    git -C {checkout} merge {}", summary.integration)
        }
        Verdict::Failed => match summary.failed.first() {
            Some(task) => {
                format!("next    blueprint logs {plan} {task}   (and `run --rerun-failed` to try again)")
            }
            None => format!("next    blueprint status {plan}"),
        },
        Verdict::Blocked => match summary.blocked.first() {
            Some(task) => format!("next    blueprint status {plan} {task}"),
            None => format!("next    blueprint status {plan}"),
        },
        Verdict::Interrupted { .. } => format!("next    blueprint run {plan}   (goes on where this ended)"),
    }
}
