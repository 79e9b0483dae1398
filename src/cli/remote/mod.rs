//! A plan whose state lies in a git remote: looked at from here, or taken up here, worked at, and given back.

mod args;
mod fetched;
mod given_back;
mod look;
mod session;
mod signals;
mod workplace;

use std::time::Duration;

use super::branches::refs;
use super::context::Context;
use super::error::CliError;
use crate::git::{Remote, Repo, TimeLeft};
use crate::run::Site;
use crate::run::remote::RemotePlan;

pub(super) use args::RemoteArgs;
pub(super) use given_back::{not_saved, say_left};
pub(super) use look::Looked;
pub(super) use session::{Jobs, Session};
pub(super) use signals::{heed_signals, kind_of_signal};
pub(super) use workplace::Workplace;

/// Who has the lease says so again and again; who is not heard of for so long counts as dead.
pub(super) const LEASE: Duration = Duration::from_mins(2);
/// The remote that is meant where none is named.
pub(super) const DEFAULT: &str = "origin";
/// What follows a person's decision there.
pub(super) const NEXT_JOB: &str = "next    the next `blueprint run --ci`, in whatever clone, takes that up";
/// A remote that takes longer for one call is away.
const CALL: Duration = Duration::from_mins(2);

/// A remote for a job: its calls have limits, and a signal breaks them off, those that only read at once.
pub(super) fn remote_of_job(repo: &Repo, name: &str, time_left: &TimeLeft) -> Result<Remote, CliError> {
    Ok(repo.remote(name)?.within(CALL).in_time(time_left).until(time_left.is_called_off()))
}

/// The plan as a remote has it.
pub(super) fn remote_plan(context: &Context, repo: &Repo, remote: &str) -> Result<RemotePlan, CliError> {
    Ok(RemotePlan { refs: refs(context)?, remote: repo.remote(remote)?.within(CALL) })
}

pub(super) fn in_repository(context: &Context) -> Result<&Repo, CliError> {
    context.repo.as_ref().ok_or_else(|| {
        let folder = context.folder().display();
        CliError::usage(format!("the plan's folder `{folder}` is in no git repository"))
            .hint("a remote is one of a repository: clone it, and work there")
    })
}

pub(super) fn site(context: &Context, repo: &Repo) -> Result<Site, CliError> {
    let (state, epic) = (context.state.clone(), context.epic.clone());
    Ok(Site { plan: context.plan_file()?, repo: repo.clone(), state, epic })
}
