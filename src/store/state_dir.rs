use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::replace::sweep;
use super::{StoreError, read_json, write_json};

/// Digits of the hash of a plan's path that name its folder: enough for any number of plans in one repository.
const HASH_DIGITS: usize = 10;

/// The folder in which everything is kept that we know of a plan beside the plan itself: locks, journal, logs, prompts.
///
/// It is `<root>/<epic>-<hash of the plan's path>`, where root is `blueprint` in git's common folder, or `.blueprint` beside a plan
/// outside git. The hash alone identifies it, so that a plan whose epic gets another name keeps its state.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
}

/// What is noted in a state folder about the plan that it belongs to.
#[derive(Debug, Serialize, Deserialize)]
struct Card {
    plan: PathBuf,
    epic: String,
}

/// So many runs may begin while a card is written.
const CARD_TRIES: u32 = 10;

impl StateDir {
    /// Where the state of `plan` (absolute) is or would be; creates nothing.
    pub fn locate(root: &Path, epic: &str, plan: &Path) -> Self {
        let hash = hash_of(plan);
        let existing = subfolders(root).into_iter().find(|folder| ends_with_hash(folder, &hash));
        Self { path: existing.unwrap_or_else(|| root.join(format!("{epic}-{hash}"))) }
    }

    /// Makes the folder, and notes in it whose it is.
    ///
    /// # Errors
    /// [`StoreError`] when that can't be written.
    pub fn create(&self, epic: &str, plan: &Path) -> Result<(), StoreError> {
        self.make()?;
        let card = Card { plan: plan.to_owned(), epic: epic.to_owned() };
        // A run that begins this very moment may take what is not yet in its place for something that was left: see `sweep`.
        let mut written = Ok(());
        for _ in 0..CARD_TRIES {
            if self.card().exists() {
                return Ok(());
            }
            written = write_json(&self.card(), &card);
            if written.is_ok() {
                break;
            }
        }
        written
    }

    /// Makes the folder only.
    ///
    /// # Errors
    /// [`StoreError`] when that is refused.
    pub fn make(&self) -> Result<(), StoreError> {
        fs::create_dir_all(&self.path).map_err(StoreError::io("create folder", &self.path))
    }

    /// Removes what writers left that were killed half-way. Only for whoever holds the run lock. The card is written without it, by
    /// writers that bear to be disturbed.
    pub fn sweep(&self) {
        sweep(&self.card());
    }

    fn card(&self) -> PathBuf {
        self.path.join("plan.json")
    }

    /// The plan under that epic name whose state is in `root`, if it is still there.
    pub fn plan_of(root: &Path, epic: &str) -> Option<PathBuf> {
        let cards = subfolders(root).into_iter().filter_map(|folder| read_card(&folder));
        cards.filter(|card| card.epic == epic && card.plan.exists()).map(|card| card.plan).next()
    }

    /// Other plans that are still there and whose state, beside this one, claims the same epic name.
    pub fn rivals(&self, epic: &str, plan: &Path) -> Vec<PathBuf> {
        let cards = subfolders(self.root()).into_iter().filter_map(|folder| read_card(&folder));
        let others = cards.filter(|card| card.epic == epic && card.plan != plan && card.plan.exists());
        others.map(|card| card.plan).collect()
    }

    /// Where the states of all plans are.
    /// Every state below `root`: its folder, its plan's path, and its epic's slug.
    pub fn all(root: &Path) -> Vec<(PathBuf, PathBuf, String)> {
        let folders = subfolders(root).into_iter();
        folders.filter_map(|folder| read_card(&folder).map(|card| (folder, card.plan, card.epic))).collect()
    }

    fn root(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The lock that a live run of any plan with that epic name holds.
    pub fn epic_lock(&self, epic: &str) -> PathBuf {
        self.root().join(format!("{epic}.epic.lock"))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock that every writer of the plan takes.
    pub fn plan_lock(&self) -> PathBuf {
        self.path.join("plan.lock")
    }

    /// The lock that a live run holds.
    pub fn run_lock(&self) -> PathBuf {
        self.path.join("run.lock")
    }

    /// Programs of ours that every agent finds first in its `PATH`.
    pub fn programs(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// Where builds of all worktrees of the plan keep what they share, if they do.
    pub fn build_cache(&self) -> PathBuf {
        self.path.join("build-cache")
    }

    /// Says that the worktree that all tasks share is ready to work in.
    pub fn shared_ready(&self) -> PathBuf {
        self.path.join("shared-worktree.json")
    }

    /// Where other programs edit copies of the plan, each in a folder of its own.
    pub fn edits(&self) -> PathBuf {
        self.path.join("edits")
    }

    /// Notes of rehearsals that are under way, or that somebody was killed in.
    pub fn rehearsals(&self) -> PathBuf {
        self.path.join("rehearsals")
    }

    /// Held by whoever lands the plan's work.
    pub fn landing_lock(&self) -> PathBuf {
        self.path.join("landing.lock")
    }

    /// The landing that is under way, or that somebody was killed in.
    pub fn landing(&self) -> PathBuf {
        self.path.join("landing.json")
    }

    /// The record of everything that happened.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Where one attempt's prompt, output and end are kept; `task` is a name that is safe for a folder.
    pub fn attempt(&self, task: &str, attempt: u32) -> AttemptDir {
        AttemptDir { path: self.path.join("attempts").join(task).join(attempt.to_string()) }
    }
}

fn hash_of(plan: &Path) -> String {
    let digest = Sha256::digest(plan.as_os_str().as_encoded_bytes());
    digest.iter().take(HASH_DIGITS / 2).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn ends_with_hash(folder: &Path, hash: &str) -> bool {
    let name = folder.file_name().and_then(OsStr::to_str);
    name.and_then(|name| name.strip_suffix(hash)).is_some_and(|rest| rest.ends_with('-'))
}

fn subfolders(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(io::Result::ok);
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn read_card(folder: &Path) -> Option<Card> {
    read_json(&folder.join("plan.json")).ok()?
}

/// The folder of one attempt.
#[derive(Debug, Clone)]
pub struct AttemptDir {
    path: PathBuf,
}

impl AttemptDir {
    /// The attempt whose folder this is.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// [`StoreError`] when that is refused.
    pub fn create(&self) -> Result<(), StoreError> {
        fs::create_dir_all(&self.path).map_err(StoreError::io("create folder", &self.path))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where commands that belong to the attempt, but are no agents, have their folders, each one like an attempt's.
    pub fn steps(&self) -> PathBuf {
        self.path.join("steps")
    }

    /// Those that have run, in the order in which they began.
    pub fn past_steps(&self) -> Vec<AttemptDir> {
        let steps = subfolders(&self.steps()).into_iter().map(AttemptDir::at);
        let begun = |step: &AttemptDir| step.stdin().metadata().and_then(|stdin| stdin.modified()).ok();
        let mut steps: Vec<_> = steps.map(|step| (begun(&step), step)).collect();
        steps.sort_by_key(|(begun, _)| *begun);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// Removes what writers left that were killed half-way. Only for whoever holds the lock of the supervisor.
    pub fn sweep(&self) {
        sweep(&self.processes());
        sweep(&self.end());
        sweep(&self.before());
        sweep(&self.escape());
        let _ = fs::remove_file(self.room());
    }

    /// Room on the disk that is kept for [`AttemptDir::end`].
    pub fn room(&self) -> PathBuf {
        self.path.join("end.room")
    }

    /// The task prompt that the agent was given.
    pub fn prompt(&self) -> PathBuf {
        self.path.join("prompt.md")
    }

    /// The agent's definition, rendered.
    pub fn definition(&self) -> PathBuf {
        self.path.join("definition.md")
    }

    /// What the agent finds on its standard input.
    pub fn stdin(&self) -> PathBuf {
        self.path.join("stdin")
    }

    /// What the agent printed.
    pub fn stdout(&self) -> PathBuf {
        self.path.join("stdout.log")
    }

    /// What the agent printed on standard error.
    pub fn stderr(&self) -> PathBuf {
        self.path.join("stderr.log")
    }

    /// Locked by the supervisor as long as it lives.
    pub fn lock(&self) -> PathBuf {
        self.path.join("alive.lock")
    }

    /// Its being there tells a supervisor to grant no more grace.
    pub fn hurry(&self) -> PathBuf {
        self.path.join("hurry")
    }

    /// How the repository was before the agent began, while it works.
    pub fn before(&self) -> PathBuf {
        self.path.join("before.json")
    }

    /// What shows that the agent wrote where it must not, if it did.
    pub fn escape(&self) -> PathBuf {
        self.path.join("escape.json")
    }

    /// Which processes belong to the attempt.
    pub fn processes(&self) -> PathBuf {
        self.path.join("processes.json")
    }

    /// How the agent ended.
    pub fn end(&self) -> PathBuf {
        self.path.join("end.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_keeps_its_state_when_its_epic_gets_another_name() {
        let root = tempfile::tempdir().unwrap();
        let plan = Path::new("/p/genesis.xml");
        let first = StateDir::locate(root.path(), "one", plan);
        first.create("one", plan).unwrap();
        assert_eq!(StateDir::locate(root.path(), "two", plan).path(), first.path());
        assert_ne!(StateDir::locate(root.path(), "one", Path::new("/q/genesis.xml")).path(), first.path());
    }

    #[test]
    fn a_rival_is_another_plan_that_still_exists_under_the_same_epic() {
        let root = tempfile::tempdir().unwrap();
        let here = root.path().join("genesis.xml");
        fs::write(&here, "").unwrap();
        let state = StateDir::locate(root.path(), "e", &here);
        state.create("e", &here).unwrap();
        let other = root.path().join("other.xml");
        assert_eq!(state.rivals("e", &other), std::slice::from_ref(&here));
        assert!(state.rivals("e", &here).is_empty());
        assert!(state.rivals("f", &other).is_empty());
        fs::remove_file(&here).unwrap();
        assert!(state.rivals("e", &other).is_empty());
    }
}
