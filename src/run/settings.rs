use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Asides;
use super::budget::{Caps, Prices};
use super::gates::Gates;
use super::protected::Protected;
use super::provision::Provisioning;
use super::sharing::{Resource, Sharing};
use super::step::Step;
use super::verify::VerifyStep;
use super::walls::Confinement;
use crate::agent::{BaseEnv, EnvPolicy, Kind, Offer, Outcome, Runner, Secrets};
use crate::git::{Repo, Strategy};
use crate::plan::{Plan, TaskId};
use crate::store::{PlanFile, StateDir};

/// Where a plan lives: its file, its repository, and the folder of its state.
#[derive(Debug, Clone)]
pub struct Site {
    /// The plan's file.
    pub plan: PlanFile,
    /// The repository that agents work in.
    pub repo: Repo,
    /// Journal, locks, logs.
    pub state: StateDir,
    /// The epic's name, as the user wants it.
    pub epic: String,
}

/// What a run is asked to do, and how.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish by itself")]
pub struct Settings {
    /// How many attempts at once.
    pub jobs: NonZeroUsize,
    /// How many further attempts after one that ended for a transient reason.
    pub retries: u32,
    /// After these outcomes another attempt follows; if nothing is said, after those that are [transient](Outcome::is_transient).
    pub retry_outcomes: Option<Vec<Outcome>>,
    /// Between TERM and KILL.
    pub kill_grace: Duration,
    /// An agent that neither prints nor uses the processor for so long is ended.
    pub stall_timeout: Duration,
    /// What the run may use up: nothing new is started that might use more.
    pub budget: Caps,
    /// What tokens cost, for programs that tell nothing else.
    pub prices: Prices,
    /// Nobody is at the terminal: the first Ctrl-C, too, is a system's that will not wait for ever.
    pub unattended: bool,
    /// What others have come to than the named tasks and what these need is none of this run's: another machine sees to that.
    pub alone: bool,
    /// Start nothing new after the first task that failed.
    pub fail_fast: bool,
    /// Take up failed tasks, too.
    pub rerun_failed: bool,
    /// Only these tasks and what they need; all, if empty.
    pub only: Vec<TaskId>,
    /// Tasks that may end without a change.
    pub allow_no_changes: Vec<String>,
    /// A missing definition is an error.
    pub require_definitions: bool,
    /// The folder of a task's worktree, with `{repo}`, `{epic}` and `{task}`; relative to the checkout.
    pub worktree_dir: String,
    /// The branch of a task, with `{epic}` and `{task}`.
    pub branch: String,
    /// What a plan starts from at its first run; else `HEAD`.
    pub base: Option<String>,
    /// In which shape finished work gets into the integration branch.
    pub strategy: Strategy,
    /// What follows a conflict with work that is merged already.
    pub on_conflict: OnConflict,
    /// What answers tasks' questions in a person's place.
    pub ask: Option<Step>,
    /// What the work of tasks has to pass before it is merged.
    pub gates: Gates,
    /// What has to succeed on the integration branch.
    pub verify: Option<VerifyStep>,
    /// Where definitions of agents are looked for, in order.
    pub agent_folders: Vec<PathBuf>,
    /// The environment that we were started with.
    pub env: BaseEnv,
    /// What of it must not stand in anything that is kept or shown.
    pub secrets: Secrets,
    /// What of it agents get beside the usual.
    pub env_policy: EnvPolicy,
    /// What agents in worktrees are kept in.
    pub confinement: Confinement,
    /// What no task may change unless a person approves.
    pub protected: Protected,
    /// Which documents of the project agents are offered.
    pub offer: Offer,
    /// What `{config_dir}` stands for.
    pub config_dir: PathBuf,
    /// Our own program, which supervises attempts.
    pub program: PathBuf,
    /// Who plays each task, by the plan as it was when the run was asked for.
    pub casting: Casting,
    /// Who plays each task of a plan that has changed since; or why nobody can.
    pub caster: Caster,
    /// Which worktrees stay when nobody works in them any more.
    pub keep: Keep,
    /// So many worktrees are there at once, at most.
    pub max_worktrees: Option<NonZeroUsize>,
    /// What worktrees get before agents begin in them.
    pub provisioning: Provisioning,
    /// What attempts share, and how much there is of it.
    pub sharing: Sharing,
    /// Report the last line of each running agent's output, that often.
    pub output_every: Option<Duration>,
    /// What is told from beside the run.
    pub asides: Asides,
}

/// Who plays each task: one cast, where many are played alike.
pub type Casting = HashMap<TaskId, Arc<Cast>>;

/// Casts every task of a plan, or says what is wrong with the configuration.
pub type Caster = Box<dyn Fn(&Plan) -> Result<Casting, String>>;

/// Where attempts work, and what comes of their work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Each in a git worktree of its own, on its task's branch, under a supervisor.
    #[default]
    Worktree,
    /// All in one git worktree, on one branch, each under a supervisor.
    Shared,
    /// All in the checkout itself, started directly: nothing is committed or merged.
    None,
}

impl Isolation {
    /// Whether that is what goes without saying.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::Worktree
    }
}

/// Which worktrees stay when nobody works in them any more. Never does one go that holds anything uncommitted or unmerged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// All, until their work has landed; when the disk runs short, those of merged tasks go, the oldest first.
    #[default]
    Landed,
    /// Those of tasks that have failed.
    Failed,
    /// None: they go as soon as their task is merged, or ends without a change.
    None,
    /// All, also when the disk runs short.
    All,
}

impl Keep {
    /// Whether the worktree of a merged task goes at once.
    pub(super) fn goes_when_merged(self) -> bool {
        match self {
            Self::Failed | Self::None => true,
            Self::Landed | Self::All => false,
        }
    }
}

/// What follows a conflict with work that is merged already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// The task's own agent gets the merge with its markers, and resolves it.
    #[default]
    Agent,
    /// The task is blocked, and waits for a person.
    Block,
}

/// Who plays a task.
#[derive(Clone)]
pub struct Cast {
    /// The program.
    pub runner: Arc<dyn Runner>,
    /// What sort of program it is.
    pub kind: Kind,
    /// The name of the agent that it plays.
    pub agent: String,
    /// The longest that one attempt may take.
    pub timeout: Duration,
    /// What one attempt may use up.
    pub caps: Caps,
    /// Where it works.
    pub isolation: Isolation,
    /// What it shares with other tasks.
    pub needs: Vec<Resource>,
}

impl Settings {
    /// Whether another attempt may follow one that ended so.
    pub(super) fn retries_after(&self, outcome: Outcome) -> bool {
        self.retry_outcomes.as_ref().map_or(outcome.is_transient(), |kinds| kinds.contains(&outcome))
    }
}

impl Cast {
    /// Whether both are the same in everything.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { runner, kind, agent, timeout, caps, isolation, needs } = self;
        Arc::ptr_eq(runner, &other.runner)
            && (kind, agent, timeout) == (&other.kind, &other.agent, &other.timeout)
            && (caps, isolation, needs) == (&other.caps, &other.isolation, &other.needs)
    }

    /// Whether its program can tell what it uses up.
    pub(super) fn is_counted(&self) -> bool {
        self.kind != Kind::Command
    }

    /// Whether success needs a change in git: agent programs say "done" too easily, but whoever configures a command of
    /// their own knows what its exit code means.
    pub(super) fn must_change_something(&self) -> bool {
        self.kind != Kind::Command
    }
}
