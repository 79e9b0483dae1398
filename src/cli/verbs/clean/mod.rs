mod found;
mod remote;
mod remove;
mod safe;

use std::io::{self, BufRead, IsTerminal, stderr, stdin};

use serde::Serialize;

use crate::cli::args::{Format, Global};
use crate::cli::branches::Branches;
use crate::cli::context::{Context, find_only};
use crate::cli::error::{CliError, Kind};
use crate::cli::help_line::plan_words;
use crate::cli::output;
use crate::cli::person::refuse_inside_an_attempt;
use crate::cli::remote::RemoteArgs;
use crate::git::epic_slug;
use crate::report::clean;
use crate::run::Tenure;
use found::{Item, Sort, Survey};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint clean genesis.xml\n         blueprint clean genesis.xml --yes\n\n\
What goes: worktrees, branches and refs of tasks that have landed, are cancelled, or are in the plan no more; and the plan's state and integration branch when \
all is over. What has not landed stays; uncommitted work, and what only such a task's attempts hold, goes with `--force` alone.\n\n\
With `--remote`: the plan's state, records, branches and refs in a git remote, when all is over and has landed, and no job is at work."
)]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// Remove it, without asking.
    #[arg(short, long)]
    yes: bool,
    /// Of tasks that are over, what is uncommitted or has never been merged, too.
    #[arg(long)]
    force: bool,
    /// The branch that work lands in [default: the one that the plan started from].
    #[arg(long, value_name = "BRANCH")]
    into: Option<String>,
    #[command(flatten)]
    remote: RemoteArgs,
    /// How to print it.
    #[arg(long, default_value = "human")]
    format: Format,
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    into: Option<String>,
    removed: bool,
    goes: &'a [Item],
    stays: &'a [Item],
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("clean", None)?;
    let (remote, rest) = args.remote.split(args.genesis.as_slice());
    let path = find_only(rest.first())?;
    refuse_inside_an_attempt("clean", Some(&path))?;
    if let Some(remote) = remote {
        return remote::run(args, rest.first(), &remote, global);
    }
    let asks = may_ask(args);
    let context = Context::open(path, global)?.context();
    context.refuse_a_rival()?;
    let tenure = if args.yes || asks {
        context.state.make()?;
        let taken = Tenure::take(&context.state, &epic_slug(&context.epic));
        Some(taken.map_err(|error| CliError::run(&context.path, error))?)
    } else {
        None
    };
    let (context, known) = Context::open(context.path, global)?.known()?;
    let branches = Branches::of(&context, &known.plan, &known.history)?;
    let survey = Survey::of(&context, &known, &branches, args.into.as_deref(), args.force)?;
    if args.format == Format::Human {
        output::page(&shown(&survey))?;
        tell_of_story(&context, &survey);
    }
    let may = args.yes || (asks && !survey.goes.is_empty() && is_agreed(survey.goes.len())?);
    let removes = may && tenure.is_some();
    if removes {
        remove::all(&context, &branches, &survey.goes, args.force)?;
    }
    if args.format == Format::Json {
        let into = survey.into.as_ref().map(|branch| branch.as_str().to_owned());
        let (goes, stays) = (&survey.goes, &survey.stays);
        output::json(&Document { version: 1, into, removed: removes, goes, stays })?;
    } else {
        tell(&context, &survey, removes, args.force);
    }
    Ok(0)
}

fn may_ask(args: &Args) -> bool {
    !args.yes && args.format == Format::Human && stdin().is_terminal() && stderr().is_terminal()
}

fn shown(survey: &Survey) -> String {
    let line = |word: &str, item: &Item| {
        let task = item.task.as_deref().map_or_else(String::new, |task| format!(" of {}", clean(task)));
        format!("{word:7} {:8} {}{task}: {}\n", item.kind.as_str(), clean(&item.name), clean(&item.why))
    };
    let goes = survey.goes.iter().map(|item| line("goes", item));
    goes.chain(survey.stays.iter().map(|item| line("stays", item))).collect()
}

/// What happened is in the journal alone, which goes.
fn tell_of_story(context: &Context, survey: &Survey) {
    if survey.goes.iter().any(|item| item.kind == Sort::State) {
        let plan = plan_words(&context.path);
        output::say(&format!(
            "note    the plan's journal goes with its state, and with it what `report`, `explain` and `logs` tell; to keep that: \
             `blueprint report {plan} --output FILE`"
        ));
    }
}

fn is_agreed(count: usize) -> Result<bool, CliError> {
    let (things, these) = if count == 1 { ("thing", "this") } else { ("things", "these") };
    output::tell(&format!("remove {these} {count} {things}? [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| CliError::new(Kind::Environment, format!("can't read the answer: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn tell(context: &Context, survey: &Survey, removes: bool, force: bool) {
    let plan = plan_words(&context.path);
    let count = survey.goes.len();
    if count == 0 {
        output::say("there is nothing to clean");
    } else if removes {
        output::say(&format!("removed {count} of what was there"));
    } else {
        let force = if force { " --force" } else { "" };
        output::say(&format!("next    blueprint clean {plan} --yes{force}   (nothing was removed)"));
    }
    if survey.stays.iter().any(|item| item.why.starts_with(found::NOT_LANDED)) {
        output::say("note    of work that has landed in another branch: `--into BRANCH` names it");
    }
    if !force && survey.stays.iter().any(|item| item.needs_force) {
        output::say(
            "note    what stays only because it has never been merged or committed goes with `--force`, for good",
        );
    }
}
