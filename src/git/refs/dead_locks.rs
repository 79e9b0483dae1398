//! Locks that were left by whoever was killed while it moved a ref: a run of ours, or an agent's git.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::git::{BranchName, EpicRefs, Repo};

/// An agent that outlived the last run may commit just now, and somebody's `git gc` takes locks, too: both give them back within
/// moments.
const PATIENCE: Duration = Duration::from_secs(1);
/// Deeper than any ref of ours.
const DEPTH: usize = 6;

impl Repo {
    /// Removes the locks of the epic's refs, of its integration branch and of the task branches, if they are still there after a while;
    /// and the one lock that every git takes at the end of a commit, if besides no git lives that may have taken it: a git that was killed
    /// leaves it, and all others then wait for it in vain. Gives the paths of those that were removed. Only for the epic's only run: nobody
    /// else may be moving its refs.
    pub fn break_dead_locks(&self, refs: &EpicRefs, branches: &[BranchName]) -> Vec<PathBuf> {
        break_dead(self.common_dir(), refs, branches)
    }
}

fn break_dead(git: &Path, refs: &EpicRefs, branches: &[BranchName]) -> Vec<PathBuf> {
    let lock_of = |branch: &BranchName| git.join(format!("{}.lock", branch.full()));
    let mut locks: Vec<_> = branches.iter().chain([&refs.integration()]).map(lock_of).collect();
    if let Some(own) = git.join(refs.start()).parent() {
        find(own, &|path| path.extension().is_some_and(|end| end == "lock"), &mut locks);
    }
    let shared = git.join("packed-refs.lock");
    locks.push(shared.clone());
    let taken: Vec<_> = locks.into_iter().filter_map(|lock| Some((taken_at(&lock)?, lock))).collect();
    if taken.is_empty() {
        return Vec::new();
    }
    let before = git_processes();
    sleep(PATIENCE);
    let is_in_use = !before.is_disjoint(&git_processes());
    let stays =
        |since: SystemTime, lock: &Path| taken_at(lock) == Some(since) && !(is_in_use && lock == shared);
    let dead = taken.into_iter().filter(|(since, lock)| stays(*since, lock));
    // One that can't be removed is met again by whoever needs the ref, and is told of there.
    dead.map(|(_, lock)| lock).filter(|lock| fs::remove_file(lock).is_ok()).collect()
}

fn taken_at(lock: &Path) -> Option<SystemTime> {
    fs::metadata(lock).and_then(|found| found.modified()).ok()
}

/// Everybody on this machine who goes by git's name.
fn git_processes() -> HashSet<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let is_git = |pid: &String| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("git"))
    };
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(is_git).collect()
}

/// The files in a folder and its folders that are meant; links are not followed.
pub(super) fn find(folder: &Path, is_meant: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    find_to(DEPTH, folder, is_meant, found);
}

fn find_to(depth: usize, folder: &Path, is_meant: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let (path, kind) = (entry.path(), entry.file_type());
        match kind {
            Ok(kind) if kind.is_dir() && depth > 0 => find_to(depth - 1, &path, is_meant, found),
            Ok(kind) if kind.is_file() && is_meant(&path) => found.push(path),
            Ok(_) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_our_refs_go_and_all_others_stay() {
        let git = tempfile::tempdir().unwrap();
        let refs = EpicRefs::new("e", EpicRefs::DEFAULT_TEMPLATE).unwrap();
        let files = [
            "refs/blueprint/e/attempts/a/1.lock",
            "refs/heads/blueprint/e/integration.lock",
            "refs/heads/blueprint/e/a.lock",
            "refs/blueprint/e/attempts/a/1",
            "refs/blueprint/other/start.lock",
            "refs/heads/main.lock",
            "packed-refs.lock",
            "index.lock",
        ];
        for file in files {
            let path = git.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let removed = break_dead(git.path(), &refs, &[refs.branch("a"), refs.branch("b")]);
        // Tests beside this one may use git for so long.
        let shared = git.path().join("packed-refs.lock");
        let there = files.map(|file| git.path().join(file).exists());
        assert_eq!(there, [false, false, false, true, true, true, shared.exists(), true]);
        assert_eq!(removed.len(), if shared.exists() { 3 } else { 4 }, "{removed:?}");
    }
}
