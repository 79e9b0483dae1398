//! Work that a remote does not take: what everybody else is told of its task. It is blocked, with the reason: nobody shall go on from a commit
//! that only one clone has.

use jiff::Timestamp;

use crate::agent::Outcome;
use crate::genesis::Status;
use crate::git::{BranchName, EpicRefs, Oid};
use crate::plan::TaskId;
use crate::run::handover::moment;
use crate::run::record::{AttemptEnded, Fact, Record, TransitionRecord};
use crate::run::{History, TaskHistory};

/// A task whose work a remote does not take.
#[derive(Debug, Clone, PartialEq)]
pub struct Untaken {
    /// The task.
    pub task: TaskId,
    /// Where its work is, in this clone only.
    pub branch: BranchName,
    /// Why, in the remote's words.
    pub said: String,
    attempt: u32,
    from: Status,
    /// What a journal says of it from then on.
    pub(in crate::run) facts: [Record; 2],
}

impl Untaken {
    /// Whether it is the same that another look has found.
    pub(in crate::run) fn is(&self, other: &Self) -> bool {
        (&self.task, self.attempt, self.from) == (&other.task, other.attempt, other.from)
    }
}

/// The tasks whose work counts and lacks there; `lacks` says why of a commit that the remote does not have.
pub(in crate::run) fn untaken(
    history: &History,
    refs: &EpicRefs,
    remote: &str,
    lacks: impl Fn(Oid) -> Option<String>,
) -> Vec<Untaken> {
    let found = history.tasks().filter_map(|(task, story)| {
        let attempt = story.attempts.last()?;
        let said = attempt.commit().into_iter().chain(attempt.resolution()).find_map(&lacks)?;
        let from = story.transitions.last()?.to;
        let (ended, _) = attempt.ended.as_ref().filter(|_| counts(from))?;
        let why = format!("remote `{remote}` does not take its work: {said}");
        let facts = [refused(ended, &why), blocked(story, task, from, &why)];
        let (task, branch) = (task.clone(), refs.branch(&attempt.started.slug));
        Some(Untaken { task, branch, said, attempt: attempt.started.attempt, from, facts })
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by(|one, other| one.task.cmp(&other.task));
    found
}

/// Whether anybody would go on from the work of a task that stands so.
fn counts(status: Status) -> bool {
    match status {
        Status::Completed | Status::Blocked => true,
        Status::Pending | Status::InProgress | Status::Failed | Status::Cancelled => false,
    }
}

fn refused(ended: &AttemptEnded, why: &str) -> Record {
    Record::now(Fact::AttemptEnded(AttemptEnded {
        outcome: Outcome::Blocked,
        summary: None,
        detail: Some(why.to_owned()),
        commit: None,
        resolution: None,
        ..ended.clone()
    }))
}

fn blocked(story: &TaskHistory, task: &TaskId, from: Status, why: &str) -> Record {
    let at: Timestamp = moment(Some(story));
    Record::now(Fact::Transition(TransitionRecord {
        task: task.clone(),
        from,
        to: Status::Blocked,
        at,
        actor: "blueprint".to_owned(),
        description: why.to_owned(),
        changes: None,
        result: None,
    }))
}
