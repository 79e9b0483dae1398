//! The plan's repository, and what its tasks are called there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::config::{self, WORKTREE_DIR};
use super::context::Context;
use super::error::CliError;
use crate::git::{EpicRefs, Repo, Strategy, epic_slug, slugs_beside};
use crate::plan::Plan;
use crate::run::{self, History, known_slugs};

/// A plan in its repository.
pub(super) struct Branches<'a> {
    pub(super) repo: &'a Repo,
    pub(super) refs: EpicRefs,
    /// How work gets into the integration branch.
    pub(super) strategy: Strategy,
    /// Of every task that there is or was.
    slugs: BTreeMap<String, String>,
}

impl<'a> Branches<'a> {
    /// # Errors
    /// [`CliError`] where the plan is in no repository, or the configuration can't be read.
    pub(super) fn of(context: &'a Context, plan: &Plan, history: &History) -> Result<Self, CliError> {
        let Some(repo) = &context.repo else {
            return Err(CliError::usage(format!(
                "the plan's folder `{}` is in no git repository",
                context.folder().display()
            ))
            .hint("branches and worktrees need one: `git init` there, and a first commit"));
        };
        let ids: Vec<_> = plan.tasks().map(|(_, task)| task.id.as_str()).collect();
        let mut slugs = known_slugs(history);
        let names = slugs_beside(&ids, &slugs);
        slugs.extend(ids.iter().map(|id| (*id).to_owned()).zip(names));
        let config = context.config()?.config;
        let strategy = config.strategy.map_or_else(Default::default, config::Strategy::of_git);
        Ok(Self { repo, refs: refs(context)?, strategy, slugs })
    }

    /// The task's name for branches and folders.
    pub(super) fn slug(&self, task: &str) -> &str {
        self.slugs.get(task).map_or("", String::as_str)
    }

    /// The worktree in which what is merged is tried, wherever it is or would be; nothing where there is no checkout.
    pub(super) fn verified_in(&self, context: &Context) -> Result<Option<PathBuf>, CliError> {
        let config = context.config()?.config;
        let template = config.worktree_dir.as_deref().unwrap_or(WORKTREE_DIR);
        Ok(self.repo.workdir().map(|checkout| run::verified_in(template, checkout, &self.refs)))
    }

    /// All tasks that there are or were, and their names.
    pub(super) fn slugs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.slugs.iter().map(|(id, slug)| (id.as_str(), slug.as_str()))
    }
}

/// The names of the plan's refs, as the configuration wants them.
pub(super) fn refs(context: &Context) -> Result<EpicRefs, CliError> {
    let template = context.config()?.config.branch;
    let template = template.as_deref().unwrap_or(EpicRefs::DEFAULT_TEMPLATE);
    Ok(EpicRefs::new(&epic_slug(&context.epic), template)?)
}
