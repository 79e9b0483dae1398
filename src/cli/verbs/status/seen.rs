//! What there is to be shown of a plan at one moment.

use crate::cli::error::CliError;
use crate::cli::live::report;
use crate::cli::output;
use crate::cli::remote::Looked;
use crate::plan::TaskIndex;
use crate::report::{Reader, StatusReport, status_lines, task_lines};

/// All that is known of a plan at one moment.
pub(super) struct Seen {
    pub(super) looked: Looked,
    /// The tasks that are to be shown in full; all in a line each, if there is none.
    wanted: Vec<TaskIndex>,
}

impl Seen {
    pub(super) fn of(looked: Looked) -> Result<Self, CliError> {
        let wanted = looked.known.tasks(&looked.names)?;
        Ok(Self { looked, wanted })
    }

    /// What there is to say of it.
    pub(super) fn report(&self) -> Result<StatusReport, CliError> {
        let is_wanted = |index| self.wanted.is_empty() || self.wanted.contains(&index);
        report(&self.looked.context, &self.looked.known, is_wanted)
    }

    /// For people: a line a task, or the stories of those that are named.
    pub(super) fn shown(&self, found: &StatusReport) -> String {
        let reader = Reader::of(output::width());
        if self.wanted.is_empty() {
            return status_lines(found, &reader);
        }
        let stories: Vec<_> = found.tasks.iter().map(|task| task_lines(task, &reader)).collect();
        stories.join("\n")
    }

    pub(super) fn drawn(&self) -> Result<String, CliError> {
        Ok(self.shown(&self.report()?))
    }
}
