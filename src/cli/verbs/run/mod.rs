mod again;
mod beside;
mod closing;
mod detach;
mod one_task;
mod outputs;
mod preface;
mod settings;
mod unbegun;
mod view;
mod whole_plan;

pub(super) use settings::{JOBS, RETRIES, outfit};
pub(super) use unbegun::{Files, Unbegun, write_down};
pub(super) use view::{Listener, Progress, View, tell_all};

use again::Again;
use beside::Beside;
use outputs::Outputs;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent::{self, Found};
use crate::cli::args::Global;
use crate::cli::config::{StepConfig, Timeout, TokenCount, Usd};
use crate::cli::context::{Context, Known, find};
use crate::cli::elsewhere::Elsewhere;
use crate::cli::error::CliError;
use crate::cli::person::refuse_inside_an_attempt;
use crate::cli::remote::{DEFAULT, LEASE};
use crate::cli::{dry_run, output, scratch};
use crate::git::Repo;
use crate::plan::{Plan, TaskId, TaskIndex};
use crate::run::{self, Planned, RunEvent, Settings, Site, Summary, Verdict};
use crate::store::PlanFile;

#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Example: blueprint run genesis.xml -j 8\n         blueprint run genesis.xml auth-api --dry-run"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Args {
    /// The plan, then the tasks to run with what they need; all, if none is named. A named task is run again if it failed.
    #[arg(value_name = "GENESIS|TASK")]
    arguments: Vec<String>,
    /// How many tasks at once [default: 4].
    #[arg(short, long, value_name = "N", value_parser = at_once)]
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
    /// How many US dollars this run may cost, such as 2.50; what is in flight counts. [default: no limit]
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    max_cost: Option<Usd>,
    /// How many tokens this run may use, those that are read and those that are written together. [default: no limit]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_tokens: Option<TokenCount>,
    /// Take up failed tasks again.
    #[arg(long)]
    rerun_failed: bool,
    /// The runner that plays every agent, whatever the configuration says.
    #[arg(long, value_name = "NAME")]
    runner: Option<String>,
    /// A command for the shell that answers tasks' questions: it finds the question on its standard input, and prints the answer.
    #[arg(long, value_name = "CMD")]
    ask_command: Option<StepConfig>,
    /// Where agents work [default: worktree].
    #[arg(long, value_name = "WHERE")]
    isolation: Option<Isolation>,
    /// How to show what happens.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    progress: Progress,
    /// Write all that happens into this file, or to standard output (`-`): an object of JSON a line.
    #[arg(long, value_name = "FILE|-")]
    events: Option<PathBuf>,
    /// Write a JUnit report into this file when the run is over: a test case for each task.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Copy the plan's folder into a new repository under the temp folder, and run there.
    #[arg(long)]
    scratch: bool,
    /// Go on in the background, when the run has begun: `blueprint attach` shows it, `blueprint stop` ends it.
    #[arg(long, conflicts_with_all = ["dry_run", "scratch"])]
    detach: bool,
    /// As a job of a CI system: what is needed comes from a git remote, and what comes of it goes there. With one TASK: that task alone.
    #[arg(long, conflicts_with_all = ["dry_run", "scratch", "detach"])]
    ci: bool,
    /// The remote that `--ci` means [default: origin].
    #[arg(long, value_name = "NAME", requires = "ci")]
    remote: Option<String>,
    /// How long what a job has counts as taken when nothing is heard of the job any more [default: 2m].
    #[arg(long, value_name = "DURATION", requires = "ci")]
    lease: Option<Timeout>,
    /// What `--detach` starts.
    #[arg(long, hide = true, conflicts_with = "detach")]
    detached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Isolation {
    /// Each in a git worktree of its own; what it did is merged.
    Worktree,
    /// All in one git worktree, on one branch; what is there when a task is done is committed, and merged.
    Shared,
    /// All in the checkout, with nothing between them: for commands that change no file, or are one's own.
    None,
}

impl Args {
    fn remote(&self) -> &str {
        self.remote.as_deref().unwrap_or(DEFAULT)
    }

    fn lease(&self) -> Duration {
        self.lease.map_or(LEASE, |lease| lease.0)
    }

    fn files(&self) -> Files<'_> {
        Files { events: self.events.as_deref(), junit: self.junit.as_deref() }
    }

    /// How other clones call the plan, and the one task that this is for; nothing where this is no job.
    fn job(&self, context: &Context, settings: &Settings) -> Option<(Elsewhere, Option<TaskId>)> {
        let task = match settings.only.as_slice() {
            [task] => Some(task.clone()),
            _ => None,
        };
        self.ci.then(|| (Elsewhere::of(context, self.remote()), task))
    }
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("run", None)?;
    let (path, names) = find(&args.arguments)?;
    let path = if args.scratch { scratch::copy(&path)? } else { path };
    if args.detach && args.events.as_deref() == Some(Path::new("-")) {
        return Err(CliError::usage("a run in the background has no standard output to write events to")
            .hint("name a file: `--events FILE`, or look on with `blueprint attach`"));
    }
    if args.detach {
        return detach::start(&Context::open(path, global)?.context());
    }
    if args.detached {
        detach::leave_the_terminal()?;
    }
    let beside = Beside::new();
    let ran = if args.ci && names.len() != 1 {
        whole_plan::run(args, global, path, names, &beside)
    } else {
        run_here(args, global, path, names, (Vec::new(), &beside))
    };
    beside.end(View::of(args.progress, global));
    ran
}

/// With the state that this clone has.
fn run_here(
    args: &Args,
    global: &Global,
    path: PathBuf,
    names: &[String],
    (more, beside): (Vec<Listener>, &Beside),
) -> Result<u8, CliError> {
    let (context, known) = Context::open(path, global)?.known()?;
    context.refuse_a_rival()?;
    let only = known.ids(names)?;
    let repo = repository(&context)?;
    let config = context.config()?;
    let view = View::of(args.progress, global);
    let settings = settings::settings(args, &known.plan, only, &config, &repo, view == View::Bars)?;
    beside.asides.mask(&settings.secrets);
    let settings = Settings { asides: beside.asides.clone(), ..settings };
    if args.dry_run {
        preface::say_strangers(&known, &config.config);
        let site = site(&context, &repo, PlanFile::new(&context.path, context.state.plan_lock())?);
        output::data(&dry_run::describe(&site, &known, &settings)?)?;
        if let Some(error) = settings::refusal(args, &known.plan, &config, &repo) {
            preface::say_refusal(&error);
        }
        return Ok(0);
    }
    if view.tells_all() {
        preface::say(&context, &known, &repo, &config.config, &settings)?;
    }
    if args.ci && settings.only.len() == 1 {
        return one_task::run((args, global), (&context, &known), &repo, settings, (view, beside));
    }
    // The run reads the plan anew, under its lock: two of a large one would be one too many.
    drop(known);
    start((&context, global), &repo, settings, (view, beside), (args, more))
}

/// What a run without any flag would do with one task, and where its agent's definition is.
pub(super) fn planned(
    context: &Context,
    known: &Known,
    index: TaskIndex,
) -> Result<(Planned, Option<PathBuf>), CliError> {
    let repo = repository(context)?;
    let args = Args { dry_run: true, ..Args::default() };
    let settings = settings::settings(&args, &known.plan, Vec::new(), &context.config()?, &repo, false)?;
    let site = site(context, &repo, PlanFile::new(&context.path, context.state.plan_lock())?);
    let planned = run::preview_task(&site, &settings, &known.plan, (&known.genesis, &known.history), index)
        .map_err(|error| CliError::run(&context.path, error))?;
    let definition = match agent::find(&planned.agent, &settings.agent_folders) {
        Ok(Found::One(definition)) => Some(definition.path),
        // A run would say what is wrong with it.
        Ok(Found::Missing { .. }) | Err(_) => None,
    };
    Ok((planned, definition))
}

/// Where a run without any flag would work, and how; the programs of open tasks have been found.
pub(super) fn surroundings(context: &Context, plan: &Plan) -> Result<(Site, Settings), CliError> {
    let repo = repository(context)?;
    let settings = settings::settings(&Args::default(), plan, Vec::new(), &context.config()?, &repo, false)?;
    let site = site(context, &repo, PlanFile::new(&context.path, context.state.plan_lock())?);
    Ok((site, settings))
}

fn start(
    (context, global): (&Context, &Global),
    repo: &Repo,
    settings: Settings,
    (view, beside): (View, &Beside),
    (args, more): (&Args, Vec<Listener>),
) -> Result<u8, CliError> {
    let site = site(context, repo, context.plan_file()?);
    let loaded = context.config()?;
    let job = args.job(context, &settings);
    let elsewhere = job.as_ref().map(|(elsewhere, _)| elsewhere.clone());
    let notifier = beside.notifier(context, loaded.config.notify.clone(), &settings, elsewhere);
    let outputs = Outputs::open(args.events.as_deref(), args.junit.as_deref(), notifier, &settings.secrets)?;
    let show = view.show_in(outputs.service(), loaded);
    let again = Again::of(args, &settings.only);
    let announcer = args.detached.then(detach::announcer);
    let listeners = announcer.into_iter().chain([show]).chain(outputs.listeners()).chain(more).collect();
    let tell = tell_all(listeners);
    let is_of_one = job.as_ref().is_some_and(|(_, task)| task.is_some());
    let ended = run::run(&site, settings, &|event| tell(if is_of_one { of_one_task(event) } else { event }))
        .map_err(|error| CliError::run(&context.path, error))
        .inspect_err(|error| outputs.broken(error));
    // What it says of tasks that wait makes the command exact; a run's end is told without it, too.
    let waits = ended.as_ref().is_ok_and(|summary| summary.verdict == Verdict::Blocked);
    let history = waits.then(|| context.history().ok()).flatten().unwrap_or_default();
    let next = |summary| closing::next_step(&context.path, &history, summary, job.as_ref(), &again);
    let next = ended.as_ref().map(next).unwrap_or_default();
    let closed = outputs.close(context, global, next.trim_start_matches("next").trim_start());
    let summary = ended?;
    if view.tells_all() {
        output::say(&next);
    }
    match (summary.verdict.exit_code(), closed) {
        (0, Err(error)) => Err(error),
        (code, Err(error)) => {
            // What the run came to is worse, and its exit code says so.
            output::error(&error);
            Ok(code)
        }
        (code, Ok(())) => Ok(code),
    }
}

/// The branch that a job of one task has merged into is of its clone alone.
fn of_one_task(event: RunEvent) -> RunEvent {
    match event {
        RunEvent::Ended(summary) => RunEvent::Ended(Summary { integration: None, ..summary }),
        other => other,
    }
}

fn site(context: &Context, repo: &Repo, plan: PlanFile) -> Site {
    Site { plan, repo: repo.clone(), state: context.state.clone(), epic: context.epic.clone() }
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

fn at_once(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "it takes a number of tasks, 1 or more".to_owned())
}
