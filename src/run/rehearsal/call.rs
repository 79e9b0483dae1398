//! One small call of an agent program.

use std::sync::Arc;
use std::time::Instant;

use super::Trial;
use crate::agent::Outcome;
use crate::run::attempt::{Link, blocking};
use crate::run::job::{Job, Report};
use crate::run::judge::judge_in_place;
use crate::run::launch::{LaidOut, lay_out};
use crate::run::process::{Limits, Supervised};
use crate::run::provision::Provided;
use crate::run::waiting::{Clock, wait};

const PROMPT: &str = "This is a test of the way to you, before real work begins. Use no tools, read nothing, and change nothing. Answer \
with the one word: ready.\n";

/// Calls the program as an attempt would be started, with hardly anything to do.
pub(super) async fn call(job: &Arc<Job>, provided: &Provided, link: &Link) -> Trial {
    let began = Instant::now();
    let provided = Provided { env: provided.env.clone(), brought: provided.brought.clone() };
    let ready = blocking(job, move |job| lay_out(job, PROMPT, &provided).map_err(|error| error.to_string()));
    let report = match ready.await {
        Ok(Ok(ready)) => answered(job, &ready, link).await,
        Ok(Err(why)) => Report::of(Outcome::CouldNotStart, why),
        Err(bug) => bug,
    };
    Trial::Call {
        runner: job.cast.runner.name().to_owned(),
        kind: job.cast.kind,
        outcome: report.outcome,
        said: report.detail.or(report.summary),
        took: began.elapsed(),
        cost_usd: report.cost_usd,
        tokens: report.tokens,
    }
}

async fn answered(job: &Arc<Job>, ready: &LaidOut, link: &Link) -> Report {
    let timeout = job.cast.timeout;
    let limits = Limits { timeout, stall: timeout, grace: job.common.kill_grace };
    let program = &job.common.program;
    let process =
        Supervised::start(program, &ready.command, ready.walls.as_ref(), &job.worktree, &job.dir, limits);
    let mut process = match process {
        Ok(process) => process,
        Err(error) => {
            return Report::of(Outcome::CouldNotStart, format!("can't start its supervisor: {error}"));
        }
    };
    link.stoppable.is_under(&process);
    let (end, ended_by) = wait(&mut process, limits, Clock::plain(link, timeout)).await;
    match end {
        Ok(end) => {
            let judged = blocking(job, move |job| judge_in_place(job, &end, ended_by, None).0).await;
            judged.unwrap_or_else(|bug| bug)
        }
        Err(error) => Report::of(Outcome::CouldNotStart, error.to_string()),
    }
}
