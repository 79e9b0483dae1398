//! Gates: what the work of a task has to pass after its agent has ended and before it is merged. Commands, numbers that commands print,
//! reviews by other agents, and approvals by people.
//!
//! Knows nothing of the schedule: what follows from a gate that did not pass, the dispatcher decides, by [`rounds`].

mod by_hand;
mod choose;
mod command;
mod exact;
mod exactly;
mod findings;
mod gate;
mod gating;
mod pass;
mod ran;
mod review;
mod rounds;
mod target;
mod twice;
mod value;

pub use by_hand::{ByHand, GivenWork, Told, pass_by_hand};
pub use choose::Gates;
pub(super) use gate::reviewer_of;
pub use gate::{Check, CommandGate, Gate, Metric, REVIEW, Reviewer, When};
pub use ran::{GateEnded, Measured};
pub use rounds::Patience;
pub use target::Bounds;

pub(super) use command::{Place, run_command};
pub(super) use gating::Gating;
pub(super) use pass::{Ran, pass};
pub(super) use ran::Approved;
pub(super) use rounds::{Decision, decide};
