mod gates;

use std::path::{Component, Path, PathBuf};

use crate::cli::args::Global;
use crate::cli::branches::Branches;
use crate::cli::context::{Context, find};
use crate::cli::error::{CliError, Kind};
use crate::cli::hands::hands;
use crate::cli::held::Held;
use crate::cli::help_line::plan_words;
use crate::cli::live::{TakenUp, next_step};
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::cli::said::Said;
use crate::genesis::Status;
use crate::git::{GitError, Loss, epic_slug};
use crate::report::{clean, shell_word};
use crate::run::{self, Attempt, Fact, Finished, Hands, RunError, TaskHistory, Tenure, call, told_losses};
use crate::store::RunLock;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint give genesis.xml auth-api --summary \"tokens expire now\"\n         blueprint give auth-api --back --note \"the tests are there, the code is not\"\n\n\
What is in the worktree is committed in your name, goes through the gates that are commands, and is merged as an agent's work is; then \
the task is completed, and what depends on it can start.\n\n\
Where you have merged what others have done, nothing of that may be missing; what is to go, you name with `--dropped`."
)]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task that you have taken.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// What you have done.
    #[arg(long, value_name = "TEXT", conflicts_with = "back")]
    summary: Option<String>,
    /// A file, from the repository's root, of which something that other tasks have added is left out on purpose.
    #[arg(long, value_name = "PATH", conflicts_with = "back")]
    dropped: Vec<PathBuf>,
    /// Return it to the agents: your work is kept aside, and the next attempt starts from the task's base.
    #[arg(long)]
    back: bool,
    /// What the next agent is to know.
    #[arg(long, value_name = "TEXT", requires = "back")]
    note: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("give", None)?;
    let (path, names) = find(&args.arguments)?;
    refuse_inside_an_attempt("give", Some(&path))?;
    let [name] = names else {
        return Err(CliError::usage("name one task").hint("`blueprint give [GENESIS] TASK`"));
    };
    let (context, known) = Context::open(path, global)?.known()?;
    known.task(name)?;
    let branches = Branches::of(&context, &known.plan, &known.history)?;
    context.refuse_a_rival()?;
    let claim = claim(&context)?;
    let held = Held::open(&context)?;
    let task_name = held.genesis.task(name).map(|task| task.name.clone()).unwrap_or_default();
    let hands = hands(&context, &branches, name, &task_name);
    refuse_unless_taken(&held, name)?;
    let is_all_done = if args.back {
        back(&context, held, &hands, args.note.as_deref())?;
        false
    } else {
        give(&context, held, &hands, args)?
    };
    let plan = plan_words(&context.path);
    let run = RunLock::live_owner(&context.state.run_lock())?;
    output::say(&match claim {
        Some(_) if is_all_done => format!("next    blueprint land {plan}   (merges it into your branch)"),
        Some(_) => format!("next    blueprint run {plan}"),
        None => next_step(&context, TakenUp::by(&context, run.as_ref())?),
    });
    Ok(0)
}

/// The right to change the plan's branches; a live run has it, and shares them.
fn claim(context: &Context) -> Result<Option<Tenure>, CliError> {
    context.state.make()?;
    match Tenure::take(&context.state, &epic_slug(&context.epic)) {
        Ok(claim) => Ok(Some(claim)),
        Err(RunError::Busy(_)) => Ok(None),
        Err(error) => Err(CliError::run(&context.path, error)),
    }
}

fn refuse_unless_taken(held: &Held<'_>, name: &str) -> Result<(), CliError> {
    let owner = held.history.task(name).and_then(TaskHistory::taken_by);
    let Some(owner) = owner else {
        return Err(CliError::usage(format!("nobody has taken task `{name}`"))
            .hint(format!("`{}` gives you its worktree", call("take", "", &clean(name), ""))));
    };
    if owner == actor() {
        return Ok(());
    }
    let message = format!("task `{name}` is in the hands of {}", clean(owner));
    Err(CliError::new(Kind::Forbidden, message)
        .hint(format!("`{}` frees it", call("retry", "", &clean(name), ""))))
}

fn attempt<'h>(held: &'h Held<'_>, hands: &Hands<'_>) -> Option<(&'h TaskHistory, &'h Attempt)> {
    Some((held.history.task(hands.task)?, hands.attempt(&held.history)?))
}

/// Says whether that was the last open task of the plan.
fn give(context: &Context, held: Held<'_>, hands: &Hands<'_>, args: &Args) -> Result<bool, CliError> {
    if attempt(&held, hands).is_none() {
        return Err(CliError::usage(format!("task `{}` has no worktree yet", hands.task))
            .hint(format!("`{}` makes it", call("take", "", &clean(hands.task), ""))));
    }
    refuse_checked_out(hands)?;
    let by = hands.repo.identity().map_err(|error| {
        CliError::from(error).hint("tell git who you are: `git config user.name`, `git config user.email`")
    })?;
    // They take their time, in which others may change the plan.
    let gated = gates::pass(context, held, hands, &by)?;
    let held = Held::open(context)?;
    refuse_unless_taken(&held, hands.task)?;
    let Some((story, attempt)) = attempt(&held, hands) else { return Err(taken_away(hands)) };
    let actor = actor();
    let usual = format!("done by {actor}");
    let summary = Said::of(context).some(args.summary.as_deref());
    let summary = summary.as_deref().map(str::trim).filter(|summary| !summary.is_empty()).unwrap_or(&usual);
    let worktree = attempt.started.worktree.clone();
    let dropped: Vec<_> =
        args.dropped.iter().map(|path| path.components().skip_while(is_dot).collect()).collect();
    let said = run::Said { actor: &actor, summary, dropped: &dropped };
    let finished = run::finish(hands, story, attempt, &by, said, gated);
    let finished = finished.map_err(|error| not_given(context, hands, &worktree, error))?;
    let (transition, changed, notices) = match finished {
        Finished::Merged { transition, changed, notices, .. } => (transition, changed, notices),
        Finished::Conflict(paths) => return Err(conflict(hands, &worktree, &paths)),
        Finished::Markers(paths) => return Err(markers(hands, &worktree, &paths)),
        Finished::Losing(losses) => return Err(losing(hands, &worktree, &losses)),
        Finished::Changed => return Err(changed(hands)),
    };
    let is_all_done =
        held.genesis.tasks().iter().all(|task| task.id == hands.task || task.status == Status::Completed);
    held.settle(Fact::Transition((*transition).clone()), &[*transition], || Ok(()))?;
    for notice in notices {
        output::say(&format!("note    {}", clean(&notice)));
    }
    let what = if changed { "your work is merged" } else { "nothing had changed" };
    output::say(&format!("task {} is completed: {what}", clean(hands.task)));
    Ok(is_all_done)
}

fn refuse_checked_out(hands: &Hands<'_>) -> Result<(), CliError> {
    let branch = hands.refs.integration();
    let Some(place) = hands.repo.checked_out_at(&branch)? else { return Ok(()) };
    Err(CliError::usage(format!("the branch `{branch}` is checked out in `{}`", place.display()))
        .hint("switch that checkout to another branch first"))
}

fn not_given(context: &Context, hands: &Hands<'_>, worktree: &Path, error: RunError) -> CliError {
    let hint = match &error {
        RunError::Git(GitError::Unfinished { .. } | GitError::Unmerged { .. } | GitError::Astray { .. }) => {
            Some(format!("finish that in {}, then give again", worktree.display()))
        }
        RunError::Git(GitError::NotAWorktree { .. }) => {
            let take = call("take", "", &clean(hands.task), "");
            Some(format!("`{take}` makes it anew, with what is committed; then give again"))
        }
        _ => None,
    };
    // It is theirs to finish: nothing is wrong with disk or git.
    let is_theirs = matches!(error, RunError::Git(GitError::Unfinished { .. } | GitError::Unmerged { .. }));
    let error = CliError::run(&context.path, error);
    let kind = if is_theirs { Kind::Usage } else { error.kind };
    CliError { kind, hint: hint.or(error.hint), ..error }
}

fn conflict(hands: &Hands<'_>, worktree: &Path, paths: &[PathBuf]) -> CliError {
    let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
    let message = format!(
        "your work on `{}` conflicts with work that is merged already, in {}; it is committed, and the task stays yours",
        hands.task,
        paths.join(", ")
    );
    CliError::usage(message).hint(format!(
        "in {}: `git merge {}`, resolve, commit; then give again",
        worktree.display(),
        hands.refs.integration()
    ))
}

fn markers(hands: &Hands<'_>, worktree: &Path, paths: &[PathBuf]) -> CliError {
    let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
    let message = format!(
        "your work on `{}` has conflict markers in {}; it is committed, and the task stays yours",
        hands.task,
        paths.join(", ")
    );
    CliError::usage(message).hint(format!("resolve that in {}, commit; then give again", worktree.display()))
}

fn is_dot(part: &Component<'_>) -> bool {
    matches!(part, Component::CurDir)
}

fn losing(hands: &Hands<'_>, worktree: &Path, losses: &[Loss]) -> CliError {
    let message = format!(
        "your work on `{}` would take away what other tasks have added: {}; it is committed, and the task stays yours",
        clean(hands.task),
        clean(&told_losses(losses))
    );
    let named: Vec<_> = losses.iter().map(|loss| clean(&shell_word(&loss.path.to_string_lossy()))).collect();
    let meant: Vec<_> = named.iter().map(|path| format!("--dropped {path}")).collect();
    CliError::usage(message).hint(format!(
        "put that back in {} (`git checkout {} -- {}` gets whole files as they are there), then give again; if it is meant: `{}`",
        worktree.display(),
        hands.refs.integration(),
        named.join(" "),
        call("give", "", &clean(hands.task), &meant.join(" "))
    ))
}

fn changed(hands: &Hands<'_>) -> CliError {
    let task = clean(hands.task);
    CliError::usage(format!(
        "your work on `{task}` has changed while its gates ran, which have not seen all of it; it is as you left it, and the task stays yours"
    ))
    .hint("give it again: the gates see what is there then")
}

fn taken_away(hands: &Hands<'_>) -> CliError {
    let task = clean(hands.task);
    CliError::usage(format!("somebody has decided otherwise about `{task}` while its gates ran"))
        .hint(format!("`{}` tells its story", call("status", "", &task, "")))
}

fn back(context: &Context, held: Held<'_>, hands: &Hands<'_>, note: Option<&str>) -> Result<(), CliError> {
    let actor = actor();
    let note = Said::of(context).some(note);
    let note = note.as_deref().map(str::trim).filter(|note| !note.is_empty());
    let by = hands.repo.identity().unwrap_or_else(|_| crate::git::Authorship::own());
    let (set_back, kept) = match attempt(&held, hands) {
        Some((story, attempt)) => run::give_back(hands, story, attempt, &by, (&actor, note))
            .map_err(|error| CliError::run(&context.path, error))?,
        // Taken, and never begun.
        None => (hands.untouched(&held.history, &actor, note), None),
    };
    let transitions = set_back.transitions.clone();
    held.settle(Fact::SetBack(set_back), &transitions, || Ok(()))?;
    output::say(&format!("task {} is the agents' again", clean(hands.task)));
    if let Some(kept) = kept {
        output::say(&format!("note    what you did is kept as {kept}, and its next agent is told of it"));
    }
    Ok(())
}
