//! Taking tasks' work out of the integration branch again: the branch is made anew from the first of their merges on, without them.

use std::path::PathBuf;

use git2::{Commit, Oid, Repository};

use super::again::made_again;
use crate::git::commits::{TASK_TRAILER, one_line, trailer};
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::{EpicRefs, GitError, Repo};

/// How often the branch is made anew because others were faster.
const TURNS: u32 = 100;

/// What came of taking work out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmerged {
    /// It was not in there.
    Nothing,
    /// It is out; where the branch was before is kept under [`EpicRefs::replaced`].
    Done {
        /// Where the branch was.
        before: Oid,
        /// Where it is.
        after: Oid,
        /// What has stayed and brings the commits in all the same, because its own contain them: tasks by their ids, anything else by the
        /// first line of its message.
        held_by: Vec<String>,
    },
    /// What came after it does not hold without it. Nothing was moved.
    Conflict {
        /// The first line of that commit's message.
        subject: String,
        /// Where, relative to the repository's root, sorted.
        paths: Vec<PathBuf>,
    },
}

/// The branch without the work.
enum Rebuilt {
    Same,
    New { after: Oid, held_by: Vec<String> },
    Conflict { subject: String, paths: Vec<PathBuf> },
}

impl Repo {
    /// What [`Repo::unmerge`] would come to; no ref is moved.
    pub fn would_unmerge(&self, refs: &EpicRefs, tasks: &[&str]) -> Result<Unmerged, GitError> {
        let store = self.open_store()?;
        let Some(before) = target(&store, &refs.integration().full()) else { return Ok(Unmerged::Nothing) };
        let start = target(&store, &refs.start());
        let rebuilt = without(&store, start, before, tasks)
            .map_err(GitError::git("take work out of a branch", self.common_dir()))?;
        Ok(match rebuilt {
            Rebuilt::Same => Unmerged::Nothing,
            Rebuilt::New { after, held_by } => Unmerged::Done { before, after, held_by },
            Rebuilt::Conflict { subject, paths } => Unmerged::Conflict { subject, paths },
        })
    }

    /// Takes the merges of these tasks (by their ids, as the merges' trailers have them) out of the integration branch: what was merged
    /// after them is merged again in its order, and what people have committed there is made again. In memory, by compare-and-swap.
    pub fn unmerge(&self, refs: &EpicRefs, tasks: &[&str]) -> Result<Unmerged, GitError> {
        let store = self.open_store()?;
        let branch = refs.integration().full();
        for _ in 0..TURNS {
            let would = self.would_unmerge(refs, tasks)?;
            let Unmerged::Done { before, after, .. } = would else { return Ok(would) };
            keep_replaced(&store, refs, before)?;
            if swap(&store, &branch, Some(before), after, "blueprint: set back")? == Swapped::Done {
                return Ok(would);
            }
        }
        Err(GitError::RefMoved { name: branch })
    }

    /// Keeps a commit reachable that no branch has any more, under [`EpicRefs::replaced`]. Gives the ref that does: the very same for the same
    /// commit.
    pub fn keep_replaced(&self, refs: &EpicRefs, tip: Oid) -> Result<String, GitError> {
        keep_replaced(&self.open_store()?, refs, tip)
    }
}

fn without(store: &Repository, start: Option<Oid>, tip: Oid, tasks: &[&str]) -> Result<Rebuilt, git2::Error> {
    let tasks: Vec<_> = tasks.iter().map(|task| one_line(task)).collect();
    let is_out = |commit: &Commit<'_>| merged_task(commit).is_some_and(|task| tasks.contains(&task));
    let chain = since_the_first(store, start, tip, &is_out)?;
    let Some(first) = chain.first() else { return Ok(Rebuilt::Same) };
    let (out, stays): (Vec<_>, Vec<_>) = chain.iter().partition(|commit| is_out(commit));
    let gone: Vec<_> = out.into_iter().flat_map(brought_in).collect();
    let mut new = first.parent(0)?;
    let mut held_by = Vec::new();
    for commit in stays {
        if brought_in(commit).any(|head| gone.iter().any(|gone| contains(store, head, *gone))) {
            let subject = || commit.summary().ok().flatten().unwrap_or_default().to_owned();
            held_by.push(merged_task(commit).unwrap_or_else(subject));
        }
        new = match made_again(store, &new, commit)? {
            Ok(made) => made,
            Err(paths) => {
                let subject = commit.summary().ok().flatten().unwrap_or_default().to_owned();
                return Ok(Rebuilt::Conflict { subject, paths });
            }
        };
    }
    Ok(Rebuilt::New { after: new.id(), held_by })
}

/// The heads that a merge has brought in; none, of what is no merge.
fn brought_in<'c>(commit: &'c Commit<'_>) -> impl Iterator<Item = Oid> + use<'c> {
    commit.parent_ids().skip(1)
}

/// The steps of the branch from the first on that is out, the oldest first; none, if there is no such.
fn since_the_first<'s>(
    store: &'s Repository,
    start: Option<Oid>,
    tip: Oid,
    is_out: &impl Fn(&Commit<'_>) -> bool,
) -> Result<Vec<Commit<'s>>, git2::Error> {
    let mut steps = Vec::new();
    let mut oldest = 0;
    let mut next = Some(store.find_commit(tip)?);
    // A start that was moved on is no step of the branch itself, but contains the steps before it.
    let is_before = |commit: &Commit<'_>| start.is_some_and(|start| contains(store, start, commit.id()));
    while let Some(commit) = next.filter(|commit| !is_before(commit)) {
        next = if commit.parent_count() == 0 { None } else { Some(commit.parent(0)?) };
        let out = is_out(&commit);
        steps.push(commit);
        oldest = if out { steps.len() } else { oldest };
    }
    steps.truncate(oldest);
    steps.reverse();
    Ok(steps)
}

/// The task whose work a commit of ours has brought in.
pub(super) fn merged_task(commit: &Commit<'_>) -> Option<String> {
    trailer(commit, TASK_TRAILER)
}

/// Under the first number that is free, or keeps that very commit. Gives the ref.
pub(in crate::git) fn keep_replaced(
    store: &Repository,
    refs: &EpicRefs,
    tip: Oid,
) -> Result<String, GitError> {
    let mut number = 1;
    loop {
        let name = refs.replaced(number);
        match swap(store, &name, None, tip, "blueprint: keep")? {
            Swapped::Done => return Ok(name),
            Swapped::Holds(there) if there == tip => return Ok(name),
            Swapped::Holds(_) => number += 1,
        }
    }
}
