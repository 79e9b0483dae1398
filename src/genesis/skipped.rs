//! Tasks that a person has decided to do without: they count as completed, and have no work.

use super::{Genesis, Status, Task};

/// How the result of such a task begins.
pub const SKIPPED: &str = "skipped";

impl Genesis {
    /// Whether somebody has decided that a task counts as completed without work: it has none, whatever an attempt left on its branch.
    pub fn is_skipped(&self, task: &Task) -> bool {
        if task.status != Status::Completed {
            return false;
        }
        let details = self.details(&task.id);
        let by_result = details.result.as_ref().is_some_and(|result| result.summary.starts_with(SKIPPED));
        let said = details.newest().and_then(|event| event.description.as_deref());
        by_result && said.is_none_or(|text| text.starts_with(SKIPPED))
    }
}
