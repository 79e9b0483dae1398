//! What can be tried before a run spends time and money: a worktree of the commit that the plan starts from, what has to be in it, the
//! gates on that, and one small call of each agent program, in there and in its sandbox. Nothing of it is journaled, and nothing is left.
//!
//! Knows nothing of the schedule, and changes no task.

mod call;
mod gates;
mod note;
mod stage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt::Link;
use super::job::Job;
use super::preview::start_of;
use super::provision::{self, Provided, Unprovided};
use super::settings::{Cast, Settings, Site};
use super::start::{common, runtime};
use super::{RunError, RunEvent};
use crate::agent::{Kind, Outcome, Tokens};
use crate::genesis::Quality;
use crate::git::{EpicRefs, epic_slug, finish_removals};
use crate::plan::{Plan, TaskId};
pub use note::abandoned as abandoned_rehearsals;
use stage::Stage;

/// Something that was tried.
#[derive(Debug, Clone, PartialEq)]
pub enum Trial {
    /// A worktree was made, and made ready to work in.
    Worktree {
        /// The commit that it stood at.
        commit: String,
        /// How long that took.
        took: Duration,
        /// What went wrong.
        complaint: Option<String>,
    },
    /// A gate was tried on that commit.
    Gate {
        /// What it is called.
        name: String,
        /// How long that took.
        took: Duration,
        /// What it says, if it does not pass; why it could not be run.
        complaint: Option<String>,
        /// Whether it could be run at all.
        could_run: bool,
    },
    /// An agent program was called.
    Call {
        /// The runner's name.
        runner: String,
        /// What sort of program it is.
        kind: Kind,
        /// How that ended; [`Outcome::Completed`] also where nothing else was asked for.
        outcome: Outcome,
        /// What the program said.
        said: Option<String>,
        /// How long that took.
        took: Duration,
        /// What it cost, in US dollars, if the program says so.
        cost_usd: Option<f64>,
        /// Tokens used, if the program says so.
        tokens: Option<Tokens>,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// In the order in which it was tried.
    pub tried: Vec<Trial>,
    /// The user has ended it.
    pub ended: Option<Ended>,
}

/// The end of a rehearsal by a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// What was not tried, or not to the end.
    pub before: Vec<String>,
    /// It was a SIGTERM.
    pub by_term: bool,
}

/// Tries everything; `casts` are called, one after another, when all else has been tried. `quality` says what numbers have to reach. The user may end it with Ctrl-C, and has what was tried by then.
///
/// # Errors
/// [`RunError`] where no worktree can be made at all.
pub fn rehearse(
    site: &Site,
    settings: &Settings,
    plan: &Plan,
    quality: &[Quality],
    casts: &[Cast],
    tell: &dyn Fn(RunEvent),
) -> Result<Rehearsed, RunError> {
    let refs = EpicRefs::new(&epic_slug(&site.epic), &settings.branch)?;
    let start = start_of(site, settings, &refs)?;
    site.repo.refuse_without_git(start)?;
    for left in abandoned_rehearsals(&site.state) {
        let place = left.worktree.display().to_string();
        left.remove(&site.repo)?;
        tell(RunEvent::Note(format!("removed what an earlier one left that was killed: {place}")));
    }
    let common = common(site, settings, refs, start, "doctor", None);
    let stage = Stage::set(common, site, settings, gates::due(settings, plan, quality))?;
    let tried = runtime()?.block_on(stage.play(casts, tell));
    let has_failed = |trial: &Trial| {
        matches!(trial, Trial::Worktree { complaint: Some(_), .. } | Trial::Gate { complaint: Some(_), .. })
    };
    stage.strike(tried.as_ref().is_ok_and(|rehearsed| rehearsed.tried.iter().any(has_failed)));
    finish_removals();
    tried
}

/// The worktree and the gates, then the programs.
async fn all(stage: &Stage, casts: &[Cast], link: &Link) -> (Vec<Trial>, Vec<String>) {
    let Some(first) = casts.first() else { return (Vec::new(), Vec::new()) };
    let job = Arc::new(stage.job(first, 0));
    let (trial, provided) = worktree(&job, link).await;
    let is_set_up = matches!(trial, Trial::Worktree { complaint: None, .. });
    let mut tried = vec![trial];
    if is_set_up {
        tried.extend(gates::all(&job, &stage.gates, link).await);
    }
    for (place, cast) in (1..).zip(casts).filter(|(_, cast)| cast.kind != Kind::Command) {
        if link.stop.borrow().is_none() {
            tried.push(call::call(&Arc::new(stage.job(cast, place)), &provided, link).await);
        }
    }
    let left = left(&tried, stage, casts);
    (tried, left)
}

/// Of a rehearsal that was ended: what it has not come to the end of.
fn left(tried: &[Trial], stage: &Stage, casts: &[Cast]) -> Vec<String> {
    let is_tried = |trial: &Trial, wanted: &str| match trial {
        Trial::Worktree { .. } => false,
        Trial::Gate { name, .. } => name == wanted,
        Trial::Call { runner, outcome, .. } => {
            runner == wanted && !matches!(outcome, Outcome::Interrupted | Outcome::Cancelled)
        }
    };
    let calls = casts.iter().filter(|cast| cast.kind != Kind::Command).map(|cast| cast.runner.name());
    let gates = stage.gates.iter().map(|gate| gate.name.as_str());
    let open = |name: &&str| !tried.iter().any(|trial| is_tried(trial, name));
    gates.chain(calls).filter(open).map(str::to_owned).collect()
}

async fn worktree(job: &Arc<Job>, link: &Link) -> (Trial, Provided) {
    let began = Instant::now();
    let (provided, complaint) = match provision::provide(job, false, link).await {
        Ok(provided) => (provided, None),
        Err(Unprovided::Broken(error)) => (Provided::default(), Some(error.to_string())),
        Err(Unprovided::Report(report)) => (Provided::default(), report.detail),
    };
    let commit = job.common.start.to_string();
    (Trial::Worktree { commit, took: began.elapsed(), complaint }, provided)
}

/// Whose work it would be.
fn task() -> TaskId {
    TaskId::from("doctor")
}
