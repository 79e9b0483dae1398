use std::path::Path;

use tempfile::TempDir;

use super::CALL;
use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::git::{EpicRefs, Repo, epic_slug};
use crate::report::clean;
use crate::run::remote::RemotePlan;
use crate::store::StateDir;

/// A plan that only the remote has, by its epic's name, in a folder of its own.
pub(super) fn fetched<'a>(
    remote: &str,
    arguments: &'a [String],
    global: &Global,
    error: CliError,
) -> Result<(Context, &'a [String], TempDir), CliError> {
    let Some((epic, names)) = arguments.split_first() else { return Err(error) };
    let Some(repo) = Repo::discover(Path::new("."))? else { return Err(error) };
    let refs = EpicRefs::new(&epic_slug(epic), EpicRefs::DEFAULT_TEMPLATE)?;
    let plan = RemotePlan { remote: repo.remote(remote)?.within(CALL), refs };
    let records = format!("{}*", plan.refs.records());
    let state = plan.remote.fetch(&[&plan.refs.plan(), &records])?;
    let Some(saved) = plan.saved(&state).map_err(|error| CliError::state(Path::new(epic), error))? else {
        return Err(stateless(error, remote, epic, !state.is_empty()));
    };
    let failed =
        |error| CliError::new(Kind::Environment, format!("can't keep the plan for a while: {error}"));
    let folder = tempfile::tempdir().map_err(failed)?;
    let path = folder.path().join("genesis.xml");
    std::fs::write(&path, &saved.plan).map_err(failed)?;
    let path = std::fs::canonicalize(&path).map_err(failed)?;
    let context = Context::open(path, global)?.context();
    let (slug, root) = (epic_slug(&context.epic), folder.path().join(".blueprint"));
    let state = StateDir::locate(&root, &slug, &context.path);
    Ok((Context { repo: Some(repo), state, ..context }, names, folder))
}

/// There is no plan of that name here, nor in the remote, where jobs of single tasks may have left what they did.
fn stateless(error: CliError, remote: &str, epic: &str, has_records: bool) -> CliError {
    let epic = clean(epic);
    if !has_records {
        let text = format!("{error}, and remote `{remote}` has no state of an epic `{epic}`");
        return CliError { message: text, ..error };
    }
    let text = format!(
        "{error}, and remote `{remote}` has records of jobs of the epic `{epic}` alone, not its plan"
    );
    CliError { message: text, ..error }.hint(format!(
        "`blueprint sync`, in a checkout that has the plan's file, folds them in; then `{epic}` is known everywhere"
    ))
}
