//! What this clone remembers of remotes: the remotes have it, or have let it go.

use std::path::PathBuf;

use super::{Fate, Sort, Surveyor, item};
use crate::cli::error::CliError;

impl Surveyor<'_> {
    /// Nobody needs it when the plan is over and nothing of it stays.
    pub(super) fn copies_of_remotes(&mut self) -> Result<(), CliError> {
        let mut tasks = self.known.plan.tasks();
        let is_over = tasks.all(|(_, task)| matches!(self.fate(task.id.as_str()), Fate::Over(_)));
        if !is_over || !self.survey.stays.is_empty() {
            return Ok(());
        }
        let (repo, refs) = (self.branches.repo, &self.branches.refs);
        let integration = refs.integration().full();
        for name in repo.remotes()? {
            let remote = repo.remote(&name)?;
            for (full, tip) in remote.known(&[&refs.all(), &refs.all_branches(), &integration])? {
                let copy = item(Sort::Ref, remote.tracked(&full), "", Some(tip), PathBuf::new());
                let why = format!("only says what remote `{name}` had");
                self.survey.goes.push(super::Item { why, ..copy });
            }
        }
        Ok(())
    }
}
