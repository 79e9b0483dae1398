//! Which commits are somewhere else than in what is to be removed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::cli::branches::Branches;
use crate::cli::context::{Context, Known};
use crate::cli::error::CliError;
use crate::git::{BranchName, Oid, Repo};
use crate::run::Work;

/// So many files are named.
const SHOWN: usize = 3;

/// What is known of the plan's commits.
pub(super) struct Safe {
    into: Option<BranchName>,
    start: Option<Oid>,
    /// Commits without work, or whose work has landed in another shape.
    elsewhere: BTreeSet<Oid>,
    /// What each task's attempts began on: nothing of its own, but perhaps all that another one has done.
    bases: BTreeMap<String, BTreeSet<Oid>>,
    /// The tasks that have work, and whether it has landed.
    works: BTreeMap<String, bool>,
}

impl Safe {
    pub(super) fn of(
        context: &Context,
        known: &Known,
        branches: &Branches<'_>,
        into: Option<&BranchName>,
        start: Option<Oid>,
    ) -> Result<Self, CliError> {
        let mut safe = Self {
            into: into.cloned(),
            start,
            elsewhere: start.into_iter().collect(),
            bases: BTreeMap::new(),
            works: BTreeMap::new(),
        };
        for (id, story) in known.history.tasks() {
            let bases = story.attempts.iter().filter_map(|attempt| attempt.started.base.parse().ok());
            safe.bases.insert(id.to_string(), bases.collect());
        }
        for (_, task) in known.plan.tasks() {
            let (id, story) = (task.id.as_str(), known.history.task(task.id.as_str()));
            let work =
                Work::of(branches.repo, &branches.refs, &known.genesis, story, (id, branches.slug(id)));
            let Some(work) = work.map_err(|error| CliError::run(&context.path, error))? else { continue };
            let mut has_landed = safe.has(branches.repo, work.head)?;
            if let Some(merge) = work.merge.filter(|_| !has_landed) {
                has_landed = safe.has(branches.repo, merge)?;
            }
            if has_landed {
                safe.elsewhere.insert(work.head);
            }
            safe.works.insert(id.to_owned(), has_landed);
        }
        Ok(safe)
    }

    pub(super) fn has_work(&self, task: &str) -> bool {
        self.works.contains_key(task)
    }

    pub(super) fn has_landed(&self, task: &str) -> bool {
        self.works.get(task).copied().unwrap_or(false)
    }

    /// Why a branch or ref of a task, or of none, must not go without more ado.
    pub(super) fn doubt(
        &self,
        repo: &Repo,
        task: Option<&str>,
        tip: Oid,
    ) -> Result<Option<String>, CliError> {
        if task.and_then(|task| self.bases.get(task)).is_some_and(|bases| bases.contains(&tip)) {
            return Ok(None);
        }
        let short: String = tip.to_string().chars().take(10).collect();
        Ok((!self.has(repo, tip)?).then(|| format!("{short} has never landed")))
    }

    /// The same of a worktree.
    pub(super) fn doubt_of_worktree(
        &self,
        repo: &Repo,
        task: Option<&str>,
        path: &Path,
    ) -> Result<Option<String>, CliError> {
        let worktree = repo.worktree(path);
        let Ok(dirty) = worktree.uncommitted() else { return Ok(Some("it can't be looked into".into())) };
        if let Some(first) = dirty.get(..dirty.len().min(SHOWN)).filter(|first| !first.is_empty()) {
            let names: Vec<_> = first.iter().map(|path| path.display().to_string()).collect();
            let more = if dirty.len() > SHOWN {
                format!(" and {} more", dirty.len() - SHOWN)
            } else {
                String::new()
            };
            return Ok(Some(format!("not committed there: {}{more}", names.join(", "))));
        }
        match worktree.head() {
            Ok(head) => self.doubt(repo, task, head),
            Err(_) => Ok(Some("it has no commit that can be read".into())),
        }
    }

    fn has(&self, repo: &Repo, commit: Oid) -> Result<bool, CliError> {
        if self.elsewhere.contains(&commit) {
            return Ok(true);
        }
        let Some(into) = &self.into else { return Ok(false) };
        Ok(repo.landed(into, self.start, &[commit])?.contains(&true))
    }
}
