//! The words by which programs know what became of tasks and runs.

use super::{Cause, Stage, Verdict};

impl Cause {
    /// Its word in files that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Foreign => "foreign",
            Self::LeftOut => "left-out",
        }
    }
}

impl Stage {
    /// Its word in files that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::End => "end",
            Self::Kill => "kill",
        }
    }
}

impl Verdict {
    /// Its word in files that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted { .. } => "interrupted",
            Self::OverBudget => "over-budget",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Completed => "completed",
        }
    }
}
