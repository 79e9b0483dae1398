//! What is wrong with a document that can be read: ids, and places that should agree and do not.
//! Whether the tasks can be done in some order is no question of the document and not asked here.

mod counters;
mod ids;
mod refs;
mod schema;
mod shape;
mod sources;
#[cfg(test)]
mod tests;
mod unread;

pub(super) use schema::check as against_schema;

use super::Diagnostic;
use super::form::Names;
use super::view::View;
use super::xml::Xml;

/// What keeps the document from being a plan, in the order of the text.
pub(super) fn errors(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    ids::check(xml, names, view)
}

/// Everything wrong with the document, in the order of the text.
pub(super) fn check(xml: Xml<'_>, names: &'static Names, view: &View) -> Vec<Diagnostic> {
    let mut found = errors(xml, names, view);
    found.extend(ids::descriptions(xml, names, view));
    found.extend(shape::check(xml, names, view));
    found.extend(unread::check(xml, names, view));
    found.extend(refs::check(xml, names, view));
    found.extend(sources::check(xml, names, view));
    found.extend(counters::check(xml, names, view));
    found.sort_by_key(|diagnostic| diagnostic.span.start);
    found
}
