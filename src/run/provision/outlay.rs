//! What worktrees will take of the disk, and what to say of it before they are made.

use std::fs;
use std::path::{Path, PathBuf};

use super::bring::{Bring, How};
use super::copy::can_share;
use crate::git::Repo;
use crate::run::room::{bytes, free, nearest};

/// Below this part of what is free, nobody needs to be told.
const NOTEWORTHY: u64 = 10;

/// What worktrees will take, and what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Outlay {
    /// How many will be there at once.
    worktrees: u64,
    /// What each of them takes, in bytes.
    each: u64,
    /// What is free on their disk, in bytes.
    free: u64,
    /// A folder of that disk.
    place: PathBuf,
}

/// What to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Remark {
    Note(String),
    Warning(String),
    /// Not even one finds room.
    Refusal(String),
}

impl Outlay {
    /// Of so many worktrees that will be made in `folder`; nothing where that can't be found out.
    pub(in crate::run) fn of(repo: &Repo, folder: &Path, worktrees: usize, bring: &[Bring]) -> Option<Self> {
        if worktrees == 0 {
            return None;
        }
        let place = nearest(folder)?;
        let brought = repo.workdir().map_or(0, |checkout| copied(bring, checkout, place));
        let each = repo.checkout_size().ok()?.bytes.saturating_add(brought);
        Some(Self { worktrees: worktrees as u64, each, free: free(place)?, place: place.to_owned() })
    }

    /// What a person should know; nothing, where there is plenty.
    pub(in crate::run) fn remark(&self) -> Option<Remark> {
        let Self { worktrees, each, free, place } = self;
        let all = each.saturating_mul(*worktrees);
        let (place, left) = (place.display(), bytes(*free));
        if each > free {
            return Some(Remark::Refusal(format!(
                "a worktree takes about {}, and the disk of {place} has {left} left",
                bytes(*each)
            )));
        }
        let what = format!(
            "{worktrees} worktrees will take about {} of the {left} left on the disk of {place}",
            bytes(all)
        );
        match all {
            _ if all > *free => Some(Remark::Warning(format!(
                "{what}: too much, unless finished ones are removed (`keep`, `max-worktrees` and `min-free-disk` see to that)"
            ))),
            _ if all > free / NOTEWORTHY => Some(Remark::Note(what)),
            _ => None,
        }
    }
}

/// What is copied into each worktree and shares no blocks with the checkout, in bytes.
fn copied(bring: &[Bring], checkout: &Path, place: &Path) -> u64 {
    let copies = bring.iter().filter(|item| item.how() == How::Copy).map(|item| checkout.join(item.path()));
    copies.filter(|source| !can_share(source, &place.join("probe"))).map(|source| size(&source)).sum()
}

fn size(place: &Path) -> u64 {
    let Ok(found) = place.symlink_metadata() else { return 0 };
    if !found.is_dir() {
        return found.len();
    }
    let below = fs::read_dir(place).into_iter().flatten().filter_map(Result::ok);
    below.map(|entry| size(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(worktrees: u64, each: u64, free: u64) -> Option<Remark> {
        Outlay { worktrees, each, free, place: PathBuf::from("/work") }.remark()
    }

    #[test]
    fn plenty_is_not_worth_a_word() {
        assert_eq!(remark(5, 1_000_000, 1_000_000_000), None);
        assert_eq!(remark(5, 0, 0), None);
    }

    #[test]
    fn what_is_worth_knowing_what_may_not_fit_and_what_can_not_are_told_apart() {
        let Some(Remark::Note(note)) = remark(20, 10_000_000, 1_000_000_000) else { panic!() };
        assert_eq!(note, "20 worktrees will take about 200 MB of the 1.0 GB left on the disk of /work");
        let Some(Remark::Warning(warning)) = remark(200, 10_000_000, 1_000_000_000) else { panic!() };
        assert!(warning.starts_with("200 worktrees will take about 2.0 GB of the 1.0 GB left"), "{warning}");
        let Some(Remark::Refusal(refusal)) = remark(1, 2_000_000_000, 512_000_000) else { panic!() };
        assert_eq!(refusal, "a worktree takes about 2.0 GB, and the disk of /work has 512 MB left");
    }
}
