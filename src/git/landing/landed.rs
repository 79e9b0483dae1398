//! What has landed in a person's branch: the one place that answers that, from git alone.

use git2::{Oid, Repository};

use super::shape::Shapes;
use crate::git::commits::{HEAD_TRAILER, TASK_TRAILER, is_an_agents, said, trailer};
use crate::git::refs::{contains, target};
use crate::git::{Authorship, BranchName, GitError, Repo};

/// Begins the line of a squashed landing's message that names the commit whose work it has taken in.
pub(super) const LANDED_TRAILER: &str = "Blueprint-Landed";

impl Repo {
    /// For each of `commits`, whether its work is in `branch`: because the branch contains it, because a squashed landing since `start` took
    /// in a commit that contains it, or because somebody else has brought it there in another shape, as a forge does. Nothing has landed in
    /// a branch that there is not.
    pub fn landed(
        &self,
        branch: &BranchName,
        start: Option<Oid>,
        commits: &[Oid],
    ) -> Result<Vec<bool>, GitError> {
        let store = self.open_store()?;
        let Some(tip) = target(&store, &branch.full()) else { return Ok(vec![false; commits.len()]) };
        let failed = || GitError::git("read a branch", self.place());
        let mut held = held(&store, tip, start).map_err(failed())?;
        let mut shapes = Shapes::of(&store, tip, start);
        for commit in commits {
            let is_known = held.iter().any(|root| contains(&store, *root, *commit));
            if !is_known && shapes.have(*commit).map_err(failed())? {
                held.push(*commit);
            }
        }
        let is_in = |commit: &Oid| held.iter().any(|root| contains(&store, *root, *commit));
        Ok(commits.iter().map(is_in).collect())
    }
}

/// The commits whose work the branch at `tip` holds, with all that they contain: itself, and what was squashed into it.
///
/// Only the branch's own steps count, and none that is a task's or by an agent, to which a person may have fast-forwarded: an agent may
/// write into its commits what it likes.
pub(super) fn held(store: &Repository, tip: Oid, start: Option<Oid>) -> Result<Vec<Oid>, git2::Error> {
    let mut held = vec![tip];
    for step in own_steps(store, tip, start.as_slice())? {
        let commit = store.find_commit(step)?;
        let is_single = commit.parent_count() == 1 && trailer(&commit, TASK_TRAILER).is_none();
        let squashed = (is_single && !is_an_agents(&commit)).then(|| said(&commit, LANDED_TRAILER)).flatten();
        // A commit of the integration branch that was made of a task's, whose own commits it does not contain.
        let named = squashed.or_else(|| trailer(&commit, HEAD_TRAILER));
        let named = named.and_then(|id| id.parse::<Oid>().ok());
        held.extend(named.filter(|id| store.find_commit(*id).is_ok()));
    }
    Ok(held)
}

/// The commits that a branch has gone through by its first parents, the tip first, as far as none of `known` contains them.
///
/// By hand: libgit2's own walk runs beyond the end of a shallow clone, and fails.
pub(super) fn own_steps(store: &Repository, tip: Oid, known: &[Oid]) -> Result<Vec<Oid>, git2::Error> {
    let mut steps = Vec::new();
    let mut next = Some(store.find_commit(tip)?);
    while let Some(commit) = next.filter(|commit| !known.contains(&commit.id())) {
        steps.push(commit.id());
        next = commit.parent(0).ok();
    }
    // What contains a step contains all that are below it.
    let is_new = |step: &Oid| !known.iter().any(|known| contains(store, *known, *step));
    steps.truncate(steps.partition_point(is_new));
    Ok(steps)
}

/// A commit that stands for `commit` in a merge: what was squashed into it since `start` is among its parents. No ref is to keep it.
pub(in crate::git) fn with_squashed(store: &Repository, commit: Oid, start: Oid) -> Result<Oid, git2::Error> {
    let held = held(store, commit, Some(start))?;
    with_parents(store, commit, &held)
}

/// The same with what it holds, as it is known; the commit itself, if it contains all that.
pub(super) fn with_parents(store: &Repository, commit: Oid, held: &[Oid]) -> Result<Oid, git2::Error> {
    let squashed = held.iter().filter(|root| !contains(store, commit, **root));
    let parents: Vec<_> = [commit].into_iter().chain(squashed.copied()).collect();
    if parents.len() == 1 {
        return Ok(commit);
    }
    let tree = store.find_commit(commit)?.tree()?;
    let parents = parents.iter().map(|id| store.find_commit(*id)).collect::<Result<Vec<_>, _>>()?;
    let by = Authorship::own().signature(0)?;
    store.commit(None, &by, &by, "for a merge only\n", &tree, &parents.iter().collect::<Vec<_>>())
}

impl Repo {
    /// The tasks whose work `branch` has taken in since `start`, by its own steps' trailers; without what `but` has as well.
    pub fn tasks_merged(
        &self,
        branch: &BranchName,
        start: Option<Oid>,
        but: &BranchName,
    ) -> Result<Vec<String>, GitError> {
        let store = self.open_store()?;
        let Some(tip) = target(&store, &branch.full()) else { return Ok(Vec::new()) };
        let tasks = || -> Result<Vec<String>, git2::Error> {
            let known: Vec<_> = start.into_iter().chain(target(&store, &but.full())).collect();
            let mut tasks = Vec::new();
            for step in own_steps(&store, tip, &known)? {
                tasks.extend(trailer(&store.find_commit(step)?, TASK_TRAILER));
            }
            Ok(tasks)
        };
        tasks().map_err(GitError::git("read a branch", self.place()))
    }

    /// The branches that contain a commit, in the order of their names.
    pub fn branches_with(&self, commit: Oid) -> Result<Vec<BranchName>, GitError> {
        let store = self.open_store()?;
        let found = || -> Result<Vec<BranchName>, git2::Error> {
            let mut found = Vec::new();
            for reference in store.references_glob("refs/heads/*")? {
                let reference = reference?;
                let name = reference.shorthand().ok().and_then(BranchName::new);
                let tip = reference.peel_to_commit().ok();
                found.extend(name.filter(|_| tip.is_some_and(|tip| contains(&store, tip.id(), commit))));
            }
            Ok(found)
        };
        let mut found = found().map_err(GitError::git("list branches", self.place()))?;
        found.sort();
        Ok(found)
    }
}
