//! What a worktree holds, as a tree and as a commit, without changing anything in it.

use std::path::PathBuf;

use git2::{Commit, Index, IndexAddOption, Oid, Repository};

use super::commit::Notice;
use super::repo::head_of;
use super::update::{contains, target};
use super::worktree::{OWN_FOLDER, path_of};
use super::{Authorship, BranchName, GitError, Message, Worktree};

/// A submodule's entry in a tree or index.
const GITLINK: u32 = 0o160_000;

/// A commit of everything in a worktree that is not ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// It contains the worktree's `HEAD` and what its branch holds; `HEAD` itself if nothing is beside it.
    pub commit: Oid,
    /// What it could not take in.
    pub notices: Vec<Notice>,
}

impl Worktree {
    /// Commits everything that is not ignored, conflict markers too, on top of `HEAD` (and of `branch`, where `HEAD` does not contain it).
    /// Neither branch, index nor files change: keep the commit with [`super::Repo::keep_attempt`].
    pub fn snapshot(
        &self,
        branch: &BranchName,
        by: &Authorship,
        message: &Message,
    ) -> Result<Snapshot, GitError> {
        let repository = self.open()?;
        let head = head_of(&repository, self.path()).ok();
        let tip = target(&repository, &branch.full());
        let tip = tip.filter(|tip| head.is_none_or(|head| !contains(&repository, head, *tip)));
        let (tree, nested) = staged(&repository).map_err(self.failed("read the changes"))?;
        let commit = || -> Result<Oid, git2::Error> {
            let parents: Vec<Commit<'_>> = [head, tip]
                .into_iter()
                .flatten()
                .map(|id| repository.find_commit(id))
                .collect::<Result<_, _>>()?;
            match parents.as_slice() {
                [only] if only.tree_id() == tree => Ok(only.id()),
                parents => commit_tree(&repository, tree, parents, by, message),
            }
        };
        let commit = commit().map_err(self.failed("commit a snapshot"))?;
        Ok(Snapshot { commit, notices: nested.into_iter().map(Notice::NestedRepository).collect() })
    }
}

/// Makes a commit that no ref keeps yet, dated as the latest of its parents.
pub(super) fn commit_tree(
    repository: &Repository,
    tree: Oid,
    parents: &[Commit<'_>],
    by: &Authorship,
    message: &Message,
) -> Result<Oid, git2::Error> {
    let seconds = parents.iter().map(|parent| parent.time().seconds()).max().unwrap_or_default();
    let by = by.signature(seconds)?;
    let tree = repository.find_tree(tree)?;
    let parents: Vec<&Commit<'_>> = parents.iter().collect();
    repository.commit(None, &by, &by, &message.render(), &tree, &parents)
}

/// The tree of what is in the worktree and not ignored, and the nested repositories left out of it. The index file is not written.
pub(super) fn staged(repository: &Repository) -> Result<(Oid, Vec<PathBuf>), git2::Error> {
    let mut index = repository.index()?;
    let nested = stage(repository, &mut index)?;
    let left: Vec<_> =
        index.conflicts()?.flatten().flat_map(|c| [c.ancestor, c.our, c.their]).flatten().collect();
    for entry in left {
        index.conflict_remove(&path_of(&entry.path))?;
    }
    Ok((index.write_tree()?, nested))
}

/// Brings everything that is not ignored into the index, in memory: new, changed, deleted, modes, symbolic links. Left out are our own
/// folder and repositories that lie in the worktree: as a tree can only hold a link to those, the work in them would seem to be
/// committed and be lost. Returns the latter.
pub(super) fn stage(repository: &Repository, index: &mut Index) -> Result<Vec<PathBuf>, git2::Error> {
    let mut nested = Vec::new();
    let mut sort_out = |path: &std::path::Path, _: &[u8]| {
        let is_repository = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if is_repository {
            nested.push(path.components().collect());
        }
        i32::from(is_repository || path.starts_with(OWN_FOLDER))
    };
    // Not an empty list: git2 then hands a null pattern to the callback and crashes.
    index.add_all(["*"], IndexAddOption::DEFAULT, Some(&mut sort_out))?;
    unstage_own_folder(repository, index)?;
    nested.extend(unstage_nested(repository, index)?);
    nested.sort();
    nested.dedup();
    Ok(nested)
}

/// An agent's `git add -A` takes our folder in, too.
fn unstage_own_folder(repository: &Repository, index: &mut Index) -> Result<(), git2::Error> {
    let tree = repository.head().and_then(|head| head.peel_to_tree());
    let committed = tree.is_ok_and(|tree| tree.get_name(OWN_FOLDER).is_some());
    if committed { Ok(()) } else { index.remove_dir(OWN_FOLDER.as_ref(), 0) }
}

/// The same goes for nested repositories; submodules that `.gitmodules` declares stay.
fn unstage_nested(repository: &Repository, index: &mut Index) -> Result<Vec<PathBuf>, git2::Error> {
    let tree = repository.head().and_then(|head| head.peel_to_tree()).ok();
    let in_head = |path: &PathBuf| tree.as_ref().is_some_and(|tree| tree.get_path(path).is_ok());
    let declared = |path: &PathBuf| {
        let name = path.to_str().unwrap_or_default();
        repository.find_submodule(name).is_ok_and(|module| matches!(module.url(), Ok(Some(_))))
    };
    let links = index.iter().filter(|entry| entry.mode == GITLINK).map(|entry| path_of(&entry.path));
    let nested: Vec<PathBuf> = links.filter(|path| !in_head(path) && !declared(path)).collect();
    for path in &nested {
        index.remove(path, 0)?;
    }
    Ok(nested)
}
