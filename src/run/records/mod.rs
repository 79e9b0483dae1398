//! A job a task: machines that share nothing but a git remote work at one plan, each at one task, and a last one folds together what they did.
//!
//! What a job knows of its task lies in the remote as a *record* (`refs/blueprint/<epic>/records/<task>`): its status, whose it is, and the
//! lines of the journal that are about it. A job claims its task there by compare-and-swap, says again and again that it lives, and pushes
//! record, task branch and the refs of its attempts together, all or nothing. Facts go from record to journal each once, so that it does not
//! matter who folds what how often.
//!
//! Knows nothing of how a task is run: a job is a run of one task, with this before, beside and after it.

mod abandoned;
mod course;
mod error;
mod fold;
mod give_way;
mod job;
mod keeper;
mod left_behind;
mod post;
mod record;
mod shelf;
mod take_in;
mod venue;
mod works;
mod written;

pub use error::RecordsError;
pub use give_way::give_way;
pub use job::{Begun, Job};
pub(in crate::run) use left_behind::told;
pub use left_behind::{claims_here, end_left_behind, known_here};
pub use record::{JobClaim, RecordError, TaskRecord};
pub use shelf::{end_dead_claims, live_claims, places};
pub use take_in::TakenIn;
pub use venue::Venue;
pub use written::{Standing, write_down};
