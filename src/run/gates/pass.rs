//! Running the gates of an attempt.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::command::{Place, run_command};
use super::exact::{Exact, Strays};
use super::{Check, Gate, GateEnded, review};
use crate::agent::Outcome;
use crate::git::{Found, GitError, Oid, Stand};
use crate::run::attempt::{Gone, Link, Message, blocking, broken, record};
use crate::run::job::{Job, Report};
use crate::run::judge::to_record;
use crate::run::record::{AttemptStarted, Fact};
use crate::run::settings::Isolation;
use crate::run::{RunError, Used, call, provision, step};

/// What became of one gate.
pub(in crate::run) enum Ran {
    /// It was run to its end.
    Ended(Box<GateEnded>),
    /// It was ended with the run, and nothing is known but what it had used up.
    Stopped(Used),
    /// It could not be run, for that reason, which is none of the agent's making; what it used up before that was seen.
    NotRun(String, Used),
    /// A person has to be asked.
    Waits,
}

/// That a gate could not be run, and nothing was used up.
pub(super) fn not_run(why: String) -> Ran {
    Ran::NotRun(why, Used::default())
}

/// Where the gates of an attempt run.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) job: Arc<Job>,
    pub(super) started: Arc<AttemptStarted>,
    pub(super) link: Link,
    /// What the work is compared with.
    pub(super) base: Option<Oid>,
    /// The last commit of the work.
    pub(super) head: Option<Oid>,
    /// What its agent said that it did.
    pub(super) summary: Option<String>,
    /// Their variables.
    pub(super) env: Arc<Vec<(OsString, OsString)>>,
    /// What their place has to be; nothing where it is not the task's own.
    pub(super) exact: Option<Arc<Exact>>,
}

/// Whether finished work passes all gates, in their order; those that may run together do. The first that is not passed ends it: that is
/// journaled as the attempt's end then. So does a run that is told to end: the next one goes on with the gates that are left.
pub(in crate::run) async fn pass(
    job: &Arc<Job>,
    started: &AttemptStarted,
    report: &mut Report,
    link: &Link,
) -> Result<bool, Gone> {
    if job.gating.gates.is_empty() {
        return Ok(true);
    }
    let view = View::of(started, report);
    let Prepared { due, env, exact, before } = match blocking(job, move |job| prepare(job, view)).await {
        Ok(Ok(ready)) => ready,
        Ok(Err(error)) => return Err(broken(job, link, error)),
        Err(bug) => {
            *report = bug;
            return Ok(false);
        }
    };
    let scene = Scene {
        job: Arc::clone(job),
        started: Arc::new(started.clone()),
        link: link.clone(),
        base: view.base,
        head: view.head,
        summary: report.summary.clone(),
        env: Arc::new(env),
        exact: exact.map(Arc::new),
    };
    scene.tell_before(&before).await?;
    let passed = scene.pass_due(&due, report).await?;
    match blocking(job, move |job| leave(job, view)).await {
        Ok(Ok(())) => Ok(passed),
        Ok(Err(error)) => Err(broken(job, link, error)),
        Err(bug) => {
            *report = bug;
            Ok(false)
        }
    }
}

/// A gate, with its number among all of its attempt.
pub(super) type Numbered = (usize, Arc<Gate>);

/// All that gates need.
struct Prepared {
    /// The gates to be run.
    due: Vec<Numbered>,
    /// Their variables.
    env: Vec<(OsString, OsString)>,
    /// Where they run, if that is the task's own.
    exact: Option<Exact>,
    /// What was there beside the work.
    before: Vec<Strays>,
}

/// What the gates look at.
#[derive(Clone, Copy)]
struct View {
    /// What it is compared with.
    base: Option<Oid>,
    /// The work, or, where that conflicts with what was merged before, what is to become of both.
    head: Option<Oid>,
    /// The work, and what resolves its conflict.
    resolution: Option<(Oid, Oid)>,
}

impl View {
    fn of(started: &AttemptStarted, report: &Report) -> Self {
        let resolution = report.commit.zip(report.resolution);
        match started.resolves.as_ref().zip(resolution) {
            Some((resolves, (_, made))) => {
                Self { base: resolves.tip.parse().ok(), head: Some(made), resolution }
            }
            None => Self { base: started.base.parse().ok(), head: report.commit, resolution: None },
        }
    }
}

/// The gates that matter for the work and that it has not passed yet, and their variables. What an earlier run has left is ended.
fn prepare(job: &Job, view: View) -> Result<Prepared, RunError> {
    let View { base, head, resolution } = view;
    step::end_leftovers(&job.dir.steps())?;
    let (exact, before) = view.stand(job)?;
    let env = provision::of_gates(job)?;
    let (gates, said) = (&job.gating.gates, head.map(|head| head.to_string()));
    let changed =
        if gates.iter().all(|gate| gate.when.is_always()) { Vec::new() } else { changed(job, base, head)? };
    let numbered = (1..).zip(gates.iter().cloned());
    let due = numbered
        .filter(|(_, gate)| !job.gating.has_passed(gate, said.as_deref(), &job.common.secrets))
        // Where nothing says what changed, everything may have.
        .filter(|(_, gate)| head.is_none() || gate.when.holds(&changed))
        // A person has approved of the work itself, and both sides are seen to be in there.
        .filter(|(_, gate)| resolution.is_none() || !matches!(gate.check, Check::Approve));
    Ok(Prepared { due: due.collect(), env, exact, before })
}

impl View {
    /// Sees to it that the worktree is exactly at what the gates are to look at.
    fn stand(self, job: &Job) -> Result<(Option<Exact>, Vec<Strays>), GitError> {
        let Some(head) = self.head else { return Ok((None, Vec::new())) };
        let mut before = Vec::new();
        if let Some((work, resolved)) = self.resolution
            && !is_at(job, resolved)?
        {
            if let Some(exact) = Exact::of(job, stand(job, work, work)) {
                before.push(exact.put_back()?);
            }
            job.common.repo.show_resolution(&job.worktree, resolved)?;
        }
        let tip = self.resolution.map_or(head, |(work, _)| work);
        let mut exact = Exact::of(job, stand(job, tip, head));
        if let Some(exact) = &mut exact {
            before.push(exact.begin()?);
        }
        Ok((exact, before))
    }
}

fn stand(job: &Job, tip: Oid, head: Oid) -> Stand {
    Stand { branch: job.branch.clone(), tip, head }
}

/// A run that was killed has left it there.
fn is_at(job: &Job, commit: Oid) -> Result<bool, GitError> {
    match job.common.repo.worktree_at(&job.worktree)? {
        Found::Ours(there) => Ok(there.head().ok() == Some(commit)),
        Found::Nothing | Found::Foreign => Ok(false),
    }
}

/// It is the task's again.
fn leave(job: &Job, view: View) -> Result<(), RunError> {
    if let Some((work, resolved)) = view.resolution {
        job.common.repo.end_resolution(&job.worktree, &job.branch, work, resolved)?;
    }
    Ok(())
}

fn changed(job: &Job, base: Option<Oid>, head: Option<Oid>) -> Result<Vec<PathBuf>, GitError> {
    let (Some(base), Some(head)) = (base, head) else { return Ok(Vec::new()) };
    job.common.repo.changed_paths(base, head)
}

impl Scene {
    async fn pass_due(&self, due: &[Numbered], report: &mut Report) -> Result<bool, Gone> {
        self.tell_begun(due);
        for batch in due.chunk_by(|(_, a), (_, b)| a.parallel && b.parallel) {
            let ran = self.exactly(batch).await?;
            if !self.take_in(ran, report).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn tell_begun(&self, due: &[Numbered]) {
        if !due.is_empty() {
            let names: Vec<_> = due.iter().map(|(_, gate)| gate.name.as_str()).collect();
            let text = format!("{}: its work goes through the gates {}", self.job.task, names.join(", "));
            let _ = self.link.messages.send(Message::Note(text));
        }
    }

    /// Runs them all at once; what became of each, in their order.
    pub(super) async fn together(&self, gates: &[Numbered]) -> Vec<(Arc<Gate>, Ran)> {
        let mut running = JoinSet::new();
        for (number, gate) in gates {
            let (scene, gate, number) = (self.clone(), Arc::clone(gate), *number);
            running.spawn(async move {
                let ran = scene.run(&gate, number).await;
                (number, gate, ran)
            });
        }
        let mut ran = Vec::new();
        while let Some(joined) = running.join_next().await {
            ran.push(joined);
        }
        let bug = |error| (0, Arc::clone(&gates[0].1), not_run(format!("a bug in blueprint: {error}")));
        let mut ran: Vec<_> = ran.into_iter().map(|joined| joined.unwrap_or_else(bug)).collect();
        ran.sort_by_key(|(number, ..)| *number);
        ran.into_iter().map(|(_, gate, ran)| (gate, ran)).collect()
    }

    async fn run(&self, gate: &Gate, number: usize) -> Ran {
        match &gate.check {
            Check::Command(command) => {
                let Self { job, env, link, .. } = self;
                let place = Place {
                    means: job.common.means(),
                    folder: &job.worktree,
                    env,
                    logs: &job.dir.steps(),
                    confined_as: Some(job),
                    link,
                };
                let plain = self.ended(gate, false);
                run_command(place, (number, gate), command, &job.gating.rounds, plain).await
            }
            Check::Review(reviewer) => review::run(self, gate, reviewer, number).await,
            // That somebody has approved, the journal would say.
            Check::Approve => Ran::Waits,
        }
    }

    /// How a gate ended, without anything more.
    pub(super) fn ended(&self, gate: &Gate, passed: bool) -> GateEnded {
        let of = (self.job.task.clone(), self.started.attempt);
        GateEnded { passed, ..GateEnded::plain(of, gate, self.head) }
    }

    /// Journals what became of gates, and of the attempt if they were not all passed.
    async fn take_in(&self, ran: Vec<(Arc<Gate>, Ran)>, report: &mut Report) -> Result<bool, Gone> {
        let mut findings = Vec::new();
        let mut verdict = None;
        for (gate, ran) in ran {
            match ran {
                Ran::Ended(ended) => {
                    let ended = ended.masked(&self.job.common.secrets);
                    self.record(&ended, report).await?;
                    if !ended.passed {
                        findings.push(ended.detail.clone().unwrap_or_default());
                    }
                }
                Ran::Stopped(used) => {
                    self.record_cost(used, report).await?;
                    verdict = Some(Verdict::Stopped);
                }
                Ran::NotRun(why, used) => {
                    self.record_cost(used, report).await?;
                    verdict = verdict.or(Some(Verdict::NotRun(gate.name.clone(), why)));
                }
                Ran::Waits => verdict = verdict.or(Some(Verdict::Waits(gate.name.clone()))),
            }
        }
        if !findings.is_empty() {
            verdict = Some(Verdict::Failed(findings.join("\n\n")));
        }
        let Some(verdict) = verdict else { return Ok(true) };
        self.journal(verdict, report).await?;
        Ok(false)
    }

    /// What a gate costs is the attempt's cost first: a run that is killed in between has it paid for again, as it was.
    async fn record(&self, ended: &GateEnded, report: &mut Report) -> Result<(), Gone> {
        self.record_cost(Used { cost_usd: ended.cost_usd, tokens: ended.tokens }, report).await?;
        record(&self.link, Fact::GateEnded(Box::new(ended.clone()))).await
    }

    async fn record_cost(&self, used: Used, report: &mut Report) -> Result<(), Gone> {
        if used == Used::default() {
            return Ok(());
        }
        report.add_cost(used.cost_usd, used.tokens);
        record(&self.link, Fact::AttemptEnded(to_record(&self.started, report))).await
    }

    async fn journal(&self, verdict: Verdict, report: &mut Report) -> Result<(), Gone> {
        let task = &self.job.task;
        match verdict {
            Verdict::Stopped => {
                let fact = Fact::GatesInterrupted { task: task.clone(), attempt: self.started.attempt };
                record(&self.link, fact).await?;
                report.outcome = Outcome::Interrupted;
                report.detail = Some("the run was ended before its gates had all been run".to_owned());
                return Ok(());
            }
            Verdict::Failed(findings) => {
                (report.outcome, report.detail) = (Outcome::GateFailed, Some(findings));
            }
            Verdict::NotRun(gate, why) => {
                report.outcome = Outcome::Blocked;
                report.detail = Some(format!(
                    "the gate `{gate}` could not be run: {why} (its work is kept; once that is mended, `{}` goes on with its gates)",
                    call("run", &self.job.common.plan_word(), task.as_str(), "")
                ));
                report.unrun_gate = Some(gate);
            }
            Verdict::Waits(gate) => {
                let of =
                    |verb: &str, rest: &str| call(verb, &self.job.common.plan_word(), task.as_str(), rest);
                let (diff, answer) = (of("diff", ""), of("answer", "approve"));
                // In the checkout there is neither a commit to compare nor anything to merge.
                let ways = match self.started.isolation {
                    Isolation::Worktree | Isolation::Shared => {
                        format!("`{diff}` shows it, `{answer}` has it merged")
                    }
                    Isolation::None => {
                        format!("it is in the checkout, not committed; `{answer}` has it completed")
                    }
                };
                let question = format!(
                    "gate `{gate}`: is its work approved? ({ways}; any other answer goes back to its agent)"
                );
                report.outcome = Outcome::NeedsAnswer;
                (report.approval, report.question) = (Some(gate), Some(question));
            }
        }
        record(&self.link, Fact::AttemptEnded(to_record(&self.started, report))).await
    }
}

/// Why work goes no further.
enum Verdict {
    Stopped,
    Failed(String),
    NotRun(String, String),
    Waits(String),
}
