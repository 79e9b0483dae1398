//! Text and tree together: names, attributes and text of elements.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr3;

use super::chars::{SPACE, is_space_byte};
use super::pieces::{self, Kind};
use super::scan::{Attribute, Attributes};
use super::tree::{Element, Node, Tree};

/// A document's elements with the text they point into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Xml<'a> {
    pub(super) source: &'a str,
    pub(super) tree: &'a Tree,
}

impl<'a> Xml<'a> {
    /// The root element.
    pub(super) const ROOT: Node = Node(0);

    /// The text between two byte offsets.
    pub(super) fn slice(self, range: Range<usize>) -> &'a str {
        self.source.get(range).unwrap_or_default()
    }

    /// The name of `node`, with its prefix.
    pub(super) fn name(self, node: Node) -> &'a str {
        let Element { start, name_end, .. } = *self.tree.element(node);
        self.slice(start as usize + 1..name_end as usize)
    }

    /// The whole of `node`, tags included.
    pub(super) fn span(self, node: Node) -> Range<usize> {
        let Element { start, end, .. } = *self.tree.element(node);
        start as usize..end as usize
    }

    /// The start tag of `node`, or the whole of an empty-element tag.
    pub(super) fn start_tag(self, node: Node) -> Range<usize> {
        let Element { start, content, .. } = *self.tree.element(node);
        start as usize..content as usize
    }

    /// What stands between the tags of `node`; `None` for an empty-element tag.
    pub(super) fn content(self, node: Node) -> Option<Range<usize>> {
        let Element { content, content_end, end, .. } = *self.tree.element(node);
        (content_end < end).then_some(content as usize..content_end as usize)
    }

    /// The element around `node`; none around the root.
    pub(super) fn parent(self, node: Node) -> Option<Node> {
        (node != Self::ROOT).then(|| Node(self.tree.element(node).parent))
    }

    /// The elements directly inside `node`, foreign ones left out.
    pub(super) fn children(self, node: Node) -> impl Iterator<Item = Node> + 'a {
        self.tree.children(node).filter(move |child| !self.tree.element(*child).foreign)
    }

    /// The elements directly inside `node` of that name.
    pub(super) fn named(self, node: Node, name: &'a str) -> impl Iterator<Item = Node> + 'a {
        self.children(node).filter(move |child| self.is_named(*child, name))
    }

    /// The first element directly inside `node` of that name.
    pub(super) fn child(self, node: Node, name: &str) -> Option<Node> {
        self.children(node).find(|child| self.is_named(*child, name))
    }

    /// Whether `node` has that name. Most names differ in their length already.
    fn is_named(self, node: Node, name: &str) -> bool {
        let Element { start, name_end, .. } = *self.tree.element(node);
        let range = start as usize + 1..name_end as usize;
        range.len() == name.len() && self.source.as_bytes().get(range) == Some(name.as_bytes())
    }

    /// Every element that `path` leads to from `node`, in the order of the text.
    pub(super) fn select(self, node: Node, path: &[&str]) -> Vec<Node> {
        let mut found = Vec::new();
        self.follow(node, path, &mut found);
        found
    }

    /// Paths are as long as the tables of names have them, not as documents are deep.
    fn follow(self, node: Node, path: &[&str], found: &mut Vec<Node>) {
        match path {
            [] => found.push(node),
            [last] => found.extend(self.children(node).filter(|child| self.is_named(*child, last))),
            [next, rest @ ..] => {
                for child in self.children(node).filter(|child| self.is_named(*child, next)) {
                    self.follow(child, rest, found);
                }
            }
        }
    }

    /// The attribute `name` of `node`.
    pub(super) fn attribute(self, node: Node, name: &str) -> Option<Attribute> {
        self.attributes(node).find(|attribute| self.slice(attribute.name.clone()) == name)
    }

    /// Whether `node` has any.
    pub(super) fn has_attributes(self, node: Node) -> bool {
        self.attributes(node).next().is_some()
    }

    /// The value of an attribute.
    pub(super) fn value(self, attribute: &Attribute) -> Cow<'a, str> {
        let raw = self.slice(attribute.value.clone());
        let is_special = |byte: &u8| matches!(byte, b'&' | b'\t' | b'\n' | b'\r');
        if !raw.as_bytes().iter().any(is_special) {
            return Cow::Borrowed(raw);
        }
        let mut value = String::with_capacity(raw.len());
        pieces::resolve(&raw.replace("\r\n", " ").replace(['\t', '\n', '\r'], " "), &mut value);
        Cow::Owned(value)
    }

    /// The text inside `node` and the elements in it: references and CDATA resolved, comments left
    /// out, white space at both ends cut off.
    pub(super) fn text(self, node: Node) -> Cow<'a, str> {
        let raw = self.slice(self.content(node).unwrap_or_default());
        if memchr3(b'&', b'<', b'\r', raw.as_bytes()).is_none() {
            return Cow::Borrowed(trimmed(raw));
        }
        let mut text = String::with_capacity(raw.len());
        for (kind, range) in pieces::pieces(raw) {
            let piece = raw.get(range).unwrap_or_default();
            match kind {
                Kind::Text => push_lines(&mut text, piece),
                Kind::CData => push_lines(&mut text, pieces::cdata(piece)),
                Kind::Reference => text.extend(pieces::referred(piece)),
                Kind::Markup => {}
            }
        }
        Cow::Owned(text.trim_matches(SPACE).to_owned())
    }

    /// The bytes of the text inside `node`, without the white space around it.
    pub(super) fn text_span(self, node: Node) -> Range<usize> {
        let Some(content) = self.content(node) else {
            return self.span(node);
        };
        let raw = self.slice(content.clone());
        let behind = raw.bytes().take_while(|byte| is_space_byte(*byte)).count();
        let span = content.start + behind..content.start + behind + trimmed(raw).len();
        if span.is_empty() { self.span(node) } else { span }
    }

    fn attributes(self, node: Node) -> impl Iterator<Item = Attribute> + 'a {
        let Element { name_end, content, .. } = *self.tree.element(node);
        let tag_end = if self.content(node).is_some() { 1 } else { 2 };
        let range = name_end as usize..(content as usize).saturating_sub(tag_end);
        Attributes::new(self.source, range).map_while(Result::ok)
    }
}

/// `text` without the white space around it.
fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    let start = bytes.iter().take_while(|byte| is_space_byte(**byte)).count();
    let end = bytes.len() - bytes.iter().skip(start).rev().take_while(|byte| is_space_byte(**byte)).count();
    text.get(start..end).unwrap_or_default()
}

/// Line breaks are read as `\n`, however they are written.
fn push_lines(text: &mut String, piece: &str) {
    if piece.contains('\r') {
        text.push_str(&piece.replace("\r\n", "\n").replace('\r', "\n"));
    } else {
        text.push_str(piece);
    }
}
