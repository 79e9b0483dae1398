//! What an epic has in a repository, and taking single things of it away for good.

use std::path::{Path, PathBuf};

use super::update::target;
use crate::git::worktrees::registered;
use crate::git::{BranchName, EpicRefs, GitError, Oid, Program, Repo};

impl Repo {
    /// Every ref of the epic's own, by its full name, in the order of the names; branches are none of them.
    pub fn own_refs(&self, refs: &EpicRefs) -> Result<Vec<(String, Oid)>, GitError> {
        let own = refs.start();
        let folder = own.rsplit_once('/').map_or(own.as_str(), |(folder, _)| folder);
        self.refs_like(&format!("{folder}/*"))
    }

    /// Those of these refs (full names) that there are, and what they point to.
    pub fn targets(&self, names: impl IntoIterator<Item = String>) -> Result<Vec<(String, Oid)>, GitError> {
        let store = self.open_store()?;
        let found = names.into_iter().filter_map(|name| Some((target(&store, &name)?, name)));
        Ok(found.map(|(oid, name)| (name, oid)).collect())
    }

    /// The slugs of all epics that have refs of their own.
    pub fn epics(&self) -> Result<Vec<String>, GitError> {
        let names = self.refs_like("refs/blueprint/*")?;
        let epic = |(name, _): &(String, Oid)| name.split('/').nth(2).map(str::to_owned);
        let mut epics: Vec<_> = names.iter().filter_map(epic).collect();
        epics.dedup();
        Ok(epics)
    }

    /// Every ref of such a name, where `*` stands for slashes, too; in the order of the names.
    pub(in crate::git) fn refs_like(&self, pattern: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let store = self.open_store()?;
        let found = || -> Result<Vec<(String, Oid)>, git2::Error> {
            let mut found = Vec::new();
            for reference in store.references_glob(pattern)? {
                let reference = reference?;
                found.extend(reference.name().ok().map(str::to_owned).zip(reference.target()));
            }
            Ok(found)
        };
        let mut found = found().map_err(GitError::git("list refs", self.place()))?;
        found.sort();
        Ok(found)
    }

    /// Deletes a ref, if it still points there. One that is gone is no error.
    pub fn delete_ref(&self, name: &str, there: Oid) -> Result<(), GitError> {
        if target(&self.open_store()?, name).is_none() {
            return Ok(());
        }
        let call = Program::new("delete a ref", self.common_dir());
        call.args(["update-ref", "-d", name, &there.to_string()]).run().map(drop)
    }

    /// Every linked worktree: its folder, and the branch that it has.
    pub fn worktrees(&self) -> Result<Vec<(PathBuf, Option<BranchName>)>, GitError> {
        let mut all: Vec<_> = registered(self.common_dir())?;
        all.sort();
        Ok(all)
    }

    /// Removes a worktree with whatever is in it, committed or not. Its branch stays.
    pub fn remove_worktree_with_its_work(&self, path: &Path) -> Result<(), GitError> {
        let worktree = self.worktree(path);
        worktree.open()?;
        self.discard(&worktree)
    }
}
