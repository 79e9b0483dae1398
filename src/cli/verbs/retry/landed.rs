//! Work that has landed already: that it is done again takes nothing out of a person's branch.

use crate::cli::branches::Branches;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::held::Held;
use crate::cli::verbs::land::target;
use crate::git::{BranchName, Oid, Strategy};
use crate::plan::Plan;
use crate::report::clean;
use crate::run::Work;

/// For each of the tasks whose work has landed, what a person should know of it. None is no reason to refuse anything.
pub(super) fn notes(context: &Context, held: &Held<'_>, plan: &Plan, tasks: &[&str]) -> Vec<String> {
    if context.repo.is_none() {
        return Vec::new();
    }
    let found = Branches::of(context, plan, &held.history).and_then(|branches| {
        let start = branches.repo.start(&branches.refs)?;
        let into = target(&branches, &held.history, None, start)?;
        let mut notes = Vec::new();
        for task in tasks {
            notes.extend(note(context, held, &branches, (&into, start), task)?);
        }
        Ok(notes)
    });
    // Nothing has landed in a branch that nobody knows.
    found.unwrap_or_default()
}

fn note(
    context: &Context,
    held: &Held<'_>,
    branches: &Branches<'_>,
    (into, start): (&BranchName, Option<Oid>),
    task: &str,
) -> Result<Option<String>, CliError> {
    let Branches { repo, refs, .. } = branches;
    let work = Work::of(repo, refs, &held.genesis, held.history.task(task), (task, branches.slug(task)));
    let Some(work) = work.map_err(|error| CliError::run(&context.path, error))? else { return Ok(None) };
    let has_head = repo.landed(into, start, &[work.head])?.contains(&true);
    let merge = match work.merge {
        Some(merge) if repo.landed(into, start, &[merge])?.contains(&true) => Some(merge),
        _ if has_head => None,
        _ => return Ok(None),
    };
    // A squashed landing holds the work, but not the merge.
    let tip = repo.target(&into.full())?;
    let merge = merge.filter(|merge| tip.is_some_and(|tip| repo.has(tip, *merge)));
    let revert = match merge {
        Some(merge) if branches.strategy == Strategy::Merge && merge != work.head => {
            let short: String = merge.to_string().chars().take(10).collect();
            format!("git revert -m 1 {short}")
        }
        _ => "git revert".to_owned(),
    };
    Ok(Some(format!(
        "the old work of {} has landed in {into} and stays there; `{revert}` there takes it back",
        clean(task)
    )))
}
