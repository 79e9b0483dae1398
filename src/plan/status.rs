use thiserror::Error;

use crate::genesis::Status;

/// A change of status that makes no sense for a task.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a {from} task can't become {to}")]
pub struct IllegalTransition {
    /// The status that the task has.
    pub from: Status,
    /// The status that was asked for.
    pub to: Status,
}

/// Whether a task may go from one status to another; asking for the status that it has is always legal.
///
/// What is completed or cancelled only comes back through pending, so that a late report can't undo a result.
///
/// # Errors
/// [`IllegalTransition`] naming both.
pub fn legal(from: Status, to: Status) -> Result<(), IllegalTransition> {
    use Status::{Blocked, Cancelled, Completed, Failed, InProgress, Pending};
    let allowed = match from {
        Pending | InProgress | Blocked => true,
        Failed => matches!(to, Failed | Pending | InProgress | Completed | Cancelled),
        Completed => matches!(to, Completed | Pending),
        Cancelled => matches!(to, Cancelled | Pending),
    };
    allowed.then_some(()).ok_or(IllegalTransition { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_can_only_be_undone_through_pending() {
        for to in Status::ALL {
            let expected = matches!(to, Status::Completed | Status::Pending);
            assert_eq!(legal(Status::Completed, to).is_ok(), expected, "{to}");
        }
    }

    #[test]
    fn asking_for_the_same_status_is_legal() {
        for status in Status::ALL {
            assert_eq!(legal(status, status), Ok(()));
        }
    }
}
