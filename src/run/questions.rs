//! Questions that keep tasks from going on, and what an answer makes of them.
//!
//! Knows nothing of who answers: a person, or a program in their place.

use thiserror::Error;

use crate::agent::Outcome;
use crate::genesis::{Genesis, Status, Task};
use crate::plan::TaskId;

use super::handover::moment;
use super::outbox::ASKED;
use super::record::{Answered, TransitionRecord};
use super::{Attempt, TaskHistory};

/// A question that a task waits with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The attempt that asked; nothing where somebody asked outside of one.
    pub attempt: Option<u32>,
    /// What it is.
    pub text: String,
}

/// The question that the task waits with, if it does: one that somebody has blocked it with, or its last attempt's. A run that was killed may
/// not have had the time to block the task.
pub fn open_question(genesis: &Genesis, task: &Task, story: Option<&TaskHistory>) -> Option<OpenQuestion> {
    let by_hand = || {
        let last = genesis.details(&task.id).history.pop()?;
        let text = last.description?.strip_prefix(ASKED)?.to_owned();
        Some(OpenQuestion { attempt: None, text })
    };
    let of_attempt =
        || of_attempt(story?.last_attempt().filter(|_| !story.is_some_and(TaskHistory::is_set_back))?);
    match task.status {
        Status::Blocked => by_hand().or_else(of_attempt),
        Status::InProgress => story?.open_attempt().and_then(self::of_attempt),
        Status::Pending | Status::Completed | Status::Failed | Status::Cancelled => None,
    }
}

fn of_attempt(attempt: &Attempt) -> Option<OpenQuestion> {
    let (ended, _) = attempt.ended.as_ref().filter(|(ended, _)| ended.outcome == Outcome::NeedsAnswer)?;
    let text = ended.question.clone().or_else(|| ended.detail.clone()).unwrap_or_default();
    Some(OpenQuestion { attempt: Some(ended.attempt), text })
}

/// So much of an answer (in bytes) is taken.
pub const LONGEST_ANSWER: usize = 64 * 1024;

/// A text that is not fit to be an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// There is nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// There is too much in it.
    #[error("the answer is longer than {} KiB", LONGEST_ANSWER >> 10)]
    TooLong,
}

/// The answer that is in a text: without what stands around it, and without characters that no document can have.
///
/// # Errors
/// [`NoAnswer`] where there is none, or too much.
pub fn answer_in(text: &str) -> Result<String, NoAnswer> {
    let text: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    match text.trim() {
        "" => Err(NoAnswer::Empty),
        text if text.len() > LONGEST_ANSWER => Err(NoAnswer::TooLong),
        text => Ok(text.to_owned()),
    }
}

impl OpenQuestion {
    /// The fact that it is answered, with which the task is pending.
    pub fn answered(self, task: &Task, story: Option<&TaskHistory>, text: &str, by: &str) -> Answered {
        let id = TaskId::from(task.id.as_str());
        let transition = TransitionRecord {
            task: id.clone(),
            from: task.status,
            to: Status::Pending,
            at: moment(story),
            actor: by.to_owned(),
            description: format!("answered by {by}: {text}"),
            changes: Some(format!("the question was: {}", self.text)),
            result: None,
        };
        Answered {
            task: id,
            attempt: self.attempt,
            question: self.text,
            text: text.to_owned(),
            by: by.to_owned(),
            transitions: vec![transition],
        }
    }
}
