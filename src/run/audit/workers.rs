use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::plan::TaskId;
use crate::run::job::Job;

/// Who works in which worktree, and who has: what changes there meanwhile is no other attempt's doing.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Workers(Arc<Mutex<Turns>>);

#[derive(Debug, Default)]
struct Turns {
    /// Counts beginnings and ends.
    turn: u64,
    /// With the turn in which they ended, if they did.
    all: Vec<(Working, Option<u64>)>,
    /// What was told already.
    told: HashSet<String>,
}

/// An attempt with the place that is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Working {
    pub(super) task: TaskId,
    pub(super) worktree: PathBuf,
    /// The branch's full name.
    pub(super) branch: String,
}

/// An attempt at work, as long as it lives.
pub(in crate::run) struct AtWork {
    workers: Workers,
    task: TaskId,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut turns = self.workers.turns();
        turns.turn += 1;
        let now = turns.turn;
        let mut of_task = turns.all.iter_mut().filter(|(working, _)| working.task == self.task);
        if let Some(own) = of_task.find(|(_, ended)| ended.is_none()) {
            own.1 = Some(now);
        }
        // Nobody will ask for what ended before the oldest that is still at work began.
        if turns.all.iter().all(|(_, ended)| ended.is_some()) {
            turns.all.clear();
        }
    }
}

impl Workers {
    /// The attempt is at work from now on, until what this gives is dropped.
    pub(in crate::run) fn enter(&self, job: &Job) -> AtWork {
        let working =
            Working { task: job.task.clone(), worktree: job.worktree.clone(), branch: job.branch.full() };
        let mut turns = self.turns();
        turns.turn += 1;
        turns.all.push((working, None));
        AtWork { workers: self.clone(), task: job.task.clone() }
    }

    pub(super) fn turn(&self) -> u64 {
        self.turns().turn
    }

    /// Who is at work now.
    pub(super) fn now(&self) -> Vec<Working> {
        let turns = self.turns();
        turns.all.iter().filter(|(_, ended)| ended.is_none()).map(|(working, _)| working.clone()).collect()
    }

    /// All but `task` who have been at work since that turn.
    pub(super) fn since(&self, turn: u64, task: &TaskId) -> Vec<Working> {
        let turns = self.turns();
        let others = turns
            .all
            .iter()
            .filter(|(working, ended)| working.task != *task && ended.is_none_or(|ended| ended > turn));
        others.map(|(working, _)| working.clone()).collect()
    }

    /// Whether that has not been told before.
    pub(super) fn is_news(&self, text: &str) -> bool {
        self.turns().told.insert(text.to_owned())
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
