//! `blueprint.toml`: found beside the plan and at the repository's root, read in full, the nearer one winning key by key.

mod amounts;
mod bring;
mod commands;
mod keys;
mod named;
mod read;

pub use amounts::{Bytes, Jobserver, NeedsLimit};
pub use bring::{BringConfig, CacheVariable};
pub use commands::StepConfig;
pub use keys::{
    AgentConfig, Config, GateConfig, Isolation, Keep, OnConflict, RunnerConfig, Sandbox, Strategy, Timeout,
};
pub(crate) use named::{NameOf, Named, named};
pub(crate) use read::{ConfigError, Loaded, files, load};
