//! What has come of the completed tasks, and what of it has landed.

use std::collections::{BTreeMap, BTreeSet};

use super::branches::Branches;
use super::context::{Context, Known};
use super::error::CliError;
use crate::git::{BranchName, Oid};
use crate::plan::{Plan, TaskIndex};
use crate::run::Work;

/// The work of each completed task that has any.
pub(super) struct Works {
    pub(super) heads: BTreeMap<TaskIndex, Oid>,
    /// Those whose work is in the branch.
    pub(super) landed: BTreeSet<TaskIndex>,
}

impl Works {
    /// What has landed in `into`, which began at `start`; nothing has where it is not known where it is to land.
    pub(super) fn of(
        (context, known): (&Context, &Known),
        branches: &Branches<'_>,
        into: Option<&BranchName>,
        start: Option<Oid>,
    ) -> Result<Self, CliError> {
        let mut heads = BTreeMap::new();
        let mut commits = Vec::new();
        for (index, task) in known.plan.tasks() {
            if let Some(work) = work((context, known), branches, task.id.as_str())? {
                heads.insert(index, work.head);
                commits
                    .extend([(index, work.head)].into_iter().chain(work.merge.map(|merge| (index, merge))));
            }
        }
        let ids: Vec<_> = commits.iter().map(|(_, commit)| *commit).collect();
        let is_in = into.map(|into| branches.repo.landed(into, start, &ids)).transpose()?.unwrap_or_default();
        let landed = commits.iter().zip(is_in).filter(|(_, is_in)| *is_in).map(|((index, _), _)| *index);
        Ok(Self { landed: landed.collect(), heads })
    }

    /// The tasks whose work is yet to land, prerequisites first.
    pub(super) fn open(&self, plan: &Plan) -> Vec<TaskIndex> {
        let is_open = |index: &&TaskIndex| self.heads.contains_key(index) && !self.landed.contains(index);
        plan.topological().iter().filter(is_open).copied().collect()
    }
}

/// What has come of one task.
pub(super) fn work(
    (context, known): (&Context, &Known),
    branches: &Branches<'_>,
    task: &str,
) -> Result<Option<Work>, CliError> {
    let place = (task, branches.slug(task));
    Work::of(branches.repo, &branches.refs, &known.genesis, known.history.task(task), place)
        .map_err(|error| CliError::run(&context.path, error))
}
