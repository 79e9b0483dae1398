//! Files on disk: the plan file (lock, load, compare, atomic durable replace), the journal, and the folder of state.
//!
//! Knows nothing of what an edit or a journal record means, nor of git, agents, async or the terminal.

mod error;
mod journal;
mod lock;
mod plan_file;
mod replace;
mod state_dir;

pub use error::StoreError;
pub use journal::{Journal, Records, read_records};
pub use lock::{Lock, RunLock, RunOwner};
pub use plan_file::{CommitError, Committed, LoadError, PlanFile, read_plan, read_settled_plan};
pub use replace::{read_json, replace_file, write_json};
pub use state_dir::{AttemptDir, StateDir};
