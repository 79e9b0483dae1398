use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cli::args::Global;
use crate::cli::branches::Branches;
use crate::cli::config::WORKTREE_DIR;
use crate::cli::context::{Context, Known, find};
use crate::cli::error::{CliError, Kind};
use crate::cli::hands::hands;
use crate::cli::held::Held;
use crate::cli::help_line::plan_words;
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::verbs::run::outfit;
use crate::genesis::Status;
use crate::git::Oid;
use crate::plan::{TaskId, TaskIndex};
use crate::report::clean;
use crate::run::{
    self, AttemptStarted, Fact, Ready, RunError, Taken, TaskHistory, Work, call, ledger, worktree_path,
};
use crate::store::RunLock;

/// Between two looks at whether an agent has ended.
const LOOK: Duration = Duration::from_millis(50);
/// How long an agent that is being started may take to appear.
const APPEARANCE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: folder=$(blueprint take genesis.xml auth-api) && cd \"$folder\"\n\n\
The task is yours until you `blueprint give` it: no run touches it. Its worktree is as its last attempt left it, or made from its base. An agent \
that is at work on it is ended first.")]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// Open a shell in its worktree.
    #[arg(long)]
    shell: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("take", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("take", Some(&path))?;
    let [name] = names else {
        return Err(CliError::usage("name one task").hint("`blueprint take [GENESIS] TASK`"));
    };
    let (context, known) = Context::open(path, global)?.known()?;
    let index = known.task(name)?;
    let branches = Branches::of(&context, &known.plan, &known.history)?;
    branches.repo.require_workdir()?;
    let results = refuse_or_results(&context, &known, &branches, index)?;
    // Where there is nothing to build on, nothing is said, and nobody gets the task.
    wanted_start(&context, &branches)?;
    drop(known);
    let was_busy = take(&context, &branches, name)?;
    if was_busy {
        await_agent(&context, name)?;
    }
    let Some((folder, ready)) = settle_in(&context, &branches, name, &results)? else {
        let message = "broken off: the task is yours, but its worktree is not ready";
        return Err(CliError::new(Kind::BrokenOff, message).hint(format!(
            "`{}` makes it anew, `{}` returns it",
            call("take", "", &clean(name), ""),
            call("give", "", &clean(name), "--back")
        )));
    };
    let plan = plan_words(&context.path);
    output::say(&format!("next    work there, then: {}", call("give", &plan, &clean(name), "")));
    if args.shell {
        return open_shell(&ready, &folder);
    }
    output::data(&format!("{}\n", folder.display()))?;
    Ok(0)
}

/// What the task is to be built on; it can't be taken before that is there.
fn refuse_or_results(
    context: &Context,
    known: &Known,
    branches: &Branches<'_>,
    index: TaskIndex,
) -> Result<Vec<Oid>, CliError> {
    let plan = &known.plan;
    let task = plan.task(index);
    refuse_over(task.status, task.id.as_str())?;
    let mut needs = plan.prerequisites(index).into_iter().map(|before| plan.task(before));
    if let Some(before) = needs.find(|before| before.status != Status::Completed) {
        let message = format!("task `{}` needs `{}`, which is {}", task.id, before.id, before.status);
        return Err(CliError::usage(message)
            .hint("take it when what it builds on is there, or `blueprint skip` that"));
    }
    let results = results(known, branches, index).map_err(|error| CliError::run(&context.path, error))?;
    Ok(plan.built_on(index, |before| results.contains_key(&before)).iter().map(|i| results[i]).collect())
}

/// The work of all that the task needs, also by way of others, as far as there is any.
fn results(
    known: &Known,
    branches: &Branches<'_>,
    index: TaskIndex,
) -> Result<BTreeMap<TaskIndex, Oid>, RunError> {
    let is_needed = known.plan.with_prerequisites(&[index]);
    let mut results = BTreeMap::new();
    for (before, task) in known.plan.tasks().filter(|(before, _)| *before != index && is_needed[before.0]) {
        let id = task.id.as_str();
        let story = known.history.task(id);
        let work = Work::of(branches.repo, &branches.refs, &known.genesis, story, (id, branches.slug(id)))?;
        results.extend(work.map(|work| (before, work.head)));
    }
    Ok(results)
}

fn refuse_over(status: Status, task: &str) -> Result<(), CliError> {
    match status {
        Status::Completed | Status::Cancelled => Err(CliError::usage(format!("task `{task}` is {status}"))
            .hint(format!("`{}` takes that back", call("retry", "", &clean(task), "")))),
        Status::Pending | Status::InProgress | Status::Failed | Status::Blocked => Ok(()),
    }
}

/// Journaled first: from then on it is the person's. Whether a live run has an agent at it, which it ends now.
fn take(context: &Context, branches: &Branches<'_>, name: &str) -> Result<bool, CliError> {
    let held = Held::open(context)?;
    let by = actor();
    let Some(task) = held.genesis.task(name) else {
        return Err(CliError::usage(format!("task `{name}` is in the plan no more")));
    };
    refuse_over(task.status, name)?;
    let story = held.history.task(name);
    if let Some(owner) = story.and_then(TaskHistory::taken_by) {
        return refuse_other(owner, &by, name).map(|()| false);
    }
    let is_ours = ledger::is_ours(story, &held.genesis, task);
    if task.status == Status::InProgress && !is_ours {
        let details = held.genesis.details(name);
        let owner = details.history.last().and_then(|last| last.actor.clone());
        refuse_other(owner.as_deref().unwrap_or("somebody"), &by, name)?;
    }
    let is_live = held.run.is_some();
    let hands = hands(context, branches, name, &task.name);
    if !is_live {
        run::end_agent(&hands, &held.history).map_err(|error| CliError::run(&context.path, error))?;
    }
    let transitions = hands.transitions(&held.genesis, &held.history, &by);
    let taken = Taken { task: TaskId::from(name), by, transitions: transitions.clone() };
    held.settle(Fact::Taken(taken), &transitions, || Ok(()))?;
    output::say(&format!("task {} is yours", clean(name)));
    Ok(is_live && is_ours)
}

fn refuse_other(owner: &str, by: &str, task: &str) -> Result<(), CliError> {
    if owner == by {
        return Ok(());
    }
    let message = format!("task `{task}` is in the hands of {}", clean(owner));
    Err(CliError::new(Kind::Forbidden, message)
        .hint(format!("`{}` frees it", call("retry", "", &clean(task), ""))))
}

/// The live run ends it as soon as it hears of the person; its work is committed and stays where it is.
fn await_agent(context: &Context, name: &str) -> Result<(), CliError> {
    output::say("waiting for its agent to end");
    let began = Instant::now();
    loop {
        let history = context.history()?;
        let last = history.task(name).and_then(TaskHistory::last_attempt);
        let is_open = last.is_some_and(|attempt| attempt.ended.is_none());
        let is_begun = last.is_some_and(|last| {
            history.task(name).is_some_and(|story| last.transitions_before + 2 >= story.transitions.len())
        });
        let may_appear = !is_begun && began.elapsed() < APPEARANCE;
        if RunLock::live_owner(&context.state.run_lock())?.is_none() || !(is_open || may_appear) {
            return Ok(());
        }
        sleep(LOOK);
    }
}

/// The worktree, ready to work in; as it is, if the person has it already. Nothing, if the person has broken that off.
fn settle_in(
    context: &Context,
    branches: &Branches<'_>,
    name: &str,
    results: &[Oid],
) -> Result<Option<(PathBuf, Ready)>, CliError> {
    let outfit = outfit(&context.config()?)?;
    let placed = find_place(context, branches, name, results)?;
    // Not under the plan's lock: that others wait for.
    let hands = hands(context, branches, name, &placed.name);
    if placed.is_new && !outfit.provisioning.setup.is_empty() {
        output::say("setting its worktree up (Ctrl-C breaks that off)");
    }
    let ready = run::make_ready(&hands, &outfit, &placed.started, &context.path, placed.is_new);
    let ready = ready.map_err(|error| CliError::run(&context.path, error))?;
    for warning in &ready.warnings {
        output::say(&format!("warning {}", clean(warning)));
    }
    let folder = placed.started.worktree.clone();
    if ready.is_broken_off {
        return Ok(None);
    }
    if !placed.is_begun {
        let started =
            AttemptStarted { brought: ready.brought.clone(), port_base: ready.port_base(), ..placed.started };
        begin(context, branches, (name, &placed.name), &started)?;
    }
    if let Some(ports) = ready.ports() {
        let (first, last) = (ports.start(), ports.end());
        output::say(&format!(
            "note    ports {first} to {last} are free for it (BLUEPRINT_PORT_BASE={first})"
        ));
    }
    Ok(Some((folder, ready)))
}

/// A worktree for the person.
struct Placed {
    /// What the task is called.
    name: String,
    started: AttemptStarted,
    /// It was made just now, and has to be made ready.
    is_new: bool,
    /// The person's attempt is journaled already.
    is_begun: bool,
}

fn find_place(
    context: &Context,
    branches: &Branches<'_>,
    task: &str,
    results: &[Oid],
) -> Result<Placed, CliError> {
    let held = Held::open(context)?;
    let name = held.genesis.task(task).map(|task| task.name.clone()).unwrap_or_default();
    let hands = hands(context, branches, task, &name);
    if let Some(attempt) = hands.attempt(&held.history) {
        let remade = run::remake(&hands, attempt).map_err(|error| CliError::run(&context.path, error))?;
        if let Some(notice) = &remade {
            output::say(&format!("note    {}", clean(notice)));
        }
        let started = attempt.started.clone();
        return Ok(Placed { name, started, is_new: remade.is_some(), is_begun: true });
    }
    let (start, folder) = (start(context, branches)?, folder(context, branches, task)?);
    let place = run::place(&hands, &held.history, start, results, &folder);
    let place = place.map_err(|error| {
        CliError::run(&context.path, error).hint(format!(
            "the task is yours all the same; `{}` returns it",
            call("give", "", &clean(task), "--back")
        ))
    })?;
    if let Some(notice) = &place.notice {
        output::say(&format!("warning {}", clean(notice)));
    }
    let what = if place.has_work { "with what its last attempt left" } else { "made from its base" };
    let (worktree, branch) = (place.started.worktree.display(), &place.started.branch);
    output::say(&format!("its worktree is {worktree}, {what}, on {branch}"));
    Ok(Placed { name, started: place.started, is_new: !place.has_work, is_begun: false })
}

/// From then on the worktree is the person's; unless somebody has taken the task away while it was made ready.
fn begin(
    context: &Context,
    branches: &Branches<'_>,
    (task, name): (&str, &str),
    started: &AttemptStarted,
) -> Result<(), CliError> {
    let held = Held::open(context)?;
    if held.history.task(task).and_then(TaskHistory::taken_by).is_none() {
        return Err(CliError::new(Kind::Forbidden, format!("task `{task}` is not yours any more"))
            .hint("somebody has set it back meanwhile: take it again"));
    }
    let hands = hands(context, branches, task, name);
    run::begin(&hands, started).map_err(|error| CliError::run(&context.path, error))
}

fn start(context: &Context, branches: &Branches<'_>) -> Result<Oid, CliError> {
    let wanted = wanted_start(context, branches)?;
    Ok(branches.repo.fix_start(&branches.refs, wanted)?)
}

/// The commit that the plan starts from, or would; it is not fixed by this.
fn wanted_start(context: &Context, branches: &Branches<'_>) -> Result<Oid, CliError> {
    if let Some(start) = branches.repo.start(&branches.refs)? {
        return Ok(start);
    }
    Ok(match &context.config()?.config.base {
        Some(base) => branches.repo.resolve(base)?,
        None => branches.repo.head_commit()?,
    })
}

fn folder(context: &Context, branches: &Branches<'_>, name: &str) -> Result<PathBuf, CliError> {
    let template = context.config()?.config.worktree_dir;
    let template = template.as_deref().unwrap_or(WORKTREE_DIR);
    let checkout = branches.repo.require_workdir()?;
    Ok(worktree_path(template, checkout, branches.refs.epic(), branches.slug(name)))
}

fn open_shell(ready: &Ready, folder: &Path) -> Result<u8, CliError> {
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "sh".into());
    let ended = Command::new(&shell).current_dir(folder).envs(ready.env.iter().cloned()).status();
    ended.map(|_| 0).map_err(|error| {
        let shell = shell.to_string_lossy();
        CliError::new(Kind::Environment, format!("can't start the shell `{}`: {error}", clean(&shell)))
            .hint(format!("go there yourself: {}", folder.display()))
    })
}
