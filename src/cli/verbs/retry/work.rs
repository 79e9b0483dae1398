//! The work of tasks that are to be done again: it leaves the integration branch.

use crate::cli::branches::refs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::output;
use crate::git::{EpicRefs, Repo, Unmerged};
use crate::report::clean;

/// Work that counts no more.
pub(super) struct Work<'a> {
    repo: &'a Repo,
    refs: EpicRefs,
    tasks: Vec<&'a str>,
    /// Whether other tasks' work may keep it in.
    only: bool,
}

impl<'a> Work<'a> {
    /// Nothing, where there is no git.
    pub(super) fn of(
        context: &'a Context,
        tasks: Vec<&'a str>,
        only: bool,
    ) -> Result<Option<Self>, CliError> {
        let Some(repo) = &context.repo else { return Ok(None) };
        Ok(Some(Self { repo, refs: refs(context)?, tasks, only }))
    }

    /// Refuses, before anything is changed, what could not be done.
    pub(super) fn refuse_unless_it_can_leave(&self) -> Result<(), CliError> {
        let branch = self.refs.integration();
        match self.repo.would_unmerge(&self.refs, &self.tasks)? {
            Unmerged::Nothing => Ok(()),
            Unmerged::Done { held_by, .. } if !held_by.is_empty() && !self.only => {
                let by = cleaned(&held_by);
                let message = format!(
                    "the work can't leave `{branch}`: what {by} brought there contains it; nothing was changed"
                );
                Err(CliError::usage(message).hint(format!(
                    "retry {by}, too; or say `--only`, and the old work stays there as long as that does"
                )))
            }
            Unmerged::Done { .. } => match self.repo.checked_out_at(&branch)? {
                None => Ok(()),
                Some(place) => Err(CliError::usage(format!(
                    "the branch `{branch}` is checked out in `{}`, and would lose work there",
                    place.display()
                ))
                .hint("switch that checkout to another branch first")),
            },
            Unmerged::Conflict { subject, paths } => {
                let paths: Vec<_> = paths.iter().map(|path| clean(&path.to_string_lossy())).collect();
                let message = format!(
                    "the work can't leave `{branch}`: `{}`, which came later, does not hold without it, in {}; \
                     nothing was changed",
                    clean(&subject),
                    paths.join(", ")
                );
                Err(CliError::usage(message)
                    .hint("undo that commit on the branch first, or retry its task, too"))
            }
        }
    }

    /// Takes it out. What has come up since is no reason to go back: the run sees to it when it starts the tasks.
    pub(super) fn leave(&self) -> Result<(), CliError> {
        let branch = self.refs.integration();
        let whose = if self.tasks.len() == 1 { "its" } else { "their" };
        match self.repo.unmerge(&self.refs, &self.tasks)? {
            Unmerged::Nothing => {}
            Unmerged::Done { before, held_by, .. } if !held_by.is_empty() => {
                let before: String = before.to_string().chars().take(10).collect();
                output::say(&format!(
                    "warning {whose} work is still in {branch}: what {} brought there contains it; the branch was at {before}, which a \
                     ref keeps",
                    cleaned(&held_by)
                ));
            }
            Unmerged::Done { before, .. } => {
                let before: String = before.to_string().chars().take(10).collect();
                output::say(&format!(
                    "note    {whose} work has left {branch}; it was at {before}, which a ref keeps"
                ));
            }
            Unmerged::Conflict { subject, .. } => output::say(&format!(
                "warning {whose} work is still in {branch}: `{}` does not hold without it",
                clean(&subject)
            )),
        }
        Ok(())
    }
}

fn cleaned(names: &[String]) -> String {
    names.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", ")
}
