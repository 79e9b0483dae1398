//! Finished work goes into a person's own branch: what has landed there, what would, the branch's step, the checkout that comes along with
//! it, and the person's hooks.
//!
//! The one room that writes a checkout of the user's, and only where nothing uncommitted is in the way. Knows nothing of how the work came
//! about and was merged.

mod advance;
mod carry;
mod hooks;
mod land;
mod landed;
mod shape;

pub use advance::{Advance, Advanced, Resumed};
pub use land::{Landable, Landing, Piece, PlanFate, PlanState};
pub(in crate::git) use landed::with_squashed;
