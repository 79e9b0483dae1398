//! Files on disk: the plan file (lock, load, compare, atomic durable replace), the journal, and the folder of state.
//!
//! Knows nothing of what an edit or a journal record means, nor of git, agents, async or the terminal.

mod disk;
mod error;
mod faults;
mod journal;
mod known_plan;
mod lent;
mod lock;
mod plan_file;
mod read;
mod replace;
mod rewrite;
mod seen;
mod state_dir;

pub use disk::{Disk, use_disk};
pub use error::StoreError;
pub use faults::FaultyDisk;
pub use journal::{Journal, Records, each_record, read_records};
pub use known_plan::{Found, KnownPlan, Restored, is_set_aside};
pub use lent::Lent;
pub use lock::{Lock, RunLock, RunOwner};
pub use plan_file::{CommitError, Committed, LoadError, PlanFile, read_plan, read_settled, see_settled};
pub use read::read_whole;
pub use replace::{is_temp_of, read_json, replace_file, write_json};
pub use rewrite::{rewrite_file, transform_file};
pub use seen::{Saved, Seen};
pub use state_dir::{AttemptDir, StateDir};
