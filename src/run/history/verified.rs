//! What was tried of the integration branch, and what was taken out of it again.

use super::OURS;
use crate::agent::Outcome;
use crate::git::{Oid, Repo};
use crate::plan::TaskId;
use crate::run::record::{SetBack, TakenOut, VerifiedCommit};
use crate::run::{Attempt, History};

impl History {
    /// Whether that command has succeeded on that commit, if it was run there.
    pub(in crate::run) fn verified(&self, commit: &str, command: &str) -> Option<bool> {
        let found = self.verified.get(commit).filter(|verified| verified.command == command);
        found.map(|verified| verified.passed)
    }

    /// What was wrong with a commit.
    pub(in crate::run) fn complaint_of(&self, commit: &str) -> Option<&VerifiedCommit> {
        self.verified.get(commit)
    }

    pub(super) fn add_verified(&mut self, verified: VerifiedCommit) {
        self.verified.insert(verified.commit.clone(), verified);
    }

    /// The attempt whose work was taken out did not hold after all, and its task is set back with what was built on it.
    pub(super) fn take_out(&mut self, out: TakenOut) {
        let story = self.story(&out.task);
        let done = story.attempts.iter_mut().rev().find(|attempt| attempt.succeeded());
        if let Some((ended, _)) = done.and_then(|attempt| attempt.ended.as_mut()) {
            (ended.outcome, ended.detail) = (Outcome::GateFailed, Some(out.why.clone()));
        }
        self.set_back(SetBack {
            by: OURS.to_owned(),
            tasks: vec![out.task],
            note: Some(out.why),
            transitions: out.transitions,
        });
    }

    /// The tasks that were begun where the integration branch had a task's work, without being its dependents.
    ///
    /// See [`AttemptStarted::on_integration`](crate::run::AttemptStarted).
    pub fn built_on(&self, repo: &Repo, task: &TaskId) -> Vec<TaskId> {
        let works = self.task(task.as_str()).into_iter().flat_map(|story| &story.attempts);
        let commits: Vec<Oid> = works.flat_map(Attempt::commits).collect();
        let is_on_it = |attempt: &Attempt| {
            let base = attempt.started.base.parse().ok().filter(|_| attempt.started.on_integration);
            base.is_some_and(|base: Oid| commits.iter().any(|commit| repo.has(base, *commit)))
        };
        let others = self.tasks().filter(|(id, _)| *id != task);
        let mut found: Vec<_> = others
            .filter(|(_, story)| story.last_attempt().is_some_and(is_on_it))
            .map(|(id, _)| id.clone())
            .collect();
        found.sort();
        found
    }
}

impl Attempt {
    /// Its work, and the commit that brought it in.
    fn commits(&self) -> impl Iterator<Item = Oid> {
        self.commit().into_iter().chain(self.merge.as_deref().and_then(|merge| merge.parse().ok()))
    }
}
