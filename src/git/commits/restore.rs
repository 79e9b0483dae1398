//! Taking the change of one path out of a task branch.

use std::ffi::OsStr;
use std::path::{Component, Path};

use git2::build::CheckoutBuilder;
use git2::{FileMode, Oid, Repository, Tree};

use super::commit::advance;
use super::contents::asks_for_git;
use super::snapshot::commit_tree;
use crate::git::{Authorship, BranchName, GitError, Message, Program, Worktree};

/// What a tree has at a path.
type Entry = (Oid, i32);

impl Worktree {
    /// If `path` (relative to the root) is not in the worktree's commit as it is in `base` (changed, added, removed or replaced), puts a
    /// commit on `branch` that makes it so again, and brings the worktree's file along. Returns the new head, or `None` if nothing was to do.
    /// Call it after [`Worktree::commit_leftovers`].
    pub fn drop_path_change(
        &self,
        branch: &BranchName,
        base: Oid,
        path: &Path,
        by: &Authorship,
        message: &Message,
    ) -> Result<Option<Oid>, GitError> {
        let parts = parts(path)?;
        let repository = self.open()?;
        let (head, _) = self.stand_on(&repository, branch)?;
        let restored =
            restored(&repository, head, base, path, &parts).map_err(self.failed("compare a file"))?;
        let Some(tree) = restored else {
            return Ok(None);
        };
        let commit = || -> Result<Oid, git2::Error> {
            let parent = repository.find_commit(head)?;
            // Before the branch moves: files are removed only if the commit that `HEAD` is at has them.
            check_out_path(&repository, &parent.tree()?, tree, path)?;
            commit_tree(&repository, tree, &[parent], by, message)
        };
        let commit = commit().map_err(self.failed("restore a file"))?;
        advance(&repository, branch, head, commit)?;
        Ok(Some(commit))
    }
}

/// The tree of `head` with `path` as `base` has it; `None` if it is so already.
fn restored(
    repository: &Repository,
    head: Oid,
    base: Oid,
    path: &Path,
    parts: &[&OsStr],
) -> Result<Option<Oid>, git2::Error> {
    let (head, base) = (repository.find_commit(head)?.tree()?, repository.find_commit(base)?.tree()?);
    let wanted = entry_at(&base, path);
    if entry_at(&head, path) == wanted {
        return Ok(None);
    }
    let tree = replaced(repository, Some(&head), parts, wanted)?;
    tree.map_or_else(|| repository.treebuilder(None)?.write(), Ok).map(Some)
}

/// `tree` with `path` as `from` has it.
pub(in crate::git) fn with_path_of(
    repository: &Repository,
    tree: Oid,
    from: &Tree<'_>,
    path: &Path,
) -> Result<Oid, git2::Error> {
    let (tree, wanted) = (repository.find_tree(tree)?, entry_at(from, path));
    let Ok(parts) = parts(path) else { return Ok(tree.id()) };
    if entry_at(&tree, path) == wanted {
        return Ok(tree.id());
    }
    let made = replaced(repository, Some(&tree), &parts, wanted)?;
    made.map_or_else(|| repository.treebuilder(None)?.write(), Ok)
}

fn entry_at(tree: &Tree<'_>, path: &Path) -> Option<Entry> {
    tree.get_path(path).ok().map(|entry| (entry.id(), entry.filemode()))
}

/// `tree` with `entry` (or nothing) at a path, whatever was there or in its way; `None` if nothing is left of it.
fn replaced(
    repository: &Repository,
    tree: Option<&Tree<'_>>,
    parts: &[&OsStr],
    entry: Option<Entry>,
) -> Result<Option<Oid>, git2::Error> {
    let mut builder = repository.treebuilder(tree)?;
    if let [name, below @ ..] = parts {
        let entry = if below.is_empty() {
            entry
        } else {
            let folder = tree.and_then(|tree| tree.get_path(name.as_ref()).ok());
            let folder = folder.and_then(|found| repository.find_tree(found.id()).ok());
            // Nothing to remove where there is no folder: what has its name stays.
            if folder.is_none() && entry.is_none() {
                return builder.write().map(Some);
            }
            replaced(repository, folder.as_ref(), below, entry)?.map(|id| (id, FileMode::Tree.into()))
        };
        match entry {
            Some((id, mode)) => drop(builder.insert(Path::new(name), id, mode)?),
            None if builder.get(Path::new(name))?.is_some() => builder.remove(Path::new(name))?,
            None => {}
        }
    }
    if builder.is_empty() { Ok(None) } else { builder.write().map(Some) }
}

/// Brings the worktree's files at `path` to those of `tree`, together with what the agent put in the place of a folder above it.
fn check_out_path(
    repository: &Repository,
    head: &Tree<'_>,
    tree: Oid,
    path: &Path,
) -> Result<(), git2::Error> {
    let is_no_folder =
        |above: &&Path| entry_at(head, above).is_some_and(|(_, mode)| mode != i32::from(FileMode::Tree));
    let in_the_way = path.ancestors().skip(1).find(is_no_folder);
    if asks_for_git(repository)? {
        return restore_by_git(repository, tree, in_the_way.unwrap_or(path))
            .map_err(|error| git2::Error::from_str(&error.to_string()));
    }
    let mut options = CheckoutBuilder::new();
    options.force().disable_pathspec_match(true).path(in_the_way.unwrap_or(path));
    repository.checkout_tree(repository.find_tree(tree)?.as_object(), Some(&mut options))
}

fn restore_by_git(repository: &Repository, tree: Oid, path: &Path) -> Result<(), GitError> {
    let root = repository.workdir().unwrap_or_else(|| repository.path());
    let program = Program::new("restore a file", root);
    let paths = [b":(top,literal)", path.as_os_str().as_encoded_bytes(), b"\0"].concat();
    let source = format!("--source={tree}");
    let restore =
        ["restore", "--staged", "--worktree", &source, "--pathspec-from-file=-", "--pathspec-file-nul"];
    program.args(restore).stdin(paths).run().map(drop)
}

fn parts(path: &Path) -> Result<Vec<&OsStr>, GitError> {
    let parts: Option<Vec<_>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    let bad = || GitError::BadPath { path: path.to_owned() };
    parts.filter(|parts| !parts.is_empty()).ok_or_else(bad)
}
