//! Edits of a document, each as byte splices: everything that is not edited stays as it is.

mod add_place;
mod add_task;
mod audit;
mod batch;
#[cfg(test)]
mod batch_tests;
mod change;
mod element;
mod entry;
mod escape;
#[cfg(test)]
mod form_tests;
#[cfg(test)]
mod golden_tests;
mod insert;
mod knowledge;
mod layout;
mod lists;
mod measurement;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod random_plan;
mod repair;
#[cfg(test)]
mod repair_tests;
mod task;
#[cfg(test)]
mod tests;
mod transition;
mod words;

pub(super) use add_task::add_task;
pub use batch::Batch;
pub(super) use knowledge::{decision, learning, note, notes};
pub(super) use measurement::measurement;
pub(super) use repair::repair;
pub(super) use transition::{audit, project_status, transition};

use super::form::Names;
use super::view::View;
use super::xml::Xml;
use super::{Genesis, Splice};
use words::Words;

/// The splices of an edit as it is put together.
struct Writer<'a> {
    xml: Xml<'a>,
    names: &'static Names,
    view: &'a View,
    /// The status words of the document, where they were gathered before.
    words: Option<&'a Words>,
    splices: Vec<Splice>,
}

impl<'a> Writer<'a> {
    fn new(xml: Xml<'a>, names: &'static Names, view: &'a View) -> Self {
        Self { xml, names, view, words: None, splices: Vec::new() }
    }

    fn of(genesis: &'a Genesis) -> Self {
        Self::new(genesis.xml(), genesis.form().names(), genesis.view())
    }

    fn splice(&mut self, range: std::ops::Range<usize>, text: impl Into<String>) {
        self.splices.push(Splice { range, text: text.into() });
    }
}
