//! Moving refs, each by compare-and-swap under the ref's own lock.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use git2::{ErrorClass, ErrorCode, Oid, Repository};

use crate::git::repo::settled;
use crate::git::{EpicRefs, GitError, Repo};

/// How often a ref's lock is tried before it counts as left behind.
const LOCK_TRIES: u32 = 60;
/// The longest pause between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

impl Repo {
    /// Fixes the commit that the epic starts from: made once, then kept. Returns the one that holds.
    pub fn fix_start(&self, refs: &EpicRefs, commit: Oid) -> Result<Oid, GitError> {
        let store = self.open_store()?;
        match swap(&store, &refs.start(), None, commit, "blueprint: start of the plan")? {
            Swapped::Done => Ok(commit),
            Swapped::Holds(there) => Ok(there),
        }
    }

    /// The epic's start commit, if it has been fixed.
    pub fn start(&self, refs: &EpicRefs) -> Result<Option<Oid>, GitError> {
        Ok(target(&self.open_store()?, &refs.start()))
    }

    /// What a branch or ref (full name) points to.
    pub fn target(&self, full_name: &str) -> Result<Option<Oid>, GitError> {
        Ok(target(&self.open_store()?, full_name))
    }

    /// Whether `commit` is `ancestor`, or has it for one.
    pub fn has(&self, commit: Oid, ancestor: Oid) -> bool {
        self.open_store().is_ok_and(|store| contains(&store, commit, ancestor))
    }

    /// Keeps `head` reachable as what attempt `n` at a task left. Called again it may move forward, to a commit that contains the
    /// former one; anything else is refused, so that no attempt's work gets lost.
    pub fn keep_attempt(&self, refs: &EpicRefs, task: &str, n: u32, head: Oid) -> Result<(), GitError> {
        keep(&self.open_store()?, &refs.attempt(task, n), head)
    }

    /// Keeps what is none of attempt `n` at a task under the ref of the attempt before, or, if that keeps something else, under the next number
    /// that is free.
    pub fn keep_aside(&self, refs: &EpicRefs, task: &str, n: u32, kept: Oid) -> Result<(), GitError> {
        let mut number = n.saturating_sub(1);
        loop {
            match self.keep_attempt(refs, task, number, kept) {
                Err(GitError::RefTaken { .. }) => number = number.max(n) + 1,
                done => return done,
            }
        }
    }

    /// Keeps the base of attempt `n` at a task reachable, by the same rules.
    pub fn keep_base(&self, refs: &EpicRefs, task: &str, n: u32, base: Oid) -> Result<(), GitError> {
        keep(&self.open_store()?, &refs.base(task, n), base)
    }
}

fn keep(store: &Repository, name: &str, oid: Oid) -> Result<(), GitError> {
    let mut expected = None;
    loop {
        match swap(store, name, expected, oid, "blueprint: keep")? {
            Swapped::Done => return Ok(()),
            Swapped::Holds(there) if contains(store, oid, there) => expected = Some(there),
            Swapped::Holds(there) => {
                return Err(GitError::RefTaken { name: name.to_owned(), holds: there });
            }
        }
    }
}

/// Whether `commit` is `ancestor` or descends from it. A commit that can't be read contains nothing.
pub(in crate::git) fn contains(store: &Repository, commit: Oid, ancestor: Oid) -> bool {
    // libgit2's own search runs beyond the end of a shallow clone, and fails.
    commit == ancestor
        || store.graph_descendant_of(commit, ancestor).unwrap_or_else(|_| is_above(store, commit, ancestor))
}

/// The same commit by commit, as far as the repository goes.
fn is_above(store: &Repository, commit: Oid, ancestor: Oid) -> bool {
    let (mut seen, mut open) = (HashSet::from([commit]), vec![commit]);
    while let Some(id) = open.pop() {
        // Beyond what is here there is nothing to find.
        let Ok(commit) = store.find_commit(id) else { continue };
        open.extend(commit.parent_ids().filter(|parent| seen.insert(*parent)));
        if seen.contains(&ancestor) {
            return true;
        }
    }
    false
}

/// What a ref points to, symbolic refs followed; `None` if there is none.
pub(in crate::git) fn target(store: &Repository, name: &str) -> Option<Oid> {
    store.refname_to_id(name).ok()
}

/// How a compare-and-swap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::git) enum Swapped {
    /// The ref now points to the new commit.
    Done,
    /// The ref is not as expected, it points here; nothing was changed.
    Holds(Oid),
}

/// Moves the ref from `expected` (`None`: it must not exist) to `new`. Waits a while for a ref that somebody else has locked.
pub(in crate::git) fn swap(
    store: &Repository,
    name: &str,
    expected: Option<Oid>,
    new: Oid,
    log: &str,
) -> Result<Swapped, GitError> {
    // libgit2 compares under the ref's lock, and takes zero for "must not exist"; its plain creation checks before it locks.
    let old = expected.unwrap_or(Oid::ZERO_SHA1);
    for turn in 1..=LOCK_TRIES {
        let Err(error) = store.reference_matching(name, new, true, old, log) else {
            note_own(store, name, new);
            return Ok(Swapped::Done);
        };
        match target(store, name) {
            there if there != expected => {
                let moved = || GitError::RefMoved { name: name.to_owned() };
                return there.map(Swapped::Holds).ok_or_else(moved);
            }
            _ if is_passing(store, name, &error) => pause(turn),
            _ => return Err(refused(store, name, error)),
        }
    }
    let lock = store.commondir().join(format!("{name}.lock"));
    Err(GitError::RefLocked { name: name.to_owned(), lock })
}

/// Where this process has moved refs to: what others move is told from that.
static OWN: LazyLock<Mutex<HashSet<(PathBuf, String, Oid)>>> = LazyLock::new(Mutex::default);

/// This process moves the ref there, or has git move it.
pub(in crate::git) fn note_own(store: &Repository, name: &str, to: Oid) {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    own.insert((settled(store.commondir()), name.to_owned(), to));
}

impl Repo {
    /// Whether this process has moved the ref (full name) there.
    pub fn is_own_move(&self, name: &str, to: Oid) -> bool {
        let own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.contains(&(self.common_dir().to_owned(), name.to_owned(), to))
    }
}

/// A lock that is held, or a folder of refs that `git pack-refs` took away under our hands.
fn is_passing(store: &Repository, name: &str, error: &git2::Error) -> bool {
    match error.code() {
        ErrorCode::Locked | ErrorCode::Modified => true,
        _ => error.class() == ErrorClass::Os && in_the_way(store, name).is_none(),
    }
}

fn pause(turn: u32) {
    // Not all of many waiters at the same moment.
    let jitter = Duration::from_micros(fastrand::u64(0..2_000));
    std::thread::sleep(LOCK_PAUSE.min(Duration::from_millis(u64::from(turn))) + jitter);
}

fn refused(store: &Repository, name: &str, error: git2::Error) -> GitError {
    match in_the_way(store, name) {
        Some(existing) => GitError::RefInTheWay { name: name.to_owned(), existing },
        None => GitError::git("move a ref", store.commondir())(error),
    }
}

/// A ref whose name is a folder of `name`, or that has `name` for a folder.
fn in_the_way(store: &Repository, name: &str) -> Option<String> {
    let folders = name.match_indices('/').filter_map(|(at, _)| name.get(..at));
    let above = folders.filter(|folder| store.find_reference(folder).is_ok()).map(str::to_owned).next();
    above.or_else(|| {
        let mut below = store.references_glob(&format!("{name}/*")).ok()?;
        below.names().flatten().next().map(str::to_owned)
    })
}
