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
    /// Commits without work of their own, or whose work has landed in another shape.
    known: BTreeSet<Oid>,
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
        let mut safe =
            Self { into: into.cloned(), start, known: start.into_iter().collect(), works: BTreeMap::new() };
        let attempts = known.history.tasks().flat_map(|(_, story)| &story.attempts);
        safe.known.extend(attempts.filter_map(|attempt| attempt.started.base.parse::<Oid>().ok()));
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
                safe.known.insert(work.head);
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

    /// Why a branch or ref there must not go without more ado.
    pub(super) fn doubt(&self, repo: &Repo, tip: Oid) -> Result<Option<String>, CliError> {
        let short: String = tip.to_string().chars().take(10).collect();
        Ok((!self.has(repo, tip)?).then(|| format!("{short} has never landed")))
    }

    /// The same of a worktree.
    pub(super) fn doubt_of_worktree(&self, repo: &Repo, path: &Path) -> Result<Option<String>, CliError> {
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
            Ok(head) => self.doubt(repo, head),
            Err(_) => Ok(Some("it has no commit that can be read".into())),
        }
    }

    fn has(&self, repo: &Repo, commit: Oid) -> Result<bool, CliError> {
        if self.known.contains(&commit) {
            return Ok(true);
        }
        let Some(into) = &self.into else { return Ok(false) };
        Ok(repo.landed(into, self.start, &[commit])?.contains(&true))
    }
}
