//! The plan, where a sandbox keeps an agent from it: a draft in the attempt's own folder is edited in its place. The run writes the plan
//! itself, status lists, counters and all; what an edit says beside that reaches it as the attempt's report.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::report::outbox;
use crate::cli::error::{CliError, Kind};
use crate::run::own_folder;
use crate::store::PlanFile;

/// What is edited, and the folder of copies.
pub(super) struct Draft {
    pub(super) plan: PlanFile,
    pub(super) edits: PathBuf,
}

/// The draft of the attempt that we are part of, begun with the plan as it is; nothing outside of one, or where the plan's lock can be
/// taken.
pub(super) fn instead(plan: &Path, lock: &Path) -> Result<Option<Draft>, CliError> {
    let Some((outbox, attempt)) = outbox().zip(attempt()) else { return Ok(None) };
    if !is_kept_out(lock) {
        return Ok(None);
    }
    let begun = begin(plan, &outbox, attempt);
    let (draft, folder) = begun.map_err(|error| {
        let message = format!("can't keep a draft of the plan in `{}`: {error}", outbox.display());
        CliError::new(Kind::Environment, message)
    })?;
    Ok(Some(Draft { plan: PlanFile::new(&draft, folder.join("plan.lock"))?, edits: folder.join("edits") }))
}

/// One of an earlier attempt has what that one said.
fn begin(plan: &Path, outbox: &Path, attempt: u32) -> io::Result<(PathBuf, PathBuf)> {
    let folder = own_folder(outbox)?;
    let draft = folder.join(format!("draft-{attempt}.xml"));
    if !draft.exists() {
        fs::write(&draft, fs::read(plan)?)?;
    }
    Ok((draft, folder))
}

fn attempt() -> Option<u32> {
    env::var("BLUEPRINT_ATTEMPT").ok()?.parse().ok()
}

/// Permissions don't tell: a sandbox has its own.
fn is_kept_out(lock: &Path) -> bool {
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(lock);
    opened.is_err_and(|error| {
        matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_begun_once_for_each_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let plan = folder.path().join("genesis.xml");
        fs::write(&plan, "as it was").unwrap();
        let (first, _) = begin(&plan, folder.path(), 1).unwrap();
        fs::write(&first, "edited").unwrap();
        fs::write(&plan, "as it is").unwrap();
        let texts = [1, 2]
            .map(|attempt| fs::read_to_string(begin(&plan, folder.path(), attempt).unwrap().0).unwrap());
        assert_eq!(texts, ["edited", "as it is"]);
    }

    #[test]
    fn a_lock_that_can_be_taken_keeps_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_kept_out(&folder.path().join("plan.lock")));
        assert!(!is_kept_out(&folder.path().join("gone/plan.lock")), "that is another trouble");
    }
}
