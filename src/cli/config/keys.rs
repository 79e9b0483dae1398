use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;

use super::amounts::{Bytes, Jobserver, Load, NeedsLimit};
use super::bring::{BringConfig, CacheVariable};
use super::commands::StepConfig;
use super::gates::GateConfig;
use super::money::{PriceConfig, TokenCount, Usd};
use super::notify::NotifyConfig;
use crate::agent::{DefinitionMode, Kind, Outcome};
use crate::git;
use crate::run;

/// All keys of a `blueprint.toml`. What a key means is said in `reference`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "one line a key would say its name again")]
pub struct Config {
    pub jobs: Option<NonZeroUsize>,
    pub runner: Option<String>,
    pub retries: Option<u32>,
    pub retry_outcomes: Option<Vec<Outcome>>,
    pub timeout: Option<Timeout>,
    pub kill_grace: Option<Timeout>,
    pub git_timeout: Option<Timeout>,
    pub stall_timeout: Option<Timeout>,
    pub require_definitions: bool,
    pub allow_no_changes: Vec<String>,
    pub branch: Option<String>,
    pub worktree_dir: Option<String>,
    pub base: Option<String>,
    pub agent_dirs: Vec<String>,
    pub env_pass: Vec<String>,
    pub runners: BTreeMap<String, RunnerConfig>,
    pub agents: BTreeMap<String, AgentConfig>,
    pub tasks: BTreeMap<String, AgentConfig>,
    pub limits: BTreeMap<String, NonZeroU32>,
    pub min_free_disk: Option<Bytes>,
    pub max_load: Option<Load>,
    pub jobserver: Option<Jobserver>,
    pub isolation: Option<Isolation>,
    pub sandbox: Option<Sandbox>,
    pub require_sandbox: Option<bool>,
    pub sandbox_write: Vec<String>,
    pub sandbox_read: Vec<String>,
    pub allow_push: bool,
    pub protected_paths: Vec<String>,
    pub context: Vec<String>,
    pub setup: Vec<StepConfig>,
    pub bring: Vec<BringConfig>,
    pub build_cache: Vec<CacheVariable>,
    pub keep: Option<Keep>,
    pub max_worktrees: Option<NonZeroUsize>,
    pub ask_command: Option<StepConfig>,
    pub strategy: Option<Strategy>,
    pub on_conflict: Option<OnConflict>,
    pub verify_integration: Option<StepConfig>,
    pub commit_plan: Option<bool>,
    pub max_cost: Option<Usd>,
    pub max_tokens: Option<TokenCount>,
    pub gate_iterations: Option<u32>,
    pub quality: Option<Quality>,
    pub definition: Option<DefinitionMode>,
    pub price: BTreeMap<String, PriceConfig>,
    pub notify: Option<NotifyConfig>,
    pub gates: Vec<GateConfig>,
}

/// `[runners.NAME]`: a program that plays agents.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "one line a key would say its name again")]
pub struct RunnerConfig {
    pub kind: Option<Kind>,
    pub command: Vec<String>,
    pub args: Vec<String>,
    pub model: Option<String>,
    pub env: BTreeMap<String, String>,
    pub jobs: Option<NonZeroU32>,
}

/// `[agents.NAME]` and `[tasks.ID]`: who plays that agent or does that task, and how.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "one line a key would say its name again")]
pub struct AgentConfig {
    pub runner: Option<String>,
    pub model: Option<String>,
    pub args: Option<Vec<String>>,
    pub timeout: Option<Timeout>,
    pub gates: Option<Vec<String>>,
    pub isolation: Option<Isolation>,
    pub needs_limit: Option<NeedsLimit>,
    pub jobs: Option<NonZeroU32>,
    pub max_cost: Option<Usd>,
    pub max_tokens: Option<TokenCount>,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident),* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "lowercase")]
        #[allow(missing_docs, reason = "the words of the configuration")]
        pub enum $name { $($variant),* }
    )*};
}

words! {
    /// Where an attempt works.
    Isolation { Worktree, Shared, None }
    /// Which worktrees stay when their task is done.
    Keep { Landed, Failed, None, All }
    /// How finished work gets into the integration branch.
    Strategy { Merge, Squash, Rebase }
    /// What follows a merge conflict.
    OnConflict { Agent, Block }
    /// What keeps an agent in its worktree.
    Sandbox { Auto, Landlock, Bwrap, Off }
    /// Named sets of gates, each with more than the one before it.
    Quality { Mvp, Production, Enterprise, Hyperscale }
}

impl Quality {
    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mvp => "mvp",
            Self::Production => "production",
            Self::Enterprise => "enterprise",
            Self::Hyperscale => "hyperscale",
        }
    }
}

impl Strategy {
    /// The same for git.
    pub fn of_git(self) -> git::Strategy {
        match self {
            Self::Merge => git::Strategy::Merge,
            Self::Squash => git::Strategy::Squash,
            Self::Rebase => git::Strategy::Rebase,
        }
    }
}

impl OnConflict {
    /// The same for a run.
    pub fn of_run(self) -> run::OnConflict {
        match self {
            Self::Agent => run::OnConflict::Agent,
            Self::Block => run::OnConflict::Block,
        }
    }
}

/// A span of real time, written like `90s`, `60m` or `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(pub Duration);

impl std::str::FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.parse::<jiff::SignedDuration>().map_err(|_| format!("`{text}` can't be read"));
        let positive =
            parsed.and_then(|span| Duration::try_from(span).map_err(|_| "it is negative".to_owned()));
        match positive {
            Ok(duration) if !duration.is_zero() => Ok(Self(duration)),
            Ok(_) => Err("a time-out of zero would end everything at once".into()),
            Err(why) => Err(format!("not a duration like `90s`, `60m` or `1h 30m`: {why}")),
        }
    }
}

impl<'de> Deserialize<'de> for Timeout {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
