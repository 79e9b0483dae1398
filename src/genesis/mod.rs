//! The document: a plan's XML as bytes, spans and a typed view, and its edits as byte splices.
//!
//! Knows the forms (dialects) a plan is written in, which place of a document holds what, and what
//! is wrong with it, with line and column. Knows nothing of tasks being run, of git, of the file
//! system and of the terminal.
//!
//! ```text
//! bytes ─ scan ─► tree ─ form ─► names ─ view ─► typed view ─ check ─► diagnostics ─ render ─► text
//!                  ▲                               ▲ │
//!                  │                               │ └─ transition ─ write ─► edit ─ splice ─► bytes
//!                  └─────────── patch ─────────────┴──────────────────────────┘
//! ```
//!
//! After an edit only the pieces that it touched are scanned and read again (`patch`); everything else moves (`shift`).
//! An edit replaces byte ranges; nothing is ever written out anew, so what is not edited stays as
//! it is. A task's status is what the last event of its history says whose word is a known status,
//! else the status list it stands in, else the task's own `status`; else it is pending. `form/`
//! holds one table of names for each form; nothing else knows how a form spells. A table says every
//! place in which real files have a thing, the usual one first: all of them are read, and what is
//! new goes where this file has it already, else to the usual place.

mod chars;
mod check;
mod code;
mod counts;
mod diagnostic;
mod document;
mod edit;
mod entry;
mod explain;
mod form;
mod line_index;
mod model;
mod nearest;
mod patch;
mod pieces;
mod render;
mod scan;
mod shift;
mod shown;
mod skipped;
mod standing;
mod status;
mod tree;
mod utf16;
mod view;
mod write;
mod xml;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Invalid};
pub use document::{Genesis, well_formed};
pub use edit::{AuditEntry, Edit, EditError, NewTask, Splice, Transition};
pub use entry::{Decision, Entry, Known, Learning, Measurement, Note};
pub use form::Form;
pub use line_index::{LineIndex, Position};
pub use model::{Details, Edge, Event, Level, Project, Quality, Ref, Task, TaskResult};
pub use nearest::nearest;
pub use render::render;
pub use scan::MAX_BYTES;
pub use skipped::SKIPPED;
pub use standing::Work;
pub use status::{ProjectStatus, Status};
pub use utf16::{Utf16, Utf16Error};
pub use write::Batch;
