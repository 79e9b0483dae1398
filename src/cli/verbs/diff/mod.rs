mod print;

use std::io::{IsTerminal, stdout};

use crate::cli::args::{Format, Global};
use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known, find};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::git::{Found, Later, Oid};
use crate::report::clean;
use crate::run::{Attempt, Isolation, call};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint diff genesis.xml auth-api --stat\n         blueprint diff auth-api | git apply --directory=elsewhere\n\n\
While the task's agent works, what is not committed yet counts, too."
)]
pub(crate) struct Args {
    /// The plan, if it has to be named, and the task.
    #[arg(value_name = "GENESIS|TASK", required = true)]
    arguments: Vec<String>,
    /// Which attempt, from 1; the newest, if left out.
    #[arg(long, value_name = "N")]
    attempt: Option<u32>,
    /// How much has changed, file by file.
    #[arg(long, conflicts_with = "name_only")]
    stat: bool,
    /// Which files have changed.
    #[arg(long)]
    name_only: bool,
    /// How to print it; as JSON, the files and how much has changed in each.
    #[arg(long, default_value = "human")]
    format: Format,
}

/// What an attempt has changed: two sides to compare.
struct Change<'a> {
    task: &'a str,
    attempt: u32,
    base: Oid,
    later: Later,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    let (path, names) = find(&args.arguments)?;
    let [name] = names else {
        return Err(CliError::usage("name one task").hint("`blueprint diff [GENESIS] TASK`"));
    };
    let (context, known) = Context::open(path, global)?.known()?;
    known.task(name)?;
    let branches = Branches::of(&context, &known.plan, &known.history)?;
    let change = change(&branches, &known, name, args.attempt)?;
    if args.format == Format::Human {
        warn_of_later_work(&branches, &known, &change);
        if stdout().is_terminal() && branches.repo.changes(change.base, &change.later)?.is_empty() {
            let (number, name) = (change.attempt, clean(name));
            output::say(&format!("attempt {number} at {name} has changed nothing against its base"));
        }
    }
    match (args.format, args.stat, args.name_only) {
        (Format::Json, ..) => print::json(branches.repo, &change)?,
        (Format::Human, true, _) => print::stat(branches.repo, &change)?,
        (Format::Human, false, true) => print::names(branches.repo, &change)?,
        (Format::Human, false, false) => print::patch(branches.repo, &change)?,
    }
    Ok(0)
}

fn change<'a>(
    branches: &Branches<'_>,
    known: &Known,
    task: &'a str,
    number: Option<u32>,
) -> Result<Change<'a>, CliError> {
    let attempt = known.attempt(task, number)?;
    let number = attempt.started.attempt;
    let base = attempt.started.base.parse().map_err(|_| match attempt.started.isolation {
        Isolation::None => CliError::usage(format!(
            "attempt {number} at `{task}` worked in the checkout itself, where nobody can tell whose a change is"
        )),
        Isolation::Worktree | Isolation::Shared => CliError::usage(format!("attempt {number} at `{task}` has no base")),
    })?;
    let is_newest = known.attempt(task, None)?.started.attempt == number;
    let later = later(branches, attempt, is_newest)?.ok_or_else(|| {
        CliError::usage(format!("nothing is left of attempt {number} at `{task}`"))
            .hint(format!("`{}` tells how it ended", call("status", "", &clean(task), "")))
    })?;
    Ok(Change { task, attempt: number, base, later })
}

/// What it has come to; or, until then and where that could not be committed, what lies in its worktree.
fn later(branches: &Branches<'_>, attempt: &Attempt, is_newest: bool) -> Result<Option<Later>, CliError> {
    if let Some(commit) = attempt.commit() {
        return Ok(Some(Later::Commit(commit)));
    }
    let started = &attempt.started;
    if is_newest && let Found::Ours(worktree) = branches.repo.worktree_at(&started.worktree)? {
        return Ok(Some(Later::Worktree(worktree)));
    }
    let kept = branches.repo.target(&branches.refs.attempt(&started.slug, started.attempt))?;
    Ok(kept.map(Later::Commit))
}

/// A person may have gone on in the worktree of an attempt that is over.
fn warn_of_later_work(branches: &Branches<'_>, known: &Known, change: &Change<'_>) {
    let Later::Commit(commit) = &change.later else { return };
    let Ok(newest) = known.attempt(change.task, None) else { return };
    let worktree = branches.repo.worktree(&newest.started.worktree);
    let is_newest = newest.started.attempt == change.attempt;
    if is_newest && worktree.head().is_ok_and(|head| head != *commit || worktree.is_dirty().unwrap_or(false))
    {
        let place = worktree.path().display();
        output::say(&format!(
            "note    since attempt {} ended, somebody has changed {place}: that is not shown",
            clean(&change.attempt.to_string())
        ));
    }
}
