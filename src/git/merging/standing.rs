//! A worktree's files become those of another commit, or of a merge with its markers.
//!
//! By libgit2 where files are nothing but bytes; by git itself where attributes or configuration make more of them: an agent is to see
//! conflicts in what it works with, not in what is stored of it.

use git2::build::CheckoutBuilder;
use git2::{Oid, Repository, TreeWalkMode, TreeWalkResult};

use super::Conflict;
use super::conflict::three_way;
use super::merge;
use crate::git::checkout::Demands;
use crate::git::commits::{GITLINK, asks_for_git};
use crate::git::{GitError, Program, Repo, Strategy, Worktree};

/// What markers call the two sides, and what was there before both.
const LABELS: [&str; 3] = ["integration", "task", "before both"];

/// A worktree whose files are to change.
pub(super) struct Standing<'w> {
    worktree: &'w Worktree,
    repository: &'w Repository,
    by_git: bool,
}

impl<'w> Standing<'w> {
    /// `to`: the commits whose files will be there.
    pub(super) fn new(
        worktree: &'w Worktree,
        repository: &'w Repository,
        to: &[Oid],
    ) -> Result<Self, GitError> {
        let demands = || -> Result<Option<String>, git2::Error> {
            let asked = to.iter().map(|commit| asked_by(repository, *commit));
            asked.collect::<Result<Vec<_>, _>>().map(|asked| asked.into_iter().flatten().next())
        };
        let what = demands().map_err(worktree.failed("read the attributes"))?;
        let path = worktree.path().to_owned();
        match what {
            Some(what) if !Program::is_there() => Err(GitError::NeedsGit { path, what }),
            what => {
                let now = asks_for_git(repository).map_err(worktree.failed("read the attributes"))?;
                Ok(Self { worktree, repository, by_git: now || what.is_some() })
            }
        }
    }

    /// Files and index become those of `commit`, whatever there is of files that the index knows. `HEAD` stays, and so do other files.
    pub(super) fn go_to(&self, commit: Oid) -> Result<(), GitError> {
        if self.by_git {
            return self.read_tree(commit, true);
        }
        self.check_out(commit, CheckoutBuilder::new().force())
    }

    /// The same, and files that the index does not know go, unless they are ignored.
    pub(super) fn go_clean_to(&self, commit: Oid) -> Result<(), GitError> {
        if !self.by_git {
            return self.check_out(commit, CheckoutBuilder::new().force().remove_untracked(true));
        }
        self.read_tree(commit, true)?;
        self.program("remove files").args(["clean", "--quiet", "-f", "-f", "-d"]).run().map(drop)
    }

    /// The index becomes that of `commit`; no file changes.
    pub(super) fn know(&self, commit: Oid) -> Result<(), GitError> {
        if self.by_git {
            return self.read_tree(commit, false);
        }
        let known = || -> Result<(), git2::Error> {
            let mut index = self.repository.index()?;
            index.read_tree(&self.repository.find_commit(commit)?.tree()?)?;
            index.write()
        };
        known().map_err(self.worktree.failed("write the index"))
    }

    /// Puts the merge into it, which stands at the tip of the conflict and is clean.
    pub(super) fn merge(&self, repo: &Repo, conflict: &Conflict, strategy: Strategy) -> Result<(), GitError> {
        let action = "put a merge into the worktree";
        let (store, failed) = (repo.open_store()?, || self.worktree.failed(action));
        if self.by_git {
            let bases = bases(&store, conflict, strategy).map_err(failed())?;
            let is_gits_own = merge::asks_for_git(&store).map_err(failed())?;
            return self.merge_by_git(&bases, conflict, is_gits_own);
        }
        let put = || -> Result<(), git2::Error> {
            let mut merged = three_way(&store, conflict.base, conflict.tip, conflict.head, strategy)?;
            let [ours, theirs, before] = LABELS;
            let mut options = CheckoutBuilder::new();
            options.force().allow_conflicts(true).conflict_style_diff3(true);
            options.our_label(ours).their_label(theirs).ancestor_label(before);
            self.repository.checkout_index(Some(&mut merged), Some(&mut options))
        };
        put().map_err(failed())
    }

    fn merge_by_git(&self, bases: &[Oid], conflict: &Conflict, is_gits_own: bool) -> Result<(), GitError> {
        let [ours, theirs, _] = LABELS;
        let mut program = self.program("put a merge into the worktree").setting("merge.conflictStyle=diff3");
        if !is_gits_own {
            // As the conflict was found.
            program = program.setting("merge.renames=true").setting("merge.directoryRenames=false");
        }
        let (tip, head) = (conflict.tip.to_string(), conflict.head.to_string());
        let ended = program
            .var(format!("GITHEAD_{tip}"), ours)
            .var(format!("GITHEAD_{head}"), theirs)
            .args(["merge-recursive"])
            .args(bases.iter().map(Oid::to_string))
            .args(["--", &tip, &head])
            .end()?;
        match ended.code {
            Some(0 | 1) => Ok(()),
            _ => Err(GitError::Program {
                action: "put a merge into the worktree",
                path: self.worktree.path().to_owned(),
                said: ended.said(),
            }),
        }
    }

    fn read_tree(&self, commit: Oid, with_files: bool) -> Result<(), GitError> {
        let files = with_files.then_some("-u");
        let program = self.program("check out a commit").args(["read-tree", "--reset"]).args(files);
        program.args(["--no-recurse-submodules", &commit.to_string()]).run().map(drop)
    }

    fn check_out(&self, commit: Oid, options: &mut CheckoutBuilder<'_>) -> Result<(), GitError> {
        let mut go = || -> Result<(), git2::Error> {
            let tree = self.repository.find_commit(commit)?.tree()?;
            self.repository.checkout_tree(tree.as_object(), Some(options))
        };
        go().map_err(self.worktree.failed("check out a commit"))
    }

    fn program(&self, action: &'static str) -> Program {
        Program::new(action, self.worktree.path())
    }
}

/// What both sides have in common; more than one, where their histories cross.
fn bases(store: &Repository, conflict: &Conflict, strategy: Strategy) -> Result<Vec<Oid>, git2::Error> {
    match strategy {
        Strategy::Merge => Ok(store.merge_bases(conflict.tip, conflict.head)?.iter().copied().collect()),
        Strategy::Squash | Strategy::Rebase => Ok(vec![conflict.base]),
    }
}

/// What in the tree of a commit only git can write.
fn asked_by(repository: &Repository, commit: Oid) -> Result<Option<String>, git2::Error> {
    let (mut texts, mut has_submodule) = (Vec::new(), false);
    repository.find_commit(commit)?.tree()?.walk(TreeWalkMode::PreOrder, |_, entry| {
        has_submodule |= entry.filemode().cast_unsigned() == GITLINK;
        if entry.name_bytes() == b".gitattributes"
            && let Ok(blob) = repository.find_blob(entry.id())
        {
            texts.push(String::from_utf8_lossy(blob.content()).into_owned());
        }
        TreeWalkResult::Ok
    })?;
    if has_submodule {
        return Ok(Some("there is a submodule in it".to_owned()));
    }
    Demands::of(repository, &texts).map(|demands| demands.to_write)
}
