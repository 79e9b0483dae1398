use tempfile::TempDir;

use super::fetched::fetched;
use super::{Jobs, LEASE, Session};
use crate::cli::args::Global;
use crate::cli::context::{Context, find};
use crate::cli::error::CliError;
use crate::cli::person::refuse_inside_an_attempt;

/// A plan that is worked at by a verb: as this clone has it, or a remote.
pub(in crate::cli) struct Workplace {
    pub(in crate::cli) context: Context,
    session: Option<Session>,
    /// A plan that this checkout does not have lies there meanwhile.
    _folder: Option<TempDir>,
}

impl Workplace {
    /// The plan that `arguments` mean, and the tasks that they name.
    ///
    /// # Errors
    /// [`CliError`] if there is no such plan, or if somebody else has it.
    pub(in crate::cli) fn open<'a>(
        verb: &str,
        (remote, jobs): (Option<&str>, Jobs),
        arguments: &'a [String],
        global: &Global,
    ) -> Result<(Self, &'a [String]), CliError> {
        let (context, names, folder) = match (find(arguments), remote) {
            (Ok((path, names)), _) => {
                refuse_inside_an_attempt(verb, Some(&path))?;
                (Context::open(path, global)?.context(), names, None)
            }
            (Err(error), None) => return Err(error),
            (Err(error), Some(remote)) => {
                let (context, names, folder) = fetched(remote, arguments, global, error)?;
                (context, names, Some(folder))
            }
        };
        let session = remote.map(|remote| Session::begin(&context, remote, LEASE, jobs)).transpose()?;
        Ok((Self { context, session, _folder: folder }, names))
    }

    /// What was done is done; with a remote it is there, too, from now on. Gives whether there is one.
    pub(in crate::cli) fn close(self) -> Result<bool, CliError> {
        let Some(session) = self.session else { return Ok(false) };
        session.end(&self.context)?;
        Ok(true)
    }
}
