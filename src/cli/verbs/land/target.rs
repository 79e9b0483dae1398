//! The branch to land in.

use crate::cli::branches::Branches;
use crate::cli::error::CliError;
use crate::git::{BranchName, Oid};
use crate::run::History;

/// The one that is named; else the one that the plan started from, by the journal, or by which branches contain that commit.
pub(in crate::cli) fn branch(
    branches: &Branches<'_>,
    history: &History,
    named: Option<&str>,
    start: Option<Oid>,
) -> Result<BranchName, CliError> {
    match named {
        Some(name) => existing(branches, name, ""),
        None => match history.branch.as_deref() {
            Some(name) => existing(branches, name, ", from which the plan started"),
            None => guessed(branches, start),
        },
    }
}

fn existing(branches: &Branches<'_>, name: &str, why: &str) -> Result<BranchName, CliError> {
    let short = name.strip_prefix("refs/heads/").unwrap_or(name);
    let hint = "name another branch with `--into`";
    let Some(branch) = BranchName::new(short) else {
        return Err(CliError::usage(format!("`{name}` is no name for a branch")).hint(hint));
    };
    if is_ours(branches, &branch) {
        return Err(CliError::usage(format!("the branch `{branch}` is blueprint's own")).hint(hint));
    }
    if branches.repo.target(&branch.full())?.is_none() {
        return Err(CliError::usage(format!("there is no branch `{branch}`{why}")).hint(hint));
    }
    Ok(branch)
}

fn is_ours(branches: &Branches<'_>, branch: &BranchName) -> bool {
    *branch == branches.refs.integration()
        || branches.slugs().any(|(_, slug)| branches.refs.branch(slug) == *branch)
}

/// For plans of older versions, which did not note it.
fn guessed(branches: &Branches<'_>, start: Option<Oid>) -> Result<BranchName, CliError> {
    let unknown = || {
        CliError::usage("it is not known which branch the plan started from").hint("name it with `--into`")
    };
    let start = start.ok_or_else(|| {
        CliError::usage("the plan has had no run yet: nothing can land").hint("`blueprint run` comes first")
    })?;
    let mut candidates = branches.repo.branches_with(start)?;
    candidates.retain(|branch| !is_ours(branches, branch));
    let current = branches.repo.head_branch()?.filter(|branch| candidates.contains(branch));
    match (current, candidates.as_slice()) {
        (Some(branch), _) => Ok(branch),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(unknown()),
    }
}
