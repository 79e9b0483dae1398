use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::audit::Workers;
use super::budget::{Caps, Prices, Used};
use super::continuing::Continuing;
use super::gates::Gating;
use super::history::Attempt;
use super::launch::Ready;
use super::merging::Resolving;
use super::protected::Protected;
use super::provision::{PortBlock, Provisions};
use super::record::{AttemptEnded, AttemptStarted, ProcessId, Reported};
use super::settings::{Cast, Isolation};
use super::shared::Shared;
use super::walls::Confinement;
use crate::agent::{
    BaseEnv, Brief, BuildJobs, Definition, EnvPolicy, Offer, Outcome, Secrets, Tokens, shell_word,
};
use crate::git::{BranchName, EpicRefs, Oid, Repo, Strategy};
use crate::plan::TaskId;
use crate::store::AttemptDir;

/// What all attempts of a run share.
pub(super) struct Common {
    pub(super) repo: Repo,
    pub(super) refs: EpicRefs,
    /// The commit that the plan started from.
    pub(super) start: Oid,
    /// In which shape finished work gets into the integration branch.
    pub(super) strategy: Strategy,
    pub(super) run: String,
    pub(super) genesis: PathBuf,
    /// The plan's path in the repository, if it is in there.
    pub(super) genesis_in_repo: Option<PathBuf>,
    pub(super) config_dir: PathBuf,
    pub(super) env: BaseEnv,
    pub(super) env_policy: EnvPolicy,
    /// What must not stand in anything that is kept or shown.
    pub(super) secrets: Secrets,
    pub(super) confinement: Confinement,
    pub(super) protected: Protected,
    /// Which documents agents are offered.
    pub(super) offer: Offer,
    /// Who works where.
    pub(super) workers: Workers,
    /// The worktree in which what is merged is tried together.
    pub(super) verified_in: PathBuf,
    pub(super) program: PathBuf,
    /// Programs of ours that agents find first in their `PATH`.
    pub(super) programs: Option<PathBuf>,
    /// What worktrees get before agents begin in them.
    pub(super) provisions: Provisions,
    /// The worktree that attempts share, where they do.
    pub(super) shared: Shared,
    /// What tokens cost, for programs that tell nothing else.
    pub(super) prices: Prices,
    pub(super) kill_grace: Duration,
    /// An agent that gives no sign of life for so long is ended.
    pub(super) stall: Duration,
}

impl Common {
    /// How the plan is named on a command line in the repository, with a blank before; nothing where it is found there without.
    pub(super) fn plan_word(&self) -> String {
        let named: &Path = match &self.genesis_in_repo {
            Some(path) if path == Path::new("genesis.xml") => return String::new(),
            Some(path) => epic_of(path).unwrap_or(path),
            None => &self.genesis,
        };
        format!(" {}", shell_word(&named.to_string_lossy()))
    }
}

/// The name by which a plan is found from everywhere in its repository.
fn epic_of(plan: &Path) -> Option<&Path> {
    let folder =
        plan.strip_prefix(".claude/epics").ok().filter(|_| plan.ends_with("genesis.xml"))?.parent()?;
    (folder.components().count() == 1).then_some(folder)
}

/// One attempt, with all that it needs to know.
pub(super) struct Job {
    pub(super) common: Arc<Common>,
    pub(super) task: TaskId,
    pub(super) name: String,
    pub(super) slug: String,
    /// From 1.
    pub(super) attempt: u32,
    pub(super) branch: BranchName,
    pub(super) worktree: PathBuf,
    pub(super) cast: Cast,
    /// What it may use up at most: its own cap, or what is left of the run's budget, whichever is less.
    pub(super) limits: Caps,
    /// The planner's estimate, where it can be read.
    pub(super) estimate: Option<Duration>,
    pub(super) definition: Definition,
    pub(super) brief: Brief,
    /// The prerequisites' results, in the order of the plan.
    pub(super) results: Vec<Oid>,
    pub(super) may_change_nothing: bool,
    /// The conflict that it is to resolve, if it is not to do the task.
    pub(super) resolving: Option<Resolving>,
    /// The attempt that it goes on with, if it does not begin afresh.
    pub(super) continuing: Option<Continuing>,
    /// The jobs that its builds share with those of others.
    pub(super) build_jobs: Option<BuildJobs>,
    /// Ports for what it starts.
    pub(super) ports: Option<PortBlock>,
    /// What its work has to pass.
    pub(super) gating: Gating,
    pub(super) dir: AttemptDir,
    pub(super) entry: Entry,
}

impl Job {
    /// The branch that is checked out where the agent works, if that is its task's own.
    pub(super) fn task_branch(&self) -> Option<String> {
        match self.cast.isolation {
            Isolation::Worktree | Isolation::Shared => Some(self.branch.as_str().to_owned()),
            Isolation::None => None,
        }
    }

    /// What was used with its cost, by the price of the model where the program does not tell.
    pub(super) fn priced(&self, used: Used, model: Option<&str>) -> Used {
        let asked_for = self.cast.runner.model(&self.definition);
        let names = model.into_iter().chain(asked_for).chain([self.cast.runner.name()]);
        let priced = || used.tokens.and_then(|tokens| self.common.prices.cost(names, tokens));
        Used { cost_usd: used.cost_usd.or_else(priced), ..used }
    }

    /// Where the agent leaves its reports: in its own worktree, where it may write in any sandbox; in a checkout that is everybody's, beside
    /// its log.
    pub(super) fn outbox(&self) -> &Path {
        match self.cast.isolation {
            Isolation::Worktree => &self.worktree,
            Isolation::Shared | Isolation::None => self.dir.path(),
        }
    }
}

/// Where an attempt begins.
pub(super) enum Entry {
    /// At its beginning.
    Fresh,
    /// Where its agent can be started, in the checkout itself, or that can't be.
    Prepared(Result<Box<Ready>, Box<Report>>),
    /// An earlier run started its agent, and perhaps saw its end, but not what follows.
    Resumed(Box<Resumed>),
}

impl Resumed {
    /// What the journal has of it.
    pub(super) fn of(attempt: &Attempt) -> Self {
        let ended = attempt.ended.as_ref().map(|(ended, _)| ended.clone());
        let reports = attempt.reports.iter().map(|(reported, _)| reported.clone()).collect();
        let process = attempt.process.clone();
        Self {
            started: attempt.started.clone(),
            has_spoken: attempt.has_spoken,
            at: attempt.at,
            reports,
            process,
            ended,
        }
    }
}

impl Entry {
    /// What its agent has said before this run.
    pub(super) fn reports(&self) -> Vec<Reported> {
        match self {
            Self::Fresh | Self::Prepared(_) => Vec::new(),
            Self::Resumed(resumed) => resumed.reports.clone(),
        }
    }

    /// The journal has its end already.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::Resumed(resumed) if resumed.ended.is_some())
    }
}

/// An attempt of an earlier run.
pub(super) struct Resumed {
    pub(super) started: AttemptStarted,
    /// When it began.
    pub(super) at: Timestamp,
    /// What its agent has said so far.
    pub(super) reports: Vec<Reported>,
    /// Its agent has printed something.
    pub(super) has_spoken: bool,
    /// Its agent's process, where that is known.
    pub(super) process: Option<ProcessId>,
    pub(super) ended: Option<AttemptEnded>,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    pub(super) outcome: Outcome,
    pub(super) summary: Option<String>,
    pub(super) deliverables: Vec<String>,
    pub(super) notes: Option<String>,
    /// What others should know, by the agent's last words.
    pub(super) learnings: Vec<String>,
    pub(super) detail: Option<String>,
    pub(super) question: Option<String>,
    /// When the limit ends that it ran into, if that is known.
    pub(super) retry_at: Option<Timestamp>,
    pub(super) cost_usd: Option<f64>,
    pub(super) tokens: Option<Tokens>,
    pub(super) duration: Duration,
    /// The last commit of its work.
    pub(super) commit: Option<Oid>,
    /// Its program's session, where it has one that can be taken up again.
    pub(super) session: Option<String>,
    /// The session that it was to take up again is gone.
    pub(super) lost_session: bool,
    /// What of it waits for a person's approval.
    pub(super) protected: Vec<String>,
    /// The gate at which it waits for a person's approval.
    pub(super) approval: Option<String>,
    /// The gate that could not be run.
    pub(super) unrun_gate: Option<String>,
    /// The commit with an accepted resolution of a conflict.
    pub(super) resolution: Option<Oid>,
    /// The integration branch's commit with its work.
    pub(super) merge: Option<Oid>,
    /// Whether its work is in the integration branch, so that the task is done.
    pub(super) done: bool,
}

impl Report {
    /// The same without what nobody may see.
    pub(super) fn masked(mut self, secrets: &Secrets) -> Self {
        for text in [&mut self.summary, &mut self.notes, &mut self.detail, &mut self.question] {
            secrets.mask_some(text);
        }
        self.deliverables.iter_mut().for_each(|text| secrets.mask(text));
        self
    }

    /// What it used up, as far as it is known.
    pub(super) fn used(&self) -> Used {
        Used { cost_usd: self.cost_usd, tokens: self.tokens }
    }

    /// Somebody else has worked for it, too.
    pub(super) fn add_cost(&mut self, usd: Option<f64>, tokens: Option<Tokens>) {
        self.cost_usd = [self.cost_usd, usd].into_iter().flatten().reduce(|a, b| a + b);
        self.tokens = [self.tokens, tokens].into_iter().flatten().reduce(Tokens::plus);
    }

    /// The same of work that is given up, for that reason.
    pub(super) fn given_up(&self, why: &str) -> Self {
        let detail = self.detail.as_ref().map_or_else(|| why.to_owned(), |detail| format!("{why}; {detail}"));
        Self { detail: Some(detail), ..self.clone() }
    }

    /// An attempt that ended before anything could be made.
    pub(super) fn of(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            summary: None,
            deliverables: Vec::new(),
            notes: None,
            learnings: Vec::new(),
            detail: Some(detail.into()),
            question: None,
            retry_at: None,
            cost_usd: None,
            tokens: None,
            duration: Duration::ZERO,
            commit: None,
            session: None,
            lost_session: false,
            protected: Vec::new(),
            approval: None,
            unrun_gate: None,
            resolution: None,
            merge: None,
            done: false,
        }
    }
}
