//! The end of a plan in a git remote: its state, records, branches and refs there.

use serde::Serialize;

use super::{Args, is_agreed, may_ask};
use crate::cli::args::{Format, Global};
use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known, find_only};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::remote::{in_repository, remote_plan};
use crate::genesis::Status;
use crate::git::{BranchName, Move, RefMap};
use crate::report::{clean, shell_word};
use crate::run::History;
use crate::run::records::live_claims;
use crate::run::remote::{FromAfar, RemotePlan, StateError};

/// So many refs go in one command line.
const TOGETHER: usize = 300;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    remote: &'a str,
    removed: bool,
    refs: Vec<&'a String>,
    stays_because: &'a [String],
}

pub(super) fn run(
    args: &Args,
    genesis: Option<&String>,
    name: &str,
    global: &Global,
) -> Result<u8, CliError> {
    let (context, known) = Context::open(find_only(genesis)?, global)?.known()?;
    let there = remote_plan(&context, in_repository(&context)?, name)?;
    let fetched = there.fetch()?;
    let failed = |error| CliError::state(&context.path, error);
    refuse_while_at_work(&there, &fetched).map_err(failed)?;
    let why = match there.look(&fetched).map_err(failed)? {
        Some(afar) => why_it_stays(args, (&context, &known), &there, (&fetched, &afar))?,
        None => Vec::new(),
    };
    let is_free = why.is_empty() || args.force;
    if args.format == Format::Human {
        output::page(&shown(name, &fetched, is_free))?;
        for why in &why {
            output::say(&format!("note    {why}"));
        }
    }
    let may_go = is_free && !fetched.is_empty();
    let removes = may_go && (args.yes || (may_ask(args) && is_agreed(fetched.len())?));
    if removes {
        let moves: Vec<_> = fetched.iter().map(|(name, at)| Move::delete(name, *at)).collect();
        moves.chunks(TOGETHER).try_for_each(|some| there.remote.push(some))?;
    }
    if args.format == Format::Json {
        let (refs, stays_because) = (fetched.keys().collect(), &*why);
        output::json(&Document { version: 1, remote: name, removed: removes, refs, stays_because })?;
    } else {
        tell(args, &context, name, (fetched.len(), removes, is_free));
    }
    Ok(0)
}

fn refuse_while_at_work(there: &RemotePlan, fetched: &RefMap) -> Result<(), StateError> {
    if let Some(holder) = there.holder(fetched)? {
        return Err(StateError::Held(Box::new(holder)));
    }
    match live_claims(there, fetched)?.into_iter().next() {
        Some((task, claim)) => Err(StateError::Claimed { task, until: claim.free_at(), owner: claim.owner }),
        None => Ok(()),
    }
}

/// What would be lost, or is still to come.
fn why_it_stays(
    args: &Args,
    (context, known): (&Context, &Known),
    there: &RemotePlan,
    (fetched, afar): (&RefMap, &FromAfar),
) -> Result<Vec<String>, CliError> {
    let mut why = Vec::new();
    let open: Vec<_> =
        known.plan.tasks().filter(|(_, task)| !is_over(&afar.history, task.id.as_str())).collect();
    if let [(_, first), ..] = open.as_slice() {
        let more = if open.len() == 1 { String::new() } else { format!(", and {} more", open.len() - 1) };
        why.push(format!("task {}{more} is not over", clean(first.id.as_str())));
    }
    let branches = Branches::of(context, &known.plan, &afar.history)?;
    let start = fetched.get(&there.refs.start()).copied();
    let Some(tip) = fetched.get(&there.refs.integration().full()) else { return Ok(why) };
    let into = match crate::cli::verbs::land::target(&branches, &afar.history, args.into.as_deref(), start) {
        Ok(branch) => branch,
        Err(error) if args.into.is_some() => return Err(error),
        Err(_) => {
            why.push(
                "no branch is known in which its work could have landed: `--into BRANCH` names it".into(),
            );
            return Ok(why);
        }
    };
    if !has_landed(there, &into, start, *tip)? {
        why.push(format!("its work has not landed in {into}"));
    }
    Ok(why)
}

fn is_over(history: &History, task: &str) -> bool {
    let last = history.task(task).and_then(|story| story.transitions.last());
    last.is_some_and(|last| matches!(last.to, Status::Completed | Status::Cancelled))
}

fn has_landed(
    there: &RemotePlan,
    into: &BranchName,
    start: Option<crate::git::Oid>,
    tip: crate::git::Oid,
) -> Result<bool, CliError> {
    Ok(there.remote.repo().landed(into, start, &[tip])?.contains(&true))
}

fn shown(remote: &str, fetched: &RefMap, is_free: bool) -> String {
    let word = if is_free { "goes" } else { "stays" };
    fetched.keys().fold(String::new(), |shown, name| {
        shown + &format!("{word:7} {} in {}\n", clean(name), clean(remote))
    })
}

fn tell(args: &Args, context: &Context, remote: &str, (count, removes, is_free): (usize, bool, bool)) {
    let (plan, name) = (shell_word(&context.path.to_string_lossy()), shell_word(remote));
    if count == 0 {
        output::say(&format!("there is nothing of the plan in `{}`", clean(remote)));
    } else if removes {
        output::say(&format!("removed {count} refs from `{}`", clean(remote)));
        output::say(&format!("next    blueprint clean {plan}   (what is in this clone is here still)"));
    } else if is_free {
        let force = if args.force { " --force" } else { "" };
        output::say(&format!(
            "next    blueprint clean {plan} --remote {name} --yes{force}   (nothing was removed)"
        ));
    } else {
        output::say("nothing was removed; with `--force` it goes all the same, for good");
    }
}
