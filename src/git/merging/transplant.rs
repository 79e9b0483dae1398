//! Work taken from the base it was made on, and put on another commit: as one commit, or commit by commit.

use git2::{Commit as GitCommit, Oid, Repository};

use super::base::Commit;
use super::conflict::merged_on;
use super::integrate::{Strategy, Work};
use super::merge::{Merged, three_way};
use crate::git::commits::with_trailers;
use crate::git::{Authorship, GitError, Repo};

impl Repo {
    /// The work put on `tip`, as the strategy says.
    pub(super) fn transplanted(
        &self,
        store: &Repository,
        tip: Oid,
        work: &Work<'_>,
        strategy: Strategy,
    ) -> Result<Commit, GitError> {
        let made = || {
            let base = merged_on(store, tip, work.head, work.base, strategy)?;
            let rebased = if strategy == Strategy::Rebase { rebase(store, tip, base, work)? } else { None };
            rebased.map_or_else(|| squash(store, tip, base, work), |made| Ok(Commit::Made(made)))
        };
        made().map_err(GitError::git("put commits on others", self.common_dir()))
    }
}

fn squash(store: &Repository, tip: Oid, base: Oid, work: &Work<'_>) -> Result<Commit, git2::Error> {
    let (tip, base, head) =
        (store.find_commit(tip)?, store.find_commit(base)?, store.find_commit(work.head)?);
    let tree = match three_way(store, &base, &tip, &head)? {
        Merged::Tree(tree) => store.find_tree(tree)?,
        Merged::Conflict(paths) => return Ok(Commit::Conflict(paths)),
    };
    let by = Authorship::own().signature(tip.time().seconds().max(head.time().seconds()))?;
    let message = work.message.clone().of_head(work.head).render();
    store.commit(None, &by, &by, &message, &tree, &[&tip]).map(Commit::Made)
}

/// Nothing, where that can't be: a conflict on the way, or commits that don't lead from the base to the head one after another.
fn rebase(store: &Repository, tip: Oid, base: Oid, work: &Work<'_>) -> Result<Option<Oid>, git2::Error> {
    let Some(steps) = steps_between(store, base, work.head)? else { return Ok(None) };
    let mut on = store.find_commit(tip)?;
    for step in &steps {
        let merged = three_way(store, &step.parent(0)?, &on, step)?;
        let Merged::Tree(tree) = merged else { return Ok(None) };
        let seconds = on.time().seconds().max(step.time().seconds());
        let by = Authorship::own().signature(seconds)?;
        let said = step.message().unwrap_or_default();
        let message = with_trailers(said, &work.message.clone().of_head(work.head));
        let made = store.commit(None, &step.author(), &by, &message, &store.find_tree(tree)?, &[&on])?;
        on = store.find_commit(made)?;
    }
    Ok((!steps.is_empty()).then(|| on.id()))
}

/// The first-parent steps from `base` to `head`, the oldest first; nothing, if `head` is not on that way.
fn steps_between(
    store: &Repository,
    base: Oid,
    head: Oid,
) -> Result<Option<Vec<GitCommit<'_>>>, git2::Error> {
    let mut steps = Vec::new();
    let mut next = store.find_commit(head)?;
    while next.id() != base {
        if next.parent_count() == 0 {
            return Ok(None);
        }
        let parent = next.parent(0)?;
        steps.push(next);
        next = parent;
    }
    steps.reverse();
    Ok(Some(steps))
}
