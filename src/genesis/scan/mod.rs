//! From text to element arena, and everything that keeps the text from being well-formed XML.
//!
//! Tags and text are cut here, all other tokens by quick-xml, which checks next to nothing; the checks are here. The rules
//! are those of XML 1.0, fifth edition, for a processor that reads no external entities, and
//! narrower in four points: the encoding is UTF-8, an internal DTD subset is refused (it could
//! declare entities), so that only the five predefined entities are known, and elements are nested
//! no deeper than [`MAX_DEPTH`] in no more than [`MAX_BYTES`]. The rules of *Namespaces in XML*
//! (prefixes declared, no two attributes of one expanded name) are not checked, as they are no part
//! of well-formedness: foreign markup is left alone.

mod attributes;
mod content;
mod declaration;
mod doctype;
mod driver;
mod encoding;
#[cfg(test)]
mod oracle_tests;
mod problems;
pub(super) mod reference;
mod tags;
#[cfg(test)]
mod tests;

pub(super) use attributes::{Attribute, Attributes};
pub(super) use driver::{Around, scan, scan_piece};
pub(super) use encoding::decode;

/// How deeply elements may be nested.
pub(super) const MAX_DEPTH: usize = 1_000;
/// How large a document may be, in bytes.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;
