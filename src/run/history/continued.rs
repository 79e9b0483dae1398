//! What the next attempt at a task goes on with, as the journal tells it.

use super::{Attempt, OURS, TaskHistory};
use crate::agent::{AnsweredBrief, News, Outcome};
use crate::genesis::Status;
use crate::run::record::{Answered, Because, Continues, TransitionRecord};

/// A question of the task that was answered.
#[derive(Debug)]
pub(super) struct GivenAnswer {
    pub(super) answered: Answered,
    /// How many changes of status there had been by then, with those that it brought.
    pub(super) transitions: usize,
    /// How many attempts.
    pub(super) attempts: usize,
}

/// An attempt that is to be gone on with.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct GoingOn<'a> {
    pub(in crate::run) with: &'a Attempt,
    pub(in crate::run) because: Because,
    /// The session that may be taken up again.
    pub(in crate::run) session: Option<&'a str>,
}

impl Attempt {
    /// The session that it had, where it is known and there still.
    fn session(&self) -> Option<&str> {
        let (ended, _) = self.ended.as_ref().filter(|(ended, _)| !ended.lost_session)?;
        let given = self.started.continues.as_ref().and_then(|continues| continues.session.as_deref());
        ended.session.as_deref().or(given)
    }
}

impl TaskHistory {
    /// What its next attempt goes on with, in a session of `runner` if that is given. Nothing where it begins afresh: there is nothing to go on
    /// with, or somebody has decided otherwise since. Who was merely stopped is gone on with in its session or not at all.
    pub(in crate::run) fn going_on(&self, runner: Option<&str>) -> Option<GoingOn<'_>> {
        let last = self.last_attempt().filter(|_| !self.is_set_back())?;
        let (ended, _) = last.ended.as_ref()?;
        let session = last.session().filter(|_| runner == Some(&last.started.runner));
        let (because, since) = match ended.outcome {
            Outcome::NeedsAnswer => {
                let answer = self.answers.iter().rfind(|given| given.is_to(last))?;
                (Because::Answer, answer.transitions)
            }
            Outcome::GateFailed => (Because::Findings, last.transitions_before),
            Outcome::Interrupted | Outcome::OutOfBudget => (Because::Retry, last.transitions_before),
            outcome if ended.lost_session || outcome.is_transient() => {
                (Because::Retry, last.transitions_before)
            }
            Outcome::Completed
            | Outcome::NoChanges
            | Outcome::Failed
            | Outcome::AgentError
            | Outcome::TimedOut
            | Outcome::Killed
            | Outcome::CouldNotStart
            | Outcome::Cancelled
            | Outcome::RateLimited
            | Outcome::Unavailable
            | Outcome::Authentication
            | Outcome::PermissionDenied
            | Outcome::OutOfTurns
            | Outcome::OutOfCredit
            | Outcome::Blocked
            | Outcome::MergeConflict
            | Outcome::Escaped => return None,
        };
        let found = match (because, session) {
            (Because::Retry, None) => self.again(last)?,
            // The merge that stood in its worktree is gone from there.
            (Because::Retry, Some(_)) if last.started.resolves.is_some() => self.again(last)?,
            (because, session) => GoingOn { with: last, because, session },
        };
        self.is_left_open(since).then_some(found)
    }

    /// What an attempt went on with that was stopped, and can't be gone on with itself.
    fn again<'a>(&'a self, stopped: &'a Attempt) -> Option<GoingOn<'a>> {
        let before = stopped.started.continues.as_ref()?;
        self.as_recorded(before).map(|before| GoingOn { session: None, ..before })
    }

    /// Whether nobody has worked at the task since that attempt.
    pub(in crate::run) fn is_latest(&self, attempt: &Attempt) -> bool {
        let has_worked =
            |attempt: &&Attempt| attempt.ended.as_ref().is_none_or(|(ended, _)| !ended.lost_session);
        let latest = self.attempts.iter().rfind(has_worked);
        latest.is_some_and(|latest| latest.started.attempt == attempt.started.attempt)
    }

    /// What an attempt goes on with that has begun.
    pub(in crate::run) fn as_recorded<'a>(&'a self, record: &'a Continues) -> Option<GoingOn<'a>> {
        let with = self.attempt(record.attempt)?;
        Some(GoingOn { with, because: record.because, session: record.session.as_deref() })
    }

    /// What its agent is told: what has come of that attempt, and what that one was told in vain if it ended before it could heed it. The
    /// first thing first.
    pub(in crate::run) fn news(&self, going_on: &GoingOn<'_>) -> Vec<News> {
        let mut news = Vec::new();
        let mut next = Some((going_on.with, going_on.because));
        while let Some((with, because)) = next {
            news.extend(self.news_of(with, because));
            let before = with.started.continues.as_ref().filter(|_| because == Because::Retry);
            let before = before.filter(|before| before.attempt < with.started.attempt);
            next = before.and_then(|before| Some((self.attempt(before.attempt)?, before.because)));
        }
        news.reverse();
        news
    }

    fn news_of(&self, with: &Attempt, because: Because) -> Option<News> {
        let (ended, _) = with.ended.as_ref()?;
        match because {
            Because::Answer => {
                let given = self.answers.iter().rfind(|given| given.is_to(with))?;
                Some(News::Answer(given.brief()))
            }
            Because::Findings => Some(News::Findings(ended.detail.clone().unwrap_or_default())),
            Because::Retry => Some(News::Stopped(ended.outcome)),
        }
    }

    /// The last attempt and the answer to its question, if that was the last that was decided about the task.
    pub(super) fn open_answer(&self) -> Option<(&Attempt, &Answered)> {
        let last =
            self.last_attempt().filter(|last| !self.is_set_back() && last.started.resolves.is_none())?;
        let is_asked = last.outcome() == Some(Outcome::NeedsAnswer);
        let given = self.answers.iter().rfind(|given| is_asked && given.is_to(last))?;
        self.is_left_open(given.transitions).then_some((last, &given.answered))
    }

    /// How many changes of status there had been when the attempt's question was answered, with those that the answer brought.
    pub(super) fn answered_at(&self, asked: &Attempt) -> Option<usize> {
        self.answers.iter().rfind(|given| given.is_to(asked)).map(|given| given.transitions)
    }

    /// The answer that the task's next attempt is to take up: no attempt has begun since, and nobody has decided otherwise.
    pub fn untaken_answer(&self) -> Option<&Answered> {
        let last = self.answers.last().filter(|given| given.attempts == self.attempts.len())?;
        self.is_left_open(last.transitions).then_some(&last.answered)
    }

    /// All questions of the task that were answered.
    pub(in crate::run) fn answers(&self) -> Vec<AnsweredBrief> {
        self.answers.iter().map(GivenAnswer::brief).collect()
    }

    /// Whether nobody has decided anything about the task since, and it has not ended.
    pub(super) fn is_left_open(&self, since: usize) -> bool {
        let is_open = |change: &TransitionRecord| match change.to {
            Status::Pending | Status::InProgress => change.actor == OURS,
            Status::Completed | Status::Failed | Status::Blocked | Status::Cancelled => false,
        };
        self.transitions.get(since..).is_some_and(|since| since.iter().all(is_open))
    }
}

impl GivenAnswer {
    fn is_to(&self, asked: &Attempt) -> bool {
        self.answered.attempt == Some(asked.started.attempt)
    }

    fn brief(&self) -> AnsweredBrief {
        let Answered { question, text, by, .. } = self.answered.clone();
        AnsweredBrief { question, text, by }
    }
}

#[cfg(test)]
mod tests;
