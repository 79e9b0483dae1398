//! A merge that conflicts, put into a worktree with its markers, and what somebody made of it there taken out again.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Diff, DiffOptions, Index, Oid, Repository};

use super::merge::{conflicts, merged_index};
use super::standing::Standing;
use super::unmerge::merged_task;
use crate::git::commits::{break_locks, staged, with_path_of};
use crate::git::refs::{Swapped, contains, swap, target};
use crate::git::repo::head_of;
use crate::git::{Authorship, BranchName, EpicRefs, GitError, Message, Repo, Strategy, Worktree};

/// A merge into the integration branch that can't be made without somebody's help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The integration branch as it was.
    pub tip: Oid,
    /// The task's work.
    pub head: Oid,
    /// What the merge starts from: what both have in common, or, where work is squashed or rebased, what it was begun on.
    pub base: Oid,
    /// Where, relative to the repository's root, sorted.
    pub paths: Vec<PathBuf>,
    /// The tasks on the integration branch that changed the same paths, the last one first.
    pub with: Vec<String>,
}

impl Repo {
    /// The conflict between a task's work and the integration branch as it is now; nothing if there is none.
    pub fn conflict(
        &self,
        refs: &EpicRefs,
        head: Oid,
        base: Option<Oid>,
        strategy: Strategy,
    ) -> Result<Option<Conflict>, GitError> {
        let store = self.open_store()?;
        let name = refs.integration().full();
        let Some(tip) = target(&store, &name) else { return Ok(None) };
        let found = || -> Result<Option<Conflict>, git2::Error> {
            let base = merged_on(&store, tip, head, base, strategy)?;
            let paths = conflicts(&three_way(&store, base, tip, head, strategy)?)?;
            let with = tasks_that_changed(&store, target(&store, &refs.start()), tip, head, &paths)?;
            Ok((!paths.is_empty()).then_some(Conflict { tip, head, base, paths, with }))
        };
        found().map_err(GitError::git("merge commits", self.common_dir()))
    }

    /// Puts the merge into the worktree at `path`, which is to be clean: `HEAD` is detached at the tip of the integration branch, files
    /// that conflict have markers in them, and ignored files stay as they are.
    pub fn begin_resolution(
        &self,
        path: &Path,
        conflict: &Conflict,
        strategy: Strategy,
    ) -> Result<(), GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        let standing = Standing::new(&worktree, &repository, &[conflict.tip, conflict.head])?;
        leave_branch(&worktree, &repository)?;
        standing.go_to(conflict.tip)?;
        repository.set_head_detached(conflict.tip).map_err(worktree.failed("leave the task branch"))?;
        standing.merge(self, conflict, strategy)?;
        say_what_is_merged(&repository, conflict, strategy)
    }

    /// Puts what was made of the conflict before (a commit of [`Repo::take_resolution`]) back into the worktree, which is clean: as the
    /// merge that is under way, with nothing that conflicts any more.
    pub fn reopen_resolution(
        &self,
        path: &Path,
        conflict: &Conflict,
        resolved: Oid,
        strategy: Strategy,
    ) -> Result<(), GitError> {
        self.show_resolution(path, resolved)?;
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        repository.set_head_detached(conflict.tip).map_err(worktree.failed("take up a merge"))?;
        say_what_is_merged(&repository, conflict, strategy)
    }

    /// Puts the worktree at a resolution as it is committed, with `HEAD` detached; [`Repo::end_resolution`] brings it back.
    pub fn show_resolution(&self, path: &Path, resolved: Oid) -> Result<(), GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        leave_branch(&worktree, &repository)?;
        self.put_back_files(path, resolved)?;
        repository.set_head_detached(resolved).map_err(worktree.failed("leave the task branch"))
    }

    /// Files of the worktree that git knows become those of `commit`, whatever became of them; its `HEAD` stays, and so do other files.
    pub fn put_back_files(&self, path: &Path, commit: Oid) -> Result<(), GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        Standing::new(&worktree, &repository, &[commit])?.go_to(commit)
    }

    /// What is in the worktree, as a commit with both sides as its parents, which no ref keeps yet. What the agent has committed there, or
    /// whether it has, makes no difference; `as_before` is a path that stays as the integration branch has it.
    pub fn take_resolution(
        &self,
        path: &Path,
        branch: &BranchName,
        conflict: (Oid, Oid),
        as_before: Option<&Path>,
        by: &Authorship,
        message: &Message,
    ) -> Result<Oid, GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        break_locks(&repository, branch)?;
        let (tree, _) = staged(&worktree, &repository)?;
        let taken = || -> Result<Oid, git2::Error> {
            let (tip, head) = (repository.find_commit(conflict.0)?, repository.find_commit(conflict.1)?);
            let tree =
                as_before.map_or(Ok(tree), |path| with_path_of(&repository, tree, &tip.tree()?, path))?;
            let seconds = tip.time().seconds().max(head.time().seconds());
            let (author, committer) = (by.signature(seconds)?, Authorship::own().signature(seconds)?);
            let (message, tree) = (message.render(), repository.find_tree(tree)?);
            repository.commit(None, &author, &committer, &message, &tree, &[&tip, &head])
        };
        taken().map_err(worktree.failed("commit a resolution"))
    }

    /// Puts the worktree back onto its task's branch, at the task's work. All that is in it must be kept by `kept`, a commit of
    /// [`Repo::take_resolution`] or a snapshot. Where somebody has moved the branch, it is put back, too: gives where it was. One that was
    /// broken off is done again as a whole.
    pub fn end_resolution(
        &self,
        path: &Path,
        branch: &BranchName,
        head: Oid,
        kept: Oid,
    ) -> Result<Option<Oid>, GitError> {
        let worktree = self.worktree(path);
        let repository = worktree.open()?;
        break_locks(&repository, branch)?;
        let standing = Standing::new(&worktree, &repository, &[kept, head])?;
        let left = || -> Result<(), git2::Error> {
            repository.cleanup_state()?;
            repository.set_head_detached(kept)
        };
        left().map_err(worktree.failed("put the worktree back"))?;
        // Files that the resolution has and the task's work has not are then known, and go.
        standing.know(kept)?;
        standing.go_to(head)?;
        let before = target(&repository, &branch.full());
        if before != Some(head)
            && let Swapped::Holds(_) = swap(&repository, &branch.full(), before, head, "blueprint: put back")?
        {
            return Err(GitError::RefMoved { name: branch.full() });
        }
        repository.set_head(&branch.full()).map_err(worktree.failed("go back to the task branch"))?;
        Ok(before.filter(|there| *there != head))
    }
}

/// `HEAD` leaves its branch for the commit that it is at. Before any file changes: files that are not the branch's are never found with
/// `HEAD` on it, so that nobody takes the difference for work.
fn leave_branch(worktree: &Worktree, repository: &Repository) -> Result<(), GitError> {
    let head = head_of(repository, worktree.path())?;
    repository.set_head_detached(head).map_err(worktree.failed("leave the task branch"))
}

/// For git's own commands in there.
fn say_what_is_merged(
    repository: &Repository,
    conflict: &Conflict,
    strategy: Strategy,
) -> Result<(), GitError> {
    if strategy == Strategy::Merge {
        let file = repository.path().join("MERGE_HEAD");
        fs::write(&file, format!("{}\n", conflict.head)).map_err(GitError::io("write", &file))?;
    }
    Ok(())
}

/// What the merge of `head` into `tip` starts from.
pub(super) fn merged_on(
    store: &Repository,
    tip: Oid,
    head: Oid,
    base: Option<Oid>,
    strategy: Strategy,
) -> Result<Oid, git2::Error> {
    let common = || store.merge_base(tip, head);
    match (strategy, base) {
        // Somebody has merged the branch into the work: only what is new since counts.
        (Strategy::Squash | Strategy::Rebase, Some(base))
            if contains(store, head, base) && !contains(store, head, tip) =>
        {
            Ok(base)
        }
        (Strategy::Merge | Strategy::Squash | Strategy::Rebase, _) => common(),
    }
}

/// The merge as an index, conflicts and all. `repository` is opened without a checkout.
pub(super) fn three_way(
    repository: &Repository,
    base: Oid,
    tip: Oid,
    head: Oid,
    strategy: Strategy,
) -> Result<Index, git2::Error> {
    let (tip, head) = (repository.find_commit(tip)?, repository.find_commit(head)?);
    match strategy {
        Strategy::Merge => merged_index(repository, None, &tip, &head),
        Strategy::Squash | Strategy::Rebase => {
            merged_index(repository, Some(&repository.find_commit(base)?), &tip, &head)
        }
    }
}

/// Whose work on the branch, since `head` last took of it, changed one of the paths.
pub(super) fn tasks_that_changed(
    store: &Repository,
    start: Option<Oid>,
    tip: Oid,
    head: Oid,
    paths: &[PathBuf],
) -> Result<Vec<String>, git2::Error> {
    let mut tasks = Vec::new();
    let mut next = Some(store.find_commit(tip)?);
    while let Some(commit) = next.filter(|commit| Some(commit.id()) != start && commit.parent_count() > 0) {
        let before = commit.parent(0)?;
        let is_known = commit.parent_ids().nth(1).is_some_and(|theirs| contains(store, head, theirs));
        if let Some(task) = merged_task(&commit).filter(|_| !is_known) {
            let changed = changed_between(store, before.id(), commit.id(), paths)?.deltas().len() > 0;
            if changed && !tasks.contains(&task) {
                tasks.push(task);
            }
        }
        next = Some(before);
    }
    Ok(tasks)
}

fn changed_between<'s>(
    store: &'s Repository,
    before: Oid,
    after: Oid,
    paths: &[PathBuf],
) -> Result<Diff<'s>, git2::Error> {
    let mut options = DiffOptions::new();
    options.disable_pathspec_match(true);
    for path in paths {
        options.pathspec(path.as_path());
    }
    let (before, after) = (store.find_commit(before)?.tree()?, store.find_commit(after)?.tree()?);
    store.diff_tree_to_tree(Some(&before), Some(&after), Some(&mut options))
}
