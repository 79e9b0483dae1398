//! Gates judge exactly what is merged: the worktree in which they look at work is at its commit, and whatever else gets there is put aside
//! before the next one looks.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::git::{EpicRefs, Found, GitError, Oid, Repo, Stand};
use crate::run::Isolation;
use crate::run::job::{Common, Job};
use crate::run::provision::move_away;
use crate::run::step;

/// So many files are named; the number of the others is.
const SHOWN: usize = 5;
/// Digits of a commit that are shown.
const DIGITS: usize = 12;
/// The folder in which it is kept, beside the attempt's log.
const ASIDE: &str = "left-by-gates";
/// What is put back may show more: a `.gitignore` hid that.
const TRIES: usize = 4;

/// A worktree that is to be at a commit.
#[derive(Debug, Clone)]
pub(super) struct Exact {
    pub(super) repo: Repo,
    pub(super) refs: EpicRefs,
    pub(super) slug: String,
    pub(super) attempt: u32,
    pub(super) path: PathBuf,
    /// The attempt's folder.
    pub(super) dir: PathBuf,
    pub(super) stand: Stand,
    /// Files that differ from the commit however often they are put back.
    pub(super) stubborn: Vec<PathBuf>,
}

/// What was in a worktree beside its commit, and is put aside now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Strays {
    /// Files that the commit has, and that were changed or gone.
    pub(super) changed: Vec<PathBuf>,
    /// Files that it does not have.
    pub(super) new: Vec<PathBuf>,
    /// Commits, which are kept.
    pub(super) commits: Vec<Oid>,
    /// `HEAD` or the branch was elsewhere.
    pub(super) has_moved: bool,
    /// There was no worktree any more: it is made anew, and has nothing but its files.
    pub(super) is_made_anew: bool,
    /// Where the files are.
    pub(super) aside: Option<PathBuf>,
}

impl Exact {
    /// Of an attempt that has a worktree of its own; in any other place nobody could tell whose it is what differs.
    pub(super) fn of(job: &Job, stand: Stand) -> Option<Self> {
        let Common { repo, refs, .. } = &*job.common;
        (job.cast.isolation == Isolation::Worktree).then(|| Self {
            repo: repo.clone(),
            refs: refs.clone(),
            slug: job.slug.clone(),
            attempt: job.attempt,
            path: job.worktree.clone(),
            dir: job.dir.path().to_owned(),
            stand,
            stubborn: Vec::new(),
        })
    }

    /// Before the first gate; what can't be put back does not count from then on.
    pub(super) fn begin(&mut self) -> Result<Strays, GitError> {
        let strays = self.put_back()?;
        self.stubborn = self.repo.strays(&self.path, self.stand.head)?;
        Ok(strays)
    }

    /// Puts aside what is there beside the commit: files beside the attempt's log, commits under a ref. Then it is as it was made.
    pub(super) fn put_back(&self) -> Result<Strays, GitError> {
        let Self { repo, path, stand, .. } = self;
        let mut strays = Strays::default();
        let aside = step::unused(&self.dir, ASIDE);
        let broken = repo.set_aside_broken(path)?;
        match repo.worktree_at(path)? {
            Found::Ours(_) => {}
            Found::Nothing => return self.make_anew(broken),
            Found::Foreign => {
                moved_away(path, &aside)?;
                return self.make_anew(Some(aside));
            }
        }
        strays.commits = repo.commits_beside(path, stand)?;
        strays.commits.iter().try_for_each(|commit| self.keep(*commit))?;
        strays.has_moved = repo.stand_again(path, stand)?;
        for _ in 0..TRIES {
            let mut left = repo.strays(path, stand.head)?;
            left.retain(|path| !self.stubborn.contains(path) && !strays.has(path));
            if left.is_empty() {
                break;
            }
            for file in left {
                let place = path.join(&file);
                if place.symlink_metadata().is_ok() {
                    moved_away(&place, &aside.join(&file))?;
                    strays.aside = Some(aside.clone());
                }
                let is_of_the_work = repo.is_tracked(stand.head, &file)?;
                if is_of_the_work { strays.changed.push(file) } else { strays.new.push(file) }
            }
            repo.put_back_files(path, stand.head)?;
        }
        Ok(strays)
    }

    fn make_anew(&self, aside: Option<PathBuf>) -> Result<Strays, GitError> {
        let Self { repo, path, stand, .. } = self;
        if let Some(tip) = repo.target(&stand.branch.full())?.filter(|tip| *tip != stand.tip) {
            self.keep(tip)?;
        }
        repo.add_worktree(path, &stand.branch, stand.tip)?;
        if stand.head != stand.tip {
            repo.show_resolution(path, stand.head)?;
        }
        Ok(Strays { is_made_anew: true, aside, ..Strays::default() })
    }

    fn keep(&self, commit: Oid) -> Result<(), GitError> {
        self.repo.keep_aside(&self.refs, &self.slug, self.attempt, commit)
    }
}

fn moved_away(from: &Path, to: &Path) -> Result<(), GitError> {
    let failed = |source| GitError::Io { action: "move away", path: from.to_owned(), source };
    move_away(from, to).map_err(failed)
}

impl Strays {
    /// Whether there was nothing.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether what somebody saw there meanwhile may not have been the work.
    pub(super) fn touch_the_work(&self) -> bool {
        !self.changed.is_empty() || !self.commits.is_empty() || self.has_moved || self.is_made_anew
    }

    fn has(&self, path: &PathBuf) -> bool {
        self.changed.contains(path) || self.new.contains(path)
    }

    /// What `who` did, such as "changed `a.txt` and committed 1234".
    pub(super) fn done(&self) -> String {
        let mut done = Vec::new();
        if self.is_made_anew {
            done.push("removed its worktree".to_owned());
        }
        if !self.changed.is_empty() {
            done.push(format!("changed {}", named(&self.changed)));
        }
        if !self.new.is_empty() {
            done.push(format!("left {}", named(&self.new)));
        }
        if !self.commits.is_empty() {
            done.push(format!("committed {}", short(&self.commits)));
        } else if self.has_moved {
            done.push("moved its `HEAD` or its branch".to_owned());
        }
        done.join(" and ")
    }

    /// Where it is now.
    pub(super) fn kept(&self) -> String {
        let mut kept = String::new();
        if let Some(aside) = &self.aside {
            let _ = write!(kept, "; what was there is kept in {}", aside.display());
        }
        if !self.commits.is_empty() {
            let _ = write!(kept, "; `git show {}` still shows what was committed", short(&self.commits));
        }
        kept
    }

    /// What a person should know of it where gates, or a reviewer, did it.
    pub(super) fn told(&self, who: &str) -> String {
        let hint = if self.new.is_empty() { "" } else { " (a `.gitignore` keeps such files out)" };
        format!(
            "{who} has {}: a gate only checks, so its work is put back as it was{}{hint}",
            self.done(),
            self.kept()
        )
    }
}

fn short(commits: &[Oid]) -> String {
    let short = commits.iter().map(|commit| commit.to_string().chars().take(DIGITS).collect::<String>());
    short.collect::<Vec<_>>().join(" ")
}

fn named(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().take(SHOWN).map(|path| format!("`{}`", path.display())).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_files_a_few_are_named_and_the_others_counted() {
        let paths: Vec<_> = (1..=7).map(|number| PathBuf::from(number.to_string())).collect();
        assert_eq!(named(&paths[..2]), "`1`, `2`");
        assert_eq!(named(&paths), "`1`, `2`, `3`, `4`, `5` and 2 more");
    }

    #[test]
    fn what_was_done_is_told_with_who_did_it() {
        let strays = Strays {
            changed: vec!["a.txt".into()],
            new: vec!["out.log".into()],
            aside: Some("/kept".into()),
            ..Strays::default()
        };
        assert_eq!(
            strays.told("the gate `fmt`"),
            "the gate `fmt` has changed `a.txt` and left `out.log`: a gate only checks, so its work is put back as it was; what was there is \
             kept in /kept (a `.gitignore` keeps such files out)"
        );
    }
}
