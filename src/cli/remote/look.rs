//! The one way in which verbs look at a plan that change nothing: as this clone knows it, or as a remote does.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::args::RemoteArgs;
use super::fetched::fetched;
use super::{DEFAULT, in_repository, remote_plan};
use crate::cli::args::Global;
use crate::cli::context::{Context, Known, find, no_plan};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::genesis::Genesis;
use crate::git::RefMap;
use crate::report::{Distance, shell_word};
use crate::run::records::live_claims;
use crate::run::remote::{FromAfar, Holder, RemotePlan};
use crate::run::{Record, ledger};
use crate::store::{LoadError, RunOwner, read_plan};

/// A plan as it was when it was looked at.
pub(in crate::cli) struct Looked {
    pub(in crate::cli) context: Context,
    pub(in crate::cli) known: Known,
    /// The tasks that were named.
    pub(in crate::cli) names: Vec<String>,
    /// The remote that knows that, if it is not this clone.
    pub(in crate::cli) afar: Option<Afar>,
}

/// A plan in a remote, and what that had when it was asked.
pub(in crate::cli) struct Afar {
    pub(in crate::cli) plan: RemotePlan,
    pub(in crate::cli) there: RefMap,
    /// The plan as one would type it here.
    plan_name: String,
    /// A plan that this checkout does not have lies there meanwhile.
    folder: Option<TempDir>,
}

impl RemoteArgs {
    /// The plan that `arguments` mean, and the tasks that they name. Nothing changes, here or there.
    ///
    /// # Errors
    /// [`CliError`] if there is no such plan, or if nobody has worked at it by way of the remote that is meant.
    pub(in crate::cli) fn look(&self, arguments: &[String], global: &Global) -> Result<Looked, CliError> {
        let (remote, arguments) = self.split(arguments);
        if let Some(remote) = remote {
            return look_afar(&remote, &arguments, global);
        }
        let (path, names) = find(&arguments)?;
        let (context, known) = Context::open(path, global)?.known_with_records()?;
        Ok(Looked { context, known, names: names.to_vec(), afar: None })
    }

    /// The same for a verb that takes a plan and nothing else.
    pub(in crate::cli) fn look_at(
        &self,
        genesis: Option<&String>,
        global: &Global,
    ) -> Result<Looked, CliError> {
        let arguments: Vec<_> = genesis.cloned().into_iter().collect();
        let looked = self.look(&arguments, global)?;
        match looked.names.first() {
            Some(stray) => Err(no_plan(stray)),
            None => Ok(looked),
        }
    }
}

fn look_afar(remote: &str, arguments: &[String], global: &Global) -> Result<Looked, CliError> {
    let (context, names, folder) = match find(arguments) {
        Ok((path, names)) => (Context::open(path, global)?.context(), names, None),
        Err(error) => {
            let (context, names, folder) = fetched(remote, arguments, global, error)?;
            (context, names, Some(folder))
        }
    };
    let plan = remote_plan(&context, in_repository(&context)?, remote)?;
    let there = plan.fetch()?;
    let epic = || arguments.first().cloned().unwrap_or_default();
    let plan_name = if folder.is_some() { epic() } else { output::typed(&context.path) };
    let afar = Afar { plan, there, plan_name, folder };
    let known = afar.known(&context, &afar.there)?;
    Ok(Looked { context, known, names: names.to_vec(), afar: Some(afar) })
}

impl Looked {
    /// The plan as one would type it here.
    pub(in crate::cli) fn plan_name(&self) -> String {
        self.afar.as_ref().map_or_else(|| output::typed(&self.context.path), |afar| afar.plan_name.clone())
    }

    /// How it is worked at from here, where it is a remote's.
    pub(in crate::cli) fn distance(&self) -> Option<Distance> {
        let afar = self.afar.as_ref()?;
        let named = afar.named();
        let job = afar.folder.is_none().then(|| format!("--ci{named}"));
        Some(Distance {
            flag: if named.is_empty() { "--remote".to_owned() } else { named.trim().to_owned() },
            job,
        })
    }

    /// What happened, line by line, with what jobs of single tasks have told.
    pub(in crate::cli) fn records(&self) -> Result<Vec<Record>, CliError> {
        match &self.afar {
            Some(afar) => afar.records(&self.context.path),
            None => self.context.records(),
        }
    }
}

impl Afar {
    /// The flag that names the remote, where it is another than the one that is meant anyway.
    fn named(&self) -> String {
        match self.plan.remote.name() {
            DEFAULT => String::new(),
            name => format!(" --remote {}", shell_word(name)),
        }
    }

    /// What is known of the plan by these refs of the remote, which are here.
    pub(in crate::cli) fn known(&self, context: &Context, there: &RefMap) -> Result<Known, CliError> {
        let (path, failed) = (&context.path, |error| CliError::state(&context.path, error));
        let Some(FromAfar { plan: saved, history }) = self.plan.look(there).map_err(failed)? else {
            let text = format!("remote `{}` has no state of this plan", self.plan.remote.name());
            return Err(CliError::usage(text).hint("`blueprint run --ci` puts it there"));
        };
        let genesis = ledger::caught_up(document(path, saved)?, &history);
        let genesis = genesis.map_err(|error| CliError::edit(&error))?;
        let plan = Arc::new(context.valid(&genesis)?);
        let run = self.plan.holder(there).map_err(failed)?.map(owner);
        Ok(Known { genesis, plan, history, run, claims: live_claims(&self.plan, there)? })
    }

    fn records(&self, path: &Path) -> Result<Vec<Record>, CliError> {
        self.plan.records(&self.there).map_err(|error| CliError::state(path, error))
    }
}

/// As it was saved; where only jobs of single tasks have left anything, as it is here.
fn document(path: &Path, saved: Option<Vec<u8>>) -> Result<Genesis, CliError> {
    let read = match saved {
        Some(bytes) => Genesis::parse(bytes).map_err(LoadError::Invalid),
        None => read_plan(path),
    };
    read.map_err(|error| CliError::load(path, error))
}

fn owner(holder: Holder) -> RunOwner {
    let Holder { pid, host, run, taken, .. } = holder;
    RunOwner { pid, host, run, started: taken }
}
