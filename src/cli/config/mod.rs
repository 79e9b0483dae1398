//! `blueprint.toml`: found beside the plan and at the repository's root, read in full, the nearer one winning key by key.

mod amounts;
mod bring;
mod commands;
mod gates;
mod keys;
mod money;
mod named;
mod notify;
mod read;
mod reference;

pub use amounts::{Bytes, Jobserver, NeedsLimit};
pub use bring::{BringConfig, CacheVariable};
pub use commands::StepConfig;
pub use gates::{GateConfig, GateKind, MetricConfig};
pub use keys::{
    AgentConfig, Config, Isolation, Keep, OnConflict, Quality, RunnerConfig, Sandbox, Strategy, Timeout,
};
pub use money::{PriceConfig, TokenCount, Usd};
pub(crate) use named::{NameOf, Named, named};
pub use notify::{Notice, NotifyConfig, Webhook};
/// Where worktrees go: beside the checkout, because those inside confuse build tools and linters.
pub(crate) const WORKTREE_DIR: &str = "../{repo}.worktrees/{epic}/{task}";

pub(crate) use read::{ConfigError, Loaded, files, load};
pub(crate) use reference::{INTRODUCTION, TABLES};
