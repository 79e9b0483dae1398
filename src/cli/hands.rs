//! A task of the plan, as it goes through a person's hands.

use std::path::Path;

use super::branches::Branches;
use super::context::Context;
use crate::run::Hands;

/// The task `task`, called `name`.
pub(super) fn hands<'a>(
    context: &'a Context,
    branches: &'a Branches<'_>,
    task: &'a str,
    name: &'a str,
) -> Hands<'a> {
    // The plan's folder is resolved already, as the repository's is.
    let root = branches.repo.workdir().unwrap_or(Path::new("/"));
    Hands {
        repo: branches.repo,
        refs: &branches.refs,
        state: &context.state,
        genesis: context.path.strip_prefix(root).ok(),
        task,
        name,
        slug: branches.slug(task),
        strategy: branches.strategy,
    }
}
