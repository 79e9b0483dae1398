//! A review of a task's work by another agent.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::command::slug;
use super::pass::{Ran, Scene};
use super::{Gate, GateEnded, Gating, Reviewer};
use crate::agent::{self, Definition, EndedBy, Kind, Opinion, Outcome, Reading, ReviewBrief};
use crate::run::attempt::{Message, ShareAsked, blocking};
use crate::run::budget::{Opened, Player, Used};
use crate::run::job::{Entry, Job, Report};
use crate::run::judge;
use crate::run::launch::{self, LaunchError};
use crate::run::masking::mask_kept;
use crate::run::process::{Limits, Supervised};
use crate::run::provision::Provided;
use crate::run::step;
use crate::run::supervisor::{End, Walls};
use crate::run::waiting::{Clock, wait};
use crate::run::walls;
use crate::run::{Caps, Stage};
use crate::store::AttemptDir;

/// So often a reviewer is asked who gives no opinion.
const TRIES: usize = 2;
/// Lines at the end of what a `command` prints in which its opinion is.
const MOST_LINES: usize = 500;

pub(super) async fn run(scene: &Scene, gate: &Gate, reviewer: &Reviewer, number: usize) -> Ran {
    let Some(most) = share(scene, gate, reviewer).await else {
        return Ran::Stopped(Used::default());
    };
    let mut used = Used::default();
    let mut why = String::new();
    for _ in 0..TRIES {
        if scene.link.stop.borrow().is_some_and(|stage| stage >= Stage::End) {
            return Ran::Stopped(used);
        }
        let (job, reading) = match ask(scene, gate, (reviewer, left_of(most, used)), number).await {
            Ok(asked) => asked,
            Err(why) => return Ran::NotRun(why, used),
        };
        used = used.plus(used_by(&reading));
        match opinion(&reading, &job) {
            Ok(opinion) => {
                let ended = told(scene, gate, &opinion, &job.dir);
                let Used { cost_usd, tokens } = used;
                return Ran::Ended(Box::new(GateEnded { cost_usd, tokens, ..ended }));
            }
            Err(_) if reading.outcome == Outcome::Interrupted => return Ran::Stopped(used),
            Err(reason) => why = reason,
        }
    }
    Ran::NotRun(format!("the agent `{}` has no opinion: {why}", reviewer.cast.agent), used)
}

/// What it may use up at most, as soon as there is a share of the run's budget for it. Nothing if there is none in this run, or it is to end.
async fn share(scene: &Scene, gate: &Gate, reviewer: &Reviewer) -> Option<Caps> {
    let (answer, given) = oneshot::channel();
    let cast = &reviewer.cast;
    let player = Player { agent: cast.agent.clone(), runner: cast.runner.name().to_owned() };
    let asked = ShareAsked {
        task: scene.job.task.clone(),
        attempt: scene.started.attempt,
        gate: gate.name.clone(),
        by: Opened { player, caps: cast.caps, is_counted: cast.is_counted() },
        answer,
    };
    scene.link.messages.send(Message::ShareAsked(Box::new(asked))).ok()?;
    let mut stop = scene.link.stop.clone();
    tokio::select! {
        given = given => given.ok().flatten(),
        _ = stop.wait_for(|stage| stage.is_some_and(|stage| stage >= Stage::End)) => None,
    }
}

fn used_by(reading: &Reading) -> Used {
    Used { cost_usd: reading.cost_usd, tokens: reading.tokens }
}

/// What is left of it for a reviewer that is asked again.
fn left_of(most: Caps, used: Used) -> Caps {
    let cost_usd = most.cost_usd.map(|most| (most - used.cost_usd.unwrap_or_default()).max(0.0));
    let tokens = used.tokens.map_or(0, agent::Tokens::total);
    Caps { cost_usd, tokens: most.tokens.map(|most| most.saturating_sub(tokens)) }
}

fn told(scene: &Scene, gate: &Gate, opinion: &Opinion, dir: &AttemptDir) -> GateEnded {
    let log = Some(dir.stdout());
    match opinion {
        Opinion::Approved => GateEnded { log, ..scene.ended(gate, true) },
        Opinion::Findings(findings) => {
            let detail = Some(format!("the review `{}` has findings:\n{findings}", gate.name));
            GateEnded { detail, log, ..scene.ended(gate, false) }
        }
    }
}

/// A `command` prints as it likes, so all that it printed is heard; of the others their last message is.
fn opinion(reading: &Reading, job: &Job) -> Result<Opinion, String> {
    match reading.outcome {
        Outcome::Completed | Outcome::NoChanges => {}
        other => {
            let detail = reading.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
            return Err(format!("its attempt {}{detail}", other.sentence()));
        }
    }
    let said = match job.cast.kind {
        Kind::Command => agent::last_lines_of_log(&job.dir.stdout(), MOST_LINES),
        Kind::Claude | Kind::Codex | Kind::Opencode | Kind::Gemini => reading.summary.clone(),
    };
    Opinion::in_message(&said.unwrap_or_default())
        .ok_or_else(|| "it ended with neither `APPROVE` nor `FINDINGS:`".to_owned())
}

/// Runs the reviewer once, in the task's own worktree, where it may write nothing as far as it can be kept from that.
async fn ask(
    scene: &Scene,
    gate: &Gate,
    (reviewer, most): (&Reviewer, Caps),
    number: usize,
) -> Result<(Arc<Job>, Reading), String> {
    let job = Arc::new(as_job(scene, (reviewer, most), &slug(number, &gate.name)));
    let of_work = ReviewBrief {
        base: scene.base.map(|base| base.to_string()),
        head: scene.head.map(|head| head.to_string()),
        summary: scene.summary.clone(),
    };
    let begun = blocking(&job, move |job| begin(job, &of_work)).await.map_err(bug)?;
    let mut process = begun?;
    scene.link.stoppable.is_under(&process);
    let limits = limits(&job);
    let (end, ended_by) = wait(&mut process, limits, Clock::plain(&scene.link, limits.timeout)).await;
    let end: End = end.map_err(|error| error.to_string())?;
    let reading = blocking(&job, move |job| read(job, &end, ended_by)).await.map_err(bug)??;
    Ok((job, reading))
}

/// Its output, without what nobody may see, and with the price of what it used up.
fn read(job: &Job, end: &End, ended_by: Option<EndedBy>) -> Result<Reading, String> {
    walls::remove_temp(&job.dir);
    mask_kept(&job.dir, &job.common.secrets).map_err(|error| error.to_string())?;
    let reading = judge::read(job, end, ended_by);
    let used = job.priced(used_by(&reading), reading.model.as_deref());
    Ok(Reading { cost_usd: used.cost_usd, tokens: used.tokens, ..reading })
}

fn bug(report: Report) -> String {
    report.detail.unwrap_or_default()
}

fn limits(job: &Job) -> Limits {
    Limits { timeout: job.cast.timeout, stall: job.common.stall, grace: job.common.kill_grace }
}

fn begin(job: &Job, of_work: &ReviewBrief) -> Result<Supervised, String> {
    let prompt = agent::review_prompt(&job.brief, of_work);
    let laid_out = launch::lay_out(job, &prompt, &Provided::default());
    let launch::LaidOut { command, walls, .. } = laid_out.map_err(|error: LaunchError| error.to_string())?;
    let walls = walls.map(|walls| only_looking(walls, job));
    let (program, limits) = (&job.common.program, limits(job));
    Supervised::start(program, &command, walls.as_ref(), &job.worktree, &job.dir, limits)
        .map_err(|error| format!("can't start its supervisor: {error}"))
}

/// Its own folders stay open to it, the work does not.
fn only_looking(walls: Walls, job: &Job) -> Walls {
    let closed: Vec<PathBuf> = [job.worktree.as_path(), job.common.repo.common_dir()]
        .into_iter()
        .flat_map(|place| [place.to_owned(), place.canonicalize().unwrap_or_else(|_| place.to_owned())])
        .collect();
    let write =
        walls.write.into_iter().filter(|place| !closed.iter().any(|closed| place.starts_with(closed)));
    Walls { write: write.collect(), ..walls }
}

/// The reviewer's own attempt at its work, as far as its program has to do with it. Nobody takes its reports.
fn as_job(scene: &Scene, (reviewer, most): (&Reviewer, Caps), slug: &str) -> Job {
    let job = &scene.job;
    let dir = AttemptDir::at(step::unused(&job.dir.steps(), slug));
    let agent = &reviewer.cast.agent;
    let definition = job.gating.reviewers.get(agent).cloned();
    Job {
        common: Arc::clone(&job.common),
        task: job.task.clone(),
        name: job.name.clone(),
        slug: job.slug.clone(),
        attempt: scene.started.attempt,
        branch: job.branch.clone(),
        worktree: job.worktree.clone(),
        limits: most,
        cast: reviewer.cast.clone(),
        estimate: None,
        definition: definition.unwrap_or_else(|| Definition::generic(agent)),
        brief: job.brief.clone(),
        results: Vec::new(),
        may_change_nothing: true,
        resolving: None,
        continuing: None,
        build_jobs: job.build_jobs.clone(),
        ports: None,
        gating: Gating::default(),
        dir,
        entry: Entry::Fresh,
    }
}
