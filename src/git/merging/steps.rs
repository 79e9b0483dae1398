//! What the integration branch is made of, step by step, and a worktree that stands at one of them.

use std::collections::HashMap;
use std::path::Path;

use git2::{Oid, Repository};

use super::standing::Standing;
use super::unmerge::merged_task;
use crate::git::commits::named_head;
use crate::git::refs::target;
use crate::git::worktree::Found;
use crate::git::{EpicRefs, GitError, Repo};

/// A step of the integration branch: the work of one task, or what somebody has committed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedStep {
    /// The branch as it was with it.
    pub commit: Oid,
    /// Whose work it brought in; nothing for the start of the plan, and for what people committed.
    pub task: Option<String>,
}

impl Repo {
    /// The steps of the epic's integration branch, the start of the plan first. The commits of one task that follow one another are one.
    pub fn steps(&self, refs: &EpicRefs) -> Result<Vec<MergedStep>, GitError> {
        let store = self.open_store()?;
        let (Some(tip), start) = (target(&store, &refs.integration().full()), target(&store, &refs.start()))
        else {
            return Ok(Vec::new());
        };
        steps(&store, start, tip).map_err(GitError::git("read the integration branch", self.common_dir()))
    }

    /// Which commit of the epic's integration branch brought in which work, by the work's last commit.
    pub fn merges(&self, refs: &EpicRefs) -> Result<HashMap<Oid, Oid>, GitError> {
        let store = self.open_store()?;
        let start = target(&store, &refs.start());
        let mut merges = HashMap::new();
        let mut next = target(&store, &refs.integration().full());
        while let Some(commit) =
            next.filter(|id| Some(*id) != start).and_then(|id| store.find_commit(id).ok())
        {
            for head in commit.parent_ids().skip(1).chain(named_head(&commit)) {
                merges.entry(head).or_insert(commit.id());
            }
            next = commit.parent_ids().next();
        }
        Ok(merges)
    }

    /// Sees to it that there is a worktree at `path` that stands at `commit`, on no branch. One of ours that is there already is brought
    /// there: what is not ignored goes, what is ignored (the products of builds) stays.
    pub fn stand_at(&self, path: &Path, refs: &EpicRefs, commit: Oid) -> Result<(), GitError> {
        if self.worktree_at(path)? == Found::Nothing {
            // A worktree is made on a branch; this one is to have none.
            let branch = refs.verification();
            self.add_worktree(path, &branch, commit)?;
            let repository = self.worktree(path).open()?;
            let leave = || -> Result<(), git2::Error> {
                repository.set_head_detached(commit)?;
                repository.find_reference(&branch.full())?.delete()
            };
            return leave().map_err(GitError::git("leave a branch", path));
        }
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        Standing::new(&worktree, &repository, &[commit])?.go_clean_to(commit)?;
        repository.set_head_detached(commit).map_err(worktree.failed("check out a commit"))
    }
}

fn steps(store: &Repository, start: Option<Oid>, tip: Oid) -> Result<Vec<MergedStep>, git2::Error> {
    let mut steps: Vec<MergedStep> = Vec::new();
    let mut next = Some(store.find_commit(tip)?);
    while let Some(commit) = next.filter(|commit| Some(commit.id()) != start) {
        let task = merged_task(&commit);
        let is_of_the_same = task.is_some() && steps.last().is_some_and(|last| last.task == task);
        if !is_of_the_same {
            steps.push(MergedStep { commit: commit.id(), task });
        }
        next = if commit.parent_count() == 0 { None } else { Some(commit.parent(0)?) };
    }
    steps.extend(start.map(|commit| MergedStep { commit, task: None }));
    steps.reverse();
    Ok(steps)
}
