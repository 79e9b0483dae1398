//! What others did to the plan file, and what is told of it.

use crate::genesis::Genesis;
use crate::plan::TaskId;
use crate::run::RunEvent;
use crate::run::record::{Asks, TransitionRecord};
use crate::store::Restored;

/// What others did to the plan file.
#[derive(Debug)]
pub(in crate::run) enum News {
    /// They changed it; this is what it was.
    Changed(Box<Genesis>),
    /// They took this change back; it is written again.
    Again(TransitionRecord),
    /// It had not so many changes, which the journal has: a run was killed before it could save them. They are there now.
    CaughtUp(usize),
    /// They ask something of a run.
    Asked {
        /// Of which.
        run: String,
        /// What.
        asks: Asks,
        /// Who.
        by: String,
    },
    /// They set these tasks back; the journal has it.
    SetBack(Vec<TaskId>),
    /// They answered the task's question; the journal has it.
    Answered {
        /// Whose.
        task: TaskId,
        /// Who.
        by: String,
    },
    /// They broke it; it is what it was before.
    Restored {
        /// What was wrong.
        why: String,
        /// What became of theirs.
        how: Restored,
    },
    /// One of them has the plan's lock, and is slow to give it back.
    Waits {
        /// Its process id, where the kernel tells.
        holder: Option<u32>,
    },
}

impl News {
    /// What is told of it, if it is told as such.
    pub(in crate::run) fn told(&self) -> Option<RunEvent> {
        let (task, text) = match self {
            Self::Answered { task, by } => {
                return Some(RunEvent::Note(format!("the question of {task} is answered by {by}")));
            }
            Self::Changed(_) | Self::Asked { .. } | Self::SetBack(_) => return None,
            Self::Waits { holder } => {
                let by = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                (None, format!("waits for the plan's lock, held by {by}"))
            }
            Self::Again(record) => {
                let text = format!("the plan file had missed that it is {}; written now", record.to);
                (Some(record.task.clone()), text)
            }
            Self::CaughtUp(count) => {
                (None, format!("the plan file had missed {count} changes of status; written now"))
            }
            Self::Restored { why, how: Restored::SetAside(path) } => {
                (None, format!("{why}; it is set aside as {}, and the last good one is back", path.display()))
            }
            Self::Restored { why, .. } => (None, format!("{why}; the last good one is back")),
        };
        Some(RunEvent::Warning { task, text })
    }
}
