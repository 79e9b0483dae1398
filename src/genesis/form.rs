//! The forms (dialects) a plan is written in.

/// A dialect of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As the schema has it.
    Canonical,
    /// Canonical, with no `tasks`: tasks are only referred to.
    Bare,
}
