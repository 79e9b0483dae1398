//! A job died, and another one takes its task over: what it had begun is brought to an end first.

use jiff::Timestamp;

use crate::agent::Outcome;
use crate::genesis::Status;
use crate::plan::TaskId;
use crate::run::handover::moment;
use crate::run::record::{AttemptEnded, AttemptStarted, Fact, TransitionRecord};
use crate::run::{History, TaskHistory};

/// What is to be journaled so that a task is pending that a job of another machine had in progress; nothing, if none had.
///
/// The attempt's agent is gone with its machine, or can't be reached: there is no process to adopt and no worktree to go on in.
pub(super) fn ended(history: &History, task: &TaskId, whose: &str) -> Vec<Fact> {
    let Some(story) = history.task(task.as_str()) else { return Vec::new() };
    if story.transitions.last().is_none_or(|last| last.to != Status::InProgress) || story.taken_by().is_some()
    {
        return Vec::new();
    }
    let why = format!("the job that had it is gone ({whose})");
    let attempt = story.open_attempt().map(|attempt| {
        let since = Timestamp::now().duration_since(attempt.at);
        Fact::AttemptEnded(AttemptEnded {
            duration_ms: since.as_millis().try_into().unwrap_or_default(),
            ..interrupted(&attempt.started, &why)
        })
    });
    attempt.into_iter().chain([Fact::Transition(back(story, task, &why))]).collect()
}

fn interrupted(started: &AttemptStarted, why: &str) -> AttemptEnded {
    AttemptEnded {
        task: started.task.clone(),
        attempt: started.attempt,
        outcome: Outcome::Interrupted,
        summary: None,
        deliverables: Vec::new(),
        notes: None,
        detail: Some(why.to_owned()),
        question: None,
        retry_at: None,
        protected: Vec::new(),
        approval: None,
        unrun_gate: None,
        commit: None,
        session: None,
        lost_session: false,
        resolution: None,
        cost_usd: None,
        tokens: None,
        duration_ms: 0,
    }
}

fn back(story: &TaskHistory, task: &TaskId, why: &str) -> TransitionRecord {
    TransitionRecord {
        task: task.clone(),
        from: Status::InProgress,
        to: Status::Pending,
        at: moment(Some(story)),
        actor: "blueprint".to_owned(),
        description: why.to_owned(),
        changes: None,
        result: None,
    }
}
