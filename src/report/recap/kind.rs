//! What an attempt was good for, in one word for its colour.

use super::model::AttemptRecap;
use crate::agent::Outcome;

/// What an attempt was good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its work was done.
    Done,
    /// A gate or a conflict sent its work back.
    SentBack,
    /// It failed.
    Failed,
    /// It asks, or says that something is in its way.
    Waits,
    /// It was stopped, or goes on still.
    Open,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Done, Self::SentBack, Self::Failed, Self::Waits, Self::Open];

    pub(super) fn of(attempt: &AttemptRecap) -> Self {
        let Some(outcome) = attempt.outcome else { return Self::Open };
        match outcome {
            Outcome::Completed | Outcome::NoChanges => Self::Done,
            Outcome::GateFailed | Outcome::MergeConflict => Self::SentBack,
            Outcome::Blocked | Outcome::NeedsAnswer => Self::Waits,
            Outcome::Cancelled | Outcome::Interrupted => Self::Open,
            Outcome::Failed
            | Outcome::AgentError
            | Outcome::TimedOut
            | Outcome::Killed
            | Outcome::CouldNotStart
            | Outcome::RateLimited
            | Outcome::Unavailable
            | Outcome::Authentication
            | Outcome::PermissionDenied
            | Outcome::OutOfTurns
            | Outcome::OutOfBudget
            | Outcome::OutOfCredit
            | Outcome::Escaped => Self::Failed,
        }
    }

    /// In a legend.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::SentBack => "sent back by a gate or a conflict",
            Self::Failed => "failed",
            Self::Waits => "asks or is blocked",
            Self::Open => "stopped, or under way",
        }
    }

    /// Whether its work went nowhere by itself. Who asks does no wrong, and who was stopped had no chance.
    pub(super) fn is_unsuccessful(self) -> bool {
        match self {
            Self::SentBack | Self::Failed => true,
            Self::Done | Self::Waits | Self::Open => false,
        }
    }
}
