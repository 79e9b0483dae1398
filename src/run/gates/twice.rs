//! A person may go on in their worktree while gates look at what they have given. What a gate leaves there it leaves each time; what it
//! leaves only once is the person's.

use std::fs;

use super::Gate;
use super::exact::{Exact, Strays};
use super::exactly::removed;
use super::pass::Ran;
use crate::git::{GitError, Stand};
use crate::run::provision::move_away;

/// What came of a look at given work.
pub(super) enum Looked {
    /// What the gate says of exactly that work.
    At(Ran),
    /// The person has changed it meanwhile: that is there as they have left it.
    Elsewhere,
}

/// Runs a gate on exactly the work; a second time if something has changed meanwhile, so as to see whose that is.
pub(super) async fn look(
    exact: &Exact,
    gate: &Gate,
    warn: &dyn Fn(&str),
    run: impl AsyncFn() -> Ran,
) -> Result<Looked, GitError> {
    let who = format!("the gate `{}`", gate.name);
    let mut ran = run().await;
    // Whatever there is now may be the person's, and the gates are not asked any more.
    if matches!(ran, Ran::Stopped(_)) {
        return Ok(Looked::At(ran));
    }
    let first = exact.put_back()?;
    if first.is_none() {
        return Ok(Looked::At(ran));
    }
    if first.is_made_anew {
        warn(&first.told(&who));
        if let Ran::Ended(ended) = &mut ran {
            (ended.passed, ended.detail) = (false, Some(removed(&gate.name)));
        }
        return Ok(Looked::At(ran));
    }
    let ran = run().await;
    let again = exact.put_back()?;
    if matches!(ran, Ran::Stopped(_)) || !first.is_repeated_by(&again) {
        exact.give_back(&first)?;
        return Ok(if matches!(ran, Ran::Stopped(_)) { Looked::At(ran) } else { Looked::Elsewhere });
    }
    warn(&first.told(&who));
    Ok(Looked::At(ran))
}

impl Strays {
    /// Whether somebody has done the like again. Names may have a time or a number in them.
    fn is_repeated_by(&self, again: &Self) -> bool {
        let is_so = |first: bool, again: bool| !first || again;
        is_so(!self.changed.is_empty(), !again.changed.is_empty())
            && is_so(!self.new.is_empty(), !again.new.is_empty())
            && is_so(!self.commits.is_empty(), !again.commits.is_empty())
            && is_so(self.has_moved, again.has_moved)
    }
}

impl Exact {
    /// Brings what was put aside back to where it was.
    fn give_back(&self, strays: &Strays) -> Result<(), GitError> {
        if let Some(commit) = strays.commits.first() {
            let theirs = Stand { tip: *commit, head: *commit, ..self.stand.clone() };
            self.repo.stand_again(&self.path, &theirs)?;
            self.repo.put_back_files(&self.path, *commit)?;
        }
        for file in strays.changed.iter().chain(&strays.new) {
            let (place, kept) = (self.path.join(file), strays.aside.as_ref().map(|aside| aside.join(file)));
            let moved = match kept.filter(|kept| kept.symlink_metadata().is_ok()) {
                Some(kept) => move_away(&kept, &place),
                // It had been removed.
                None => fs::remove_file(&place),
            };
            match moved {
                Err(source) if place.symlink_metadata().is_ok() => {
                    return Err(GitError::Io { action: "bring back", path: place, source });
                }
                _ => {}
            }
        }
        Ok(())
    }
}
