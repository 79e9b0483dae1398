//! The pieces that an element's content is made of.

use std::ops::Range;

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::scan::reference;

/// What a piece of content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Characters as they are.
    Text,
    /// A CDATA section, with its delimiters.
    CData,
    /// An entity or character reference, with `&` and `;`.
    Reference,
    /// A tag, a comment or a processing instruction.
    Markup,
}

/// The pieces of well-formed content, in order, without gaps.
pub(super) fn pieces(content: &str) -> impl Iterator<Item = (Kind, Range<usize>)> + '_ {
    let mut reader = Reader::from_str(content);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut at = 0;
    // The reader passes over a byte order mark without counting it.
    let base = if content.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    std::iter::from_fn(move || {
        let kind = match reader.read_event().ok()? {
            Event::Eof => return None,
            Event::Text(_) => Kind::Text,
            Event::CData(_) => Kind::CData,
            Event::GeneralRef(_) => Kind::Reference,
            Event::Start(_)
            | Event::End(_)
            | Event::Empty(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::Decl(_)
            | Event::DocType(_) => Kind::Markup,
        };
        let start = at;
        at = base + usize::try_from(reader.buffer_position()).ok()?;
        Some((kind, start..at))
    })
}

/// The characters in a CDATA section.
pub(super) fn cdata(piece: &str) -> &str {
    let inside = piece.strip_prefix("<![CDATA[").and_then(|piece| piece.strip_suffix("]]>"));
    inside.unwrap_or_default()
}

/// The character that a reference, with its `&` and `;`, means.
pub(super) fn referred(piece: &str) -> Option<char> {
    let name = piece.strip_prefix('&')?.strip_suffix(';')?;
    reference::resolve(name).ok()
}

/// Adds `raw` to `text` with its references resolved.
pub(super) fn resolve(raw: &str, text: &mut String) {
    let mut parts = raw.split('&');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or(("", part));
        text.extend(reference::resolve(name).ok());
        text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::Kind::{CData, Markup, Reference, Text};
    use super::{cdata, pieces, referred, resolve};

    #[test]
    fn pieces_have_no_gaps() {
        let content = "\u{FEFF}a &lt; <![CDATA[<x>]]><!-- c --><b q='>'>d</b>&#65;<?p i?> e";
        let found: Vec<_> = pieces(content).collect();
        let rejoined: String = found.iter().map(|(_, range)| &content[range.clone()]).collect();
        assert_eq!(rejoined, content);
        let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(
            kinds,
            [Text, Reference, Text, CData, Markup, Markup, Text, Markup, Reference, Markup, Text]
        );
    }

    #[test]
    fn references_and_sections_are_opened() {
        assert_eq!(referred("&#x41;"), Some('A'));
        assert_eq!(cdata("<![CDATA[a]]b]]>"), "a]]b");
        let mut text = String::new();
        resolve("a&lt;b&amp;amp;", &mut text);
        assert_eq!(text, "a<b&amp;");
    }
}
