//! Whether what was merged works together: a command that runs on the integration branch, in a worktree of its own, and the search for
//! the merge with which it began to fail.
//!
//! Knows nothing of what follows from that: see the dispatcher.

mod ready;
mod search;

pub(super) use search::{Due, due};

use std::path::PathBuf;
use std::sync::Arc;

use super::attempt::Link;
use super::job::Common;
use super::provision::PortBlock;
use super::step::{self, Step, StepEnd, StepPlace};
use crate::git::Oid;
use ready::{Unready, ready};

/// Digits of a commit in the name of its log.
const DIGITS: usize = 12;

/// A command that has to succeed on the integration branch.
#[derive(Debug, Clone)]
pub struct VerifyStep {
    /// What is run.
    pub step: Step,
    /// It runs when so many tasks were merged since it last succeeded, and at the end.
    pub every: usize,
}

/// What became of one try.
#[derive(Debug)]
pub(super) enum Verified {
    /// It was run to its end.
    Done {
        /// What went wrong, if anything did.
        complaint: Option<String>,
        /// What it printed.
        log: PathBuf,
    },
    /// It was ended with the run, and nothing is known.
    Stopped,
    /// It could not be run at all, for that reason.
    NotRun(String),
}

/// Runs the command on a commit, in the worktree at `folder`, which is made ready for it.
pub(super) async fn verify(
    common: &Arc<Common>,
    step: &Step,
    commit: Oid,
    (folder, ports): (PathBuf, Option<PortBlock>),
    logs: PathBuf,
    link: &Link,
) -> Verified {
    let slug: String = commit.to_string().chars().take(DIGITS).collect();
    let setup = logs.join(format!("{slug}-setup"));
    let env = match ready(common, commit, &folder, ports.as_ref(), &setup, link).await {
        Ok(env) => env,
        Err(Unready::Stopped) => return Verified::Stopped,
        Err(Unready::Failed(why)) => return Verified::NotRun(why),
    };
    let place = StepPlace {
        means: common.means(),
        folder: &folder,
        env: &env,
        logs: &logs,
        slug: &slug,
        confined_as: None,
    };
    let run = step::run(step, place, link).await;
    let complaint = run.complaint(step);
    match run.end {
        StepEnd::Passed => Verified::Done { complaint: None, log: run.log },
        StepEnd::Failed(_) | StepEnd::TimedOut | StepEnd::Killed(_) | StepEnd::TooMuchOutput => {
            Verified::Done { complaint, log: run.log }
        }
        StepEnd::CouldNotStart(why) => Verified::NotRun(why),
        StepEnd::Stopped => Verified::Stopped,
    }
}
