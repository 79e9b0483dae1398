use crate::cli::args::Global;
use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known, find_only};
use crate::cli::error::CliError;
use crate::cli::help_line::plan_words;
use crate::cli::output;
use crate::cli::person::{actor, refuse_inside_an_attempt};
use crate::git::{BranchName, Message, Moved, Oid, epic_slug};
use crate::report::clean;
use crate::run::{Fact, Record, Tenure, open_journal};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: blueprint rebase-plan genesis.xml\n         blueprint rebase-plan genesis.xml --onto develop\n\n\
Tasks that have not begun start from that branch as it is now; those that have keep their bases, and the integration branch gets it merged. Where \
the work that is done conflicts with it, nothing is changed. Work lands in that branch from then on."
)]
pub(crate) struct Args {
    /// The plan.
    genesis: Option<String>,
    /// The branch, or another commit that contains the present start [default: the branch that the plan started from].
    #[arg(long, value_name = "BRANCH")]
    onto: Option<String>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result<u8, CliError> {
    refuse_inside_an_attempt("rebase-plan", None)?;
    let path = find_only(args.genesis.as_ref())?;
    refuse_inside_an_attempt("rebase-plan", Some(&path))?;
    let context = Context::open(path, global)?.context();
    context.refuse_a_rival()?;
    context.state.make()?;
    let _tenure = Tenure::take(&context.state, &epic_slug(&context.epic))
        .map_err(|error| CliError::run(&context.path, error))?;
    // Under the run's lock: what is known now stays so.
    let (context, known) = Context::open(context.path, global)?.known()?;
    let branches = Branches::of(&context, &known.plan, &known.history)?;
    refuse_checked_out(&branches)?;
    let (to, branch) = wanted(&branches, &known, args.onto.as_deref())?;
    let text = branch.as_ref().map_or_else(|| to.to_string(), ToString::to_string);
    let message = Message::new(&format!("Merge {text} as the plan's newer start"));
    match branches.repo.move_start(&branches.refs, to, &message)? {
        Moved::Nothing => {
            journal_if_missing(&context, &known, &branches, branch.as_ref())?;
            output::say(&format!("the plan starts from {text} as it is now, or later, already"));
        }
        Moved::Done { from } => {
            journal(&context, &from.to_string(), to, branch.as_ref())?;
            tell(&context, &known, &text, from, to);
        }
        Moved::NotNewer { start } => return Err(not_newer(&text, start)),
        Moved::Conflict(paths) => {
            let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
            let message = format!(
                "the work that is done conflicts with {text}, in {}; nothing was changed",
                paths.join(", ")
            );
            return Err(
                CliError::usage(message).hint("`blueprint land` what is done first, and resolve it there")
            );
        }
    }
    Ok(0)
}

fn refuse_checked_out(branches: &Branches<'_>) -> Result<(), CliError> {
    let branch = branches.refs.integration();
    let Some(place) = branches.repo.checked_out_at(&branch)? else { return Ok(()) };
    Err(CliError::usage(format!("the branch `{branch}` is checked out in `{}`", place.display()))
        .hint("switch that checkout to another branch first"))
}

/// The commit, and the branch that it is on, if one is meant.
fn wanted(
    branches: &Branches<'_>,
    known: &Known,
    onto: Option<&str>,
) -> Result<(Oid, Option<BranchName>), CliError> {
    let start = branches.repo.start(&branches.refs)?;
    if start.is_none() && known.is_forgotten() {
        return Err(CliError::usage(
            "where the plan started is not known here: `blueprint clean` removed that with its journal, or its runs were in another clone",
        )
        .hint("what is left of it to do starts from HEAD, or from `base` in blueprint.toml, at its next run"));
    }
    if start.is_none() {
        return Err(CliError::usage("the plan has had no run yet: its first run fixes where it starts")
            .hint("`base` in blueprint.toml says where that is; HEAD, if it is left out"));
    }
    let Some(onto) = onto else {
        let branch = super::land::target(branches, &known.history, None, start)?;
        return Ok((branches.repo.resolve(&branch.full())?, Some(branch)));
    };
    let branch = BranchName::new(onto.strip_prefix("refs/heads/").unwrap_or(onto));
    let tip = branch.as_ref().map(|branch| branches.repo.target(&branch.full())).transpose()?.flatten();
    match tip {
        Some(tip) => Ok((tip, branch)),
        None => Ok((branches.repo.resolve(onto)?, None)),
    }
}

fn not_newer(text: &str, start: Oid) -> CliError {
    let short: String = start.to_string().chars().take(10).collect();
    CliError::usage(format!(
        "{text} does not contain {short}, from which the plan started: it is no newer start"
    ))
    .hint("merge that into it first, or name another branch with `--onto`")
}

/// Somebody was killed before they could.
fn journal_if_missing(
    context: &Context,
    known: &Known,
    branches: &Branches<'_>,
    branch: Option<&BranchName>,
) -> Result<(), CliError> {
    let start = branches.repo.start(&branches.refs)?;
    match (start, known.history.start.as_deref()) {
        (Some(start), Some(known)) if start.to_string() != known => journal(context, known, start, branch),
        _ => Ok(()),
    }
}

fn journal(context: &Context, from: &str, to: Oid, branch: Option<&BranchName>) -> Result<(), CliError> {
    let fact = Fact::Rebased {
        by: actor(),
        from: from.to_owned(),
        to: to.to_string(),
        branch: branch.map(|branch| branch.as_str().to_owned()),
    };
    Ok(open_journal(&context.state.journal())?.append(&Record::now(fact))?)
}

fn tell(context: &Context, known: &Known, text: &str, from: Oid, to: Oid) {
    let short = |id: Oid| id.to_string().chars().take(10).collect::<String>();
    output::say(&format!("the plan starts from {text} at {} now, no longer from {}", short(to), short(from)));
    let begun = |id: &str| known.history.task(id).is_some_and(|story| !story.attempts.is_empty());
    let new = known.plan.tasks().filter(|(_, task)| !begun(task.id.as_str())).count();
    output::say(&format!("note    {}", who_starts_there(new, known.plan.len())));
    let plan = plan_words(&context.path);
    output::say(&format!("next    blueprint run {plan}"));
}

fn who_starts_there(new: usize, all: usize) -> String {
    match new {
        0 => format!("each of the {all} tasks has had an attempt"),
        1 => format!("1 of {all} tasks has not begun, and starts from there"),
        new => format!("{new} of {all} tasks have not begun, and start from there"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_that_start_anew_are_counted_in_words() {
        assert_eq!(who_starts_there(0, 2), "each of the 2 tasks has had an attempt");
        assert_eq!(who_starts_there(1, 2), "1 of 2 tasks has not begun, and starts from there");
        assert_eq!(who_starts_there(2, 2), "2 of 2 tasks have not begun, and start from there");
    }
}
