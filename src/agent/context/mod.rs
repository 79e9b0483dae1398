//! What of a project an agent is told beside its task: documents that it may read, and what earlier tasks have learnt and decided.
//!
//! Knows nothing of where an agent works and of who decides what is offered.

mod documents;
mod heading;
mod knowledge;

pub use documents::{Document, Documents, Offer};
pub(super) use knowledge::ENTRY;
pub use knowledge::{Knowledge, relevant};
